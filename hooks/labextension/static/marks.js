// @ts-check
// Marks on cells: who changed one last, what waits, and what is contested, with the decision in place.

import { text } from './cells.js';

/**
 * An element with text and attributes; everything foreign goes through here as text.
 * @param {string} tag
 * @param {Record<string, any>} [given]
 * @param {(Node | string)[]} children
 */
export function element(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  const { on = {}, data = {}, ...rest } = given;
  Object.assign(made, rest);
  Object.assign(made.dataset, data);
  for (const [kind, listener] of Object.entries(on)) {
    made.addEventListener(kind, listener);
  }
  made.append(...children);
  return made;
}

/**
 * @param {string} label
 * @param {() => void} act
 * @param {string} [title]
 */
export function button(label, act, title = '') {
  return element('button', {
    type: 'button',
    className: 'gitcollab-button jp-mod-styled',
    textContent: label,
    title,
    on: {
      click: event => {
        event.stopPropagation();
        act();
      },
      mousedown: event => event.stopPropagation(),
      keydown: event => event.stopPropagation()
    }
  });
}

/**
 * Draws the marks of a notebook's cells; called whenever anything may have changed.
 * @param {import('./document.js').OpenDocument} document
 * @param {Map<string, {user: string, at: string}>} changes who changed which cell last, of the others
 * @param {{settle: (item: any, take: string) => void}} acts
 */
export function draw(document, changes, acts) {
  const items = new Map((document.state.contested ?? []).filter(item => item.cell).map(item => [item.cell, item]));
  const waiting = new Set(document.left.map(({ cell }) => cell));
  for (const widget of document.panel.content.widgets) {
    const id = widget.model.sharedModel.id ?? widget.model.id;
    const item = items.get(id);
    const wanted = item
      ? contested(document, item, acts)
      : waiting.has(id)
        ? plain('incoming', '↓', `${who(changes.get(id))} changed this cell, too. It comes in when you stop typing, or is merged when you save.`)
        : document.fresh.has(id)
          ? plain('changed', '●', `${who(changes.get(id))} changed this cell`)
          : null;
    place(widget.node, wanted);
  }
}

/** @param {{user: string} | undefined} change */
function who(change) {
  return change?.user ?? 'Somebody';
}

/**
 * Puts a mark below a cell, or takes the old one away; one that says the same stays, with its focus.
 * @param {HTMLElement} node
 * @param {HTMLElement | null} wanted
 */
function place(node, wanted) {
  const old = node.querySelector(':scope > .gitcollab-mark');
  if (old && wanted && old.getAttribute('data-says') === wanted.dataset.says) {
    return;
  }
  old?.remove();
  if (wanted) {
    node.append(wanted);
  }
}

/**
 * @param {string} kind
 * @param {string} sign
 * @param {string} says
 */
function plain(kind, sign, says) {
  return element(
    'div',
    { className: `gitcollab-mark gitcollab-mark-${kind}`, data: { says } },
    element('span', { className: 'gitcollab-sign', ariaHidden: 'true', textContent: sign }),
    element('span', { textContent: says })
  );
}

/**
 * @param {import('./document.js').OpenDocument} document
 * @param {any} item
 * @param {{settle: (item: any, take: string) => void}} acts
 */
function contested(document, item, acts) {
  const isMine = item.user === document.state.me;
  const [mine, theirs] = isMine ? ['session', 'shared'] : ['shared', 'session'];
  const name = isMine ? 'the others' : item.user;
  const details = element(
    'details',
    {},
    element('summary', { textContent: 'See both' }),
    element('div', { className: 'gitcollab-sides' }, side('Mine', item[mine]), side(`Of ${name}`, item[theirs]))
  );
  const mark = element(
    'div',
    { className: 'gitcollab-mark gitcollab-mark-contested', role: 'group', data: { says: `${item.id} ${item.seen ?? ''}` } },
    element('span', { className: 'gitcollab-sign', ariaHidden: 'true', textContent: '≠' }),
    element('span', { textContent: `You and ${name} changed this cell. Which shall it be?` }),
    button('Take mine', () => acts.settle(item, mine)),
    button('Take theirs', () => acts.settle(item, theirs)),
    ...(item.field === 'source' ? [button('Take both', () => acts.settle(item, 'both'))] : []),
    details
  );
  mark.setAttribute('aria-label', 'Contested cell');
  return mark;
}

/**
 * @param {string} title
 * @param {any} value
 */
function side(title, value) {
  const says = value === null || value === undefined ? '(removed)' : typeof value === 'string' ? value : text(value.source) ?? JSON.stringify(value, null, 1);
  return element('div', {}, element('strong', { textContent: title }), element('pre', { textContent: says }));
}
