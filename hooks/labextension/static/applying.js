// @ts-check
// Applying a patch to an open notebook, cell by cell. What its person has changed is never touched: it is left, the
// notebook keeps the stamp of where it came from, and the next save merges it with what came in.

import { canonical, fingerprint, metadataOf, outputsOf, splice, text, withVolatile } from './cells.js';

/**
 * @typedef {object} Left what was not applied: `busy` (later), `edited` (here, too)
 * @property {string | null} cell
 * @property {'busy' | 'edited'} why
 */

/**
 * @typedef {object} Surface an open notebook
 * @property {any} shared the shared model (YNotebook)
 * @property {(id: string) => boolean} isBusy whether the cell runs, or is being typed into, just now
 * @property {(id: string) => void} distrust lets the cell's outputs render as another person's
 */

/**
 * Applies all of a patch that is not in the way of work going on here, in one step that undo does not see.
 *
 * @param {Surface} surface
 * @param {any} patch
 * @param {boolean} [undoable] whether its person may undo it
 * @returns {{left: Left[], applied: string[]}}
 */
export function apply(surface, patch, undoable = false) {
  const work = new Applying(surface, patch);
  surface.shared.transact(() => work.run(), undoable);
  return { left: work.left, applied: [...work.applied] };
}

class Applying {
  /**
   * @param {Surface} surface
   * @param {any} patch
   */
  constructor(surface, patch) {
    this.surface = surface;
    this.shared = surface.shared;
    this.patch = patch;
    /** @type {Left[]} */
    this.left = [];
    /** @type {Set<string>} */
    this.applied = new Set();
    /** The cells as they stand, by id: within a transaction the model's own list stays as it was. @type {string[]} */
    this.ids = this.shared.cells.map(cell => cell.id);
    this.cells = new Map(this.shared.cells.map(cell => [cell.id, cell]));
  }

  run() {
    const order = [...this.ids];
    for (const [id, { before, after }] of Object.entries(this.patch.cells)) {
      if (before && after) {
        this.change(id, before, after);
      }
    }
    this.insert();
    this.remove();
    this.arrange(order);
    this.describe();
  }

  /**
   * @param {number} at
   * @param {any} cell
   */
  put(at, cell) {
    this.shared.insertCell(at, cell);
    this.ids.splice(at, 0, cell.id);
    this.note(cell.id, cell);
  }

  /** @param {string} id */
  drop(id) {
    const at = this.ids.indexOf(id);
    this.shared.deleteCell(at);
    this.ids.splice(at, 1);
    this.cells.delete(id);
    return at;
  }

  /**
   * @param {string | null} cell
   * @param {'busy' | 'edited'} why
   */
  leave(cell, why) {
    this.left.push({ cell, why });
  }

  /**
   * Makes `after` of a cell, field by field, where it still says what it said before.
   * @param {string} id
   * @param {any} before
   * @param {any} after
   */
  change(id, before, after) {
    const cell = this.cells.get(id);
    if (!cell) {
      this.leave(id, 'edited'); // removed here: its person's save says so
      return;
    }
    if (cell.cell_type !== after.cell_type) {
      this.replace(cell, before, after);
      return;
    }
    this.source(id, cell, text(before.source), text(after.source));
    this.metadata(id, cell, before.metadata, after.metadata);
    if (cell.cell_type === 'code') {
      this.outputs(id, cell, before, after);
    }
    if (cell.setAttachments && canonical(cell.getAttachments?.() ?? {}) === canonical(before.attachments ?? {})) {
      if (canonical(before.attachments ?? {}) !== canonical(after.attachments ?? {})) {
        cell.setAttachments(after.attachments ?? {});
      }
    }
  }

  /**
   * @param {any} cell
   * @param {any} before
   * @param {any} after
   */
  replace(cell, before, after) {
    if (fingerprint(cell.toJSON()) !== fingerprint(before)) {
      this.leave(cell.id, 'edited');
    } else if (this.surface.isBusy(cell.id)) {
      this.leave(cell.id, 'busy');
    } else {
      this.put(this.drop(cell.id), foreign(after));
    }
  }

  /**
   * @param {string} id
   * @param {any} cell
   * @param {string} before
   * @param {string} after
   */
  source(id, cell, before, after) {
    const here = cell.getSource();
    if (before === after || here === after) {
      return;
    }
    if (here !== before) {
      this.leave(id, 'edited');
    } else if (this.surface.isBusy(id)) {
      this.leave(id, 'busy');
    } else {
      cell.updateSource(...splice(here, after));
      this.applied.add(id);
    }
  }

  /**
   * @param {string} id
   * @param {any} cell
   * @param {any} before
   * @param {any} after
   */
  metadata(id, cell, before, after) {
    const here = cell.getMetadata();
    if (metadataOf(before) === metadataOf(after) || metadataOf(here) === metadataOf(after)) {
      return;
    }
    if (metadataOf(here) !== metadataOf(before)) {
      this.leave(id, 'edited');
    } else {
      cell.setMetadata(withVolatile(after, here));
      this.applied.add(id);
    }
  }

  /**
   * Outputs that were made here meanwhile stay: they are newer.
   * @param {string} id
   * @param {any} cell
   * @param {any} before
   * @param {any} after
   */
  outputs(id, cell, before, after) {
    const here = outputsOf(cell.getOutputs());
    if (outputsOf(before.outputs) === outputsOf(after.outputs) || here === outputsOf(after.outputs)) {
      return;
    }
    if (this.surface.isBusy(id)) {
      this.leave(id, 'busy');
    } else if (here === outputsOf(before.outputs)) {
      this.surface.distrust(id);
      cell.setOutputs(after.outputs);
      cell.execution_count = after.execution_count ?? null;
      this.applied.add(id);
    }
  }

  /** Inserts what is new, each cell after the one that it follows there. */
  insert() {
    const there = this.patch.after;
    for (const [at, id] of there.entries()) {
      const { before, after } = this.patch.cells[id] ?? {};
      const here = this.ids;
      if (before || !after || here.includes(id)) {
        continue;
      }
      const above = there.slice(0, at).reverse().find(other => here.includes(other));
      const below = there.slice(at + 1).find(other => here.includes(other));
      this.put(above ? here.indexOf(above) + 1 : below ? here.indexOf(below) : here.length, foreign(after));
    }
  }

  /**
   * @param {string} id
   * @param {any} cell
   */
  note(id, cell) {
    this.applied.add(id);
    if (cell.cell_type === 'code' && cell.outputs?.length) {
      this.surface.distrust(id);
    }
  }

  /** Removes what was removed there and says here what it said before. */
  remove() {
    for (const [id, { before, after }] of Object.entries(this.patch.cells)) {
      const cell = this.cells.get(id);
      if (!before || after || !cell) {
        continue;
      }
      if (fingerprint(cell.toJSON()) !== fingerprint(before)) {
        this.leave(id, 'edited');
      } else if (this.surface.isBusy(id)) {
        this.leave(id, 'busy');
      } else {
        this.drop(id);
      }
    }
  }

  /**
   * Moves cells as they were moved there, unless they were moved here, too.
   * @param {string[]} asItWas the order before anything was applied
   */
  arrange(asItWas) {
    const both = this.patch.before.filter(id => this.patch.after.includes(id));
    const there = this.patch.after.filter(id => both.includes(id));
    if (canonical(both) === canonical(there)) {
      return;
    }
    const here = asItWas.filter(id => both.includes(id));
    const now = this.ids;
    const wanted = this.patch.after.filter(id => now.includes(id));
    if (canonical(here) === canonical(there.filter(id => here.includes(id)))) {
      return;
    }
    if (canonical(here) !== canonical(both.filter(id => here.includes(id)))) {
      this.leave(null, 'edited');
    } else if (now.some(id => this.surface.isBusy(id))) {
      this.leave(null, 'busy');
    } else {
      this.move(wanted);
    }
  }

  /** @param {string[]} wanted the order of the cells that both sides have; others keep their places */
  move(wanted) {
    const places = this.ids.flatMap((id, at) => (wanted.includes(id) ? [at] : []));
    for (const [at, id] of wanted.entries()) {
      if (this.ids[places[at]] !== id) {
        const cell = this.cells.get(id)?.toJSON() ?? this.patch.cells[id].after;
        this.drop(id);
        this.put(places[at], cell);
      }
    }
  }

  /** The notebook's own metadata, key by key. */
  describe() {
    for (const [key, { before, after }] of Object.entries(this.patch.metadata)) {
      const here = this.shared.getMetadata(key) ?? null;
      if (canonical(here) === canonical(before)) {
        if (after === null) {
          this.shared.deleteMetadata(key);
        } else {
          this.shared.setMetadata(key, after);
        }
      } else if (canonical(here) !== canonical(after) && key !== 'kernelspec') {
        this.leave(null, 'edited');
      }
    }
  }
}

/**
 * A cell of somebody else's, which does not say itself that it is to be trusted.
 * @param {any} cell
 */
function foreign(cell) {
  return { ...cell, metadata: withVolatile(cell.metadata, {}) };
}
