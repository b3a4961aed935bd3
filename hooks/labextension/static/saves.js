// @ts-check
// Saves of an open file: made one after the other, the person's and ours.

/** @type {WeakSet<any>} */
const ordered = new WeakSet();

/**
 * Lets each save of a context wait for the one before it.
 *
 * Of two at once Jupyter takes the first for a change from outside, and asks about it: a person who saves just while we
 * save what has come in. Does nothing the second time, for another view of the same file.
 * @param {any} context
 */
export function inOrder(context) {
  if (ordered.has(context)) {
    return;
  }
  ordered.add(context);
  const save = context.save.bind(context);
  let last = Promise.resolve();
  context.save = () => {
    const made = last.then(() => save());
    last = made.catch(() => {}); // whoever saved is told
    return made;
  };
}
