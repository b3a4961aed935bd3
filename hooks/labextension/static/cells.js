// @ts-check
// Cells as plain values: joined texts, and what of a cell lasts. The same rules as the server extension's patches.

/** @typedef {Record<string, any>} Cell */

const VOLATILE = new Set(['collapsed', 'execution', 'scrolled', 'trusted', 'ExecuteTime']);
const OWN = new Set(['gitcollab', 'language_info', 'widgets', 'kernelspec']);

/** @param {any} value a text, or a list of lines */
export function text(value) {
  return Array.isArray(value) ? value.join('') : value;
}

/**
 * JSON with sorted keys, so that equal values are equal strings.
 * @param {any} value
 * @returns {string}
 */
export function canonical(value) {
  return JSON.stringify(value, (_, one) =>
    one && typeof one === 'object' && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one
  );
}

/**
 * What an output says, without when it was made.
 * @param {any} output
 */
function lastingOutput(output) {
  const { execution_count: _, ...made } = output;
  if ('text' in made) {
    made.text = text(made.text);
  }
  if (made.data) {
    made.data = Object.fromEntries(
      Object.entries(made.data).map(([kind, value]) => [kind, kind.endsWith('json') ? value : text(value)])
    );
  }
  return made;
}

/** @param {any[] | undefined} outputs */
export function outputsOf(outputs) {
  return canonical((outputs ?? []).map(lastingOutput));
}

/** @param {any} metadata */
export function metadataOf(metadata) {
  return canonical(Object.fromEntries(Object.entries(metadata ?? {}).filter(([key]) => !VOLATILE.has(key))));
}

/**
 * The new metadata, with the volatile fields as they are here.
 * @param {any} after
 * @param {any} here
 */
export function withVolatile(after, here) {
  const kept = Object.entries(here ?? {}).filter(([key]) => VOLATILE.has(key));
  const made = Object.entries(after ?? {}).filter(([key]) => !VOLATILE.has(key));
  return Object.fromEntries([...made, ...kept]);
}

/**
 * All of a cell that lasts, as one string.
 * @param {Cell} cell
 */
export function fingerprint(cell) {
  return canonical([
    cell.cell_type,
    text(cell.source),
    metadataOf(cell.metadata),
    outputsOf(cell.outputs),
    cell.attachments ?? null
  ]);
}

/**
 * A notebook as a map from its cells to their fingerprints; two notebooks that say the same are equal here.
 * @param {any} shared the shared model
 * @returns {string}
 */
export function contentOf(shared) {
  const metadata = Object.entries(shared.getMetadata()).filter(([key]) => !OWN.has(key));
  return canonical([Object.fromEntries(metadata), shared.cells.map(cell => [cell.id, fingerprint(cell.toJSON())])]);
}

/**
 * The same for a notebook whose outputs are too large to be looked at: that a cell has run shows by its count.
 * @param {any} shared the shared model
 * @returns {string}
 */
export function sketchOf(shared) {
  const metadata = Object.entries(shared.getMetadata()).filter(([key]) => !OWN.has(key));
  const cells = shared.cells.map(cell => [
    cell.id,
    cell.cell_type,
    cell.getSource(),
    metadataOf(cell.getMetadata()),
    cell.ymodel?.get('outputs')?.length ?? 0,
    cell.execution_count ?? 0
  ]);
  return canonical([Object.fromEntries(metadata), cells]);
}

/**
 * The smallest replacement that makes `after` of `before`: from, to (exclusive), and what comes there.
 * @param {string} before
 * @param {string} after
 * @returns {[number, number, string]}
 */
export function splice(before, after) {
  let start = 0;
  const least = Math.min(before.length, after.length);
  while (start < least && before[start] === after[start]) {
    start++;
  }
  if (start && /[\uD800-\uDBFF]/.test(before[start - 1])) {
    start--; // a pair of surrogates is one character
  }
  let end = 0;
  while (end < least - start && before[before.length - 1 - end] === after[after.length - 1 - end]) {
    end++;
  }
  if (end && /[\uDC00-\uDFFF]/.test(before[before.length - end])) {
    end--;
  }
  return [start, before.length - end, after.slice(start, after.length - end)];
}
