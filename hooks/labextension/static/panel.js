// @ts-check
// The panel at the right: people, what has come in, what is contested, what happens now, history and versions.

import { button, element } from './marks.js';

/** Lines of activity that are kept. */
const ACTIVITY = 50;

/** @param {string} at a time in UTC */
export function clock(at) {
  const time = new Date(at);
  const isToday = new Date().toDateString() === time.toDateString();
  return isToday
    ? time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
    : time.toLocaleDateString([], { day: 'numeric', month: 'short' });
}

/** One colour for each person, the same everywhere. @param {string} name */
function colour(name) {
  let sum = 0;
  for (const letter of name) {
    sum = (sum * 31 + letter.charCodeAt(0)) % 360;
  }
  return `hsl(${sum} 55% 31%)`; // white on it can be read, whichever hue it is
}

/** @param {{user: string, display?: string}} person */
function avatar(person) {
  const made = element('span', {
    className: 'gitcollab-avatar',
    ariaHidden: 'true',
    textContent: (person.display || person.user)[0].toUpperCase()
  });
  made.style.backgroundColor = colour(person.user);
  return made;
}

/**
 * What an event says in a line; nothing for what only programs need to know.
 * @param {any} event
 */
export function told(event) {
  const files = (event.files ?? []).map(file => file.path).join(', ');
  const found = (event.files ?? []).flatMap(file => file.cells ?? []).filter(cell => cell.kind !== 'metadata');
  const cells = [...new Map(found.map(cell => [cell.cell, cell])).values()];
  const first = cells.map(cell => (cell.after || cell.before || '').split('\n')[0].trim()).find(Boolean);
  const what = `${cells.length === 1 ? 'a cell' : cells.length ? `${cells.length} cells` : files}${first ? `: ${first}` : ''}`;
  const says = {
    drafted: `is writing ${what}`,
    landed: `changed ${what}`,
    contested: 'disagrees about a cell',
    settled: 'settled a contested cell',
    published: `published ${event.version}`,
    joined: 'joined',
    left: 'left',
    asked: event.question === 'restore' ? `saved an older version of ${event.path}: restore it?` : '',
    forked: `goes on beside, as ${event.fork}`,
    skipped: `${event.path} was not taken in: ${event.reason}`
  };
  return says[event.kind] ?? '';
}

export class Panel {
  /**
   * @param {any} Widget
   * @param {{server: import('./server.js').Server, current: () => import('./document.js').OpenDocument | null,
   *          settle: (document: import('./document.js').OpenDocument, item: any, take: string) => any,
   *          run: (command: string, given?: any) => any, settings: () => any}} given
   */
  constructor(Widget, given) {
    this.given = given;
    this.widget = new Widget();
    this.widget.id = 'gitcollab-panel';
    this.widget.title.caption = 'gitcollab';
    this.widget.title.label = 'gitcollab';
    this.widget.addClass('gitcollab-panel');
    this.widget.node.setAttribute('role', 'complementary');
    this.widget.node.setAttribute('aria-label', 'gitcollab');
    /** @type {any[]} */
    this.activity = [];
    this.timer = 0;
    this.overview = null;
    this.draw();
  }

  /** @param {any} event */
  note(event) {
    if (told(event)) {
      this.activity = [event, ...this.activity].slice(0, ACTIVITY);
    }
  }

  /** Asks anew, soon; many reasons at a time are one. */
  refresh() {
    this.draw();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.load(), 400);
  }

  async load() {
    const document = this.given.current();
    if (!this.widget.isVisible) {
      return;
    }
    try {
      this.standing = await this.given.server.ask('standing');
      this.overview = document?.state.tracked ? await this.given.server.ask('overview', { path: document.path }) : null;
      this.trouble = '';
    } catch (why) {
      this.trouble = /** @type {any} */ (why).message;
    }
    this.draw();
  }

  draw() {
    const document = this.given.current();
    const parts = document?.state.tracked ? this.tracked(document) : this.untracked(document);
    if (this.trouble) {
      parts.unshift(element('p', { className: 'gitcollab-trouble', role: 'status', textContent: this.trouble }));
    }
    const opened = new Set([...this.widget.node.querySelectorAll('details[open]')].map(one => one.id));
    this.widget.node.replaceChildren(...parts);
    for (const id of opened) {
      const found = this.widget.node.querySelector(`details#${CSS.escape(id)}`);
      if (found) {
        found.open = true;
      }
    }
  }

  /** @param {any} document */
  untracked(document) {
    const parts = [element('h2', { textContent: 'gitcollab' })];
    if (document) {
      parts.push(
        element('p', { textContent: 'This notebook is not shared. Share it, and everybody you name edits their own copy; saves meet cell by cell.' }),
        button('Share…', () => this.given.run('gitcollab:share'))
      );
    } else {
      parts.push(element('p', { textContent: 'Open a notebook to share it, or one that was shared with you.' }));
    }
    return [...parts, ...this.shared()];
  }

  shared() {
    const others = (this.standing?.collabs ?? []).filter(one => one.role !== 'owner');
    if (!others.length) {
      return [];
    }
    const rows = others.map(one =>
      element('li', {}, element('span', { textContent: one.alias }), button('Open', () => this.given.run('gitcollab:open', { collab: one.id })))
    );
    return [section('Shared with you', element('ul', {}, ...rows))];
  }

  /** @param {import('./document.js').OpenDocument} document */
  tracked(document) {
    const { state } = document;
    const pages = this.given.server.pages(state.url, this.given.settings().viewer);
    const page = element('a', {
      href: `${pages}/c/${state.collab}/n/${state.file.split('/').map(encodeURIComponent).join('/')}`,
      target: '_blank',
      rel: 'noopener',
      textContent: 'Open in the browser'
    });
    return [
      element('h2', { textContent: state.title }),
      element('p', { className: 'gitcollab-quiet' }, state.alias, ' · ', page),
      this.tools(document),
      this.people(),
      ...this.incoming(document),
      ...this.contested(document),
      section('Now', list(this.activity.filter(event => event.collab === state.collab).map(line), 'Nothing yet: what the others do shows here as they do it.')),
      this.history(),
      this.versions()
    ];
  }

  /** @param {import('./document.js').OpenDocument} document */
  tools(document) {
    return element(
      'div',
      { className: 'gitcollab-tools' },
      button('Share…', () => this.given.run('gitcollab:share')),
      button('Publish…', () => this.given.run('gitcollab:publish')),
      button(document.isPaused ? 'Resume' : 'Pause', () => this.given.run('gitcollab:pause'), 'Neither take in nor send drafts for this notebook')
    );
  }

  people() {
    const open = new Set((this.overview?.sessions ?? []).filter(one => one.is_open).map(one => one.user));
    const rows = (this.overview?.members ?? []).map(person =>
      element(
        'li',
        {},
        avatar(person),
        element('span', { textContent: person.display || person.user }),
        element('span', { className: 'gitcollab-quiet', textContent: `${person.role}${open.has(person.user) ? '' : ', no session'}` })
      )
    );
    return section('People', list(rows, 'Nobody yet.'));
  }

  /** @param {import('./document.js').OpenDocument} document */
  incoming(document) {
    if (!document.incoming) {
      return [];
    }
    const count = Object.keys(document.incoming.patch.cells).length;
    const waits = document.left.length ? `${document.left.length} of them ${document.left.length === 1 ? 'waits' : 'wait'}: you are changing the same cells.` : '';
    const says = `${count} ${count === 1 ? 'cell' : 'cells'} changed by others. ${waits}`;
    return [section('Incoming', element('p', { textContent: says }), button('Apply now', () => this.given.run('gitcollab:apply')))];
  }

  /** @param {import('./document.js').OpenDocument} document */
  contested(document) {
    const items = document.state.contested ?? [];
    if (!items.length) {
      return [];
    }
    const rows = items.map(item =>
      element(
        'li',
        {},
        element('span', { className: 'gitcollab-sign', ariaHidden: 'true', textContent: '≠' }),
        element('span', { textContent: `${item.user}, ${item.field === 'source' ? 'a cell' : item.field}` }),
        ...(item.cell ? [button('Show', () => this.given.run('gitcollab:contested', { cell: item.cell }))] : sides(document, item, take => this.given.settle(document, item, take)))
      )
    );
    return [section('Contested', element('ul', {}, ...rows))];
  }

  history() {
    const rows = (this.overview?.log ?? []).map(entry =>
      element(
        'li',
        { title: entry.commit },
        element('time', { dateTime: entry.at, textContent: clock(entry.at) }),
        element('span', { textContent: `${[entry.user, ...(entry.others ?? [])].join(', ')} · ${entry.message.split('\n')[0]}` })
      )
    );
    return folded('gitcollab-history', 'History', list(rows, 'Nothing has been saved yet.'));
  }

  versions() {
    const rows = (this.overview?.versions ?? []).map(version =>
      element(
        'li',
        { title: version.commit },
        element('strong', { textContent: version.version }),
        element('span', { textContent: `${version.by} ${version.at ? clock(version.at) : ''} ${version.message}` })
      )
    );
    return folded('gitcollab-versions', 'Versions', list(rows, 'None yet: publish makes the first, 1.0.0.'));
  }
}

/** @param {any} event */
function line(event) {
  return element(
    'li',
    {},
    avatar(event),
    element('span', { textContent: `${event.user} ${told(event)}` }),
    element('time', { className: 'gitcollab-quiet', dateTime: event.at, title: event.at, textContent: event.at ? clock(event.at) : '' })
  );
}

/**
 * @param {HTMLElement[]} rows
 * @param {string} empty
 */
function list(rows, empty) {
  return rows.length ? element('ul', {}, ...rows) : element('p', { className: 'gitcollab-quiet', textContent: empty });
}

/**
 * @param {string} title
 * @param {HTMLElement[]} parts
 */
function section(title, ...parts) {
  return element('section', {}, element('h3', { textContent: title }), ...parts);
}

/**
 * @param {string} id
 * @param {string} title
 * @param {HTMLElement[]} parts
 */
function folded(id, title, ...parts) {
  return element('details', { id, open: false }, element('summary', { textContent: title }), ...parts);
}

/**
 * The decision on what is no cell's: the file as a whole, its order, its metadata.
 * @param {import('./document.js').OpenDocument} document
 * @param {any} item
 * @param {(take: string) => void} settle
 */
function sides(document, item, settle) {
  const [mine, theirs] = item.user === document.state.me ? ['session', 'shared'] : ['shared', 'session'];
  return [button('Take mine', () => settle(mine)), button('Take theirs', () => settle(theirs))];
}
