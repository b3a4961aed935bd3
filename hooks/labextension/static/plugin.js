// @ts-check
// The plugin: which notebooks are open, what is heard from the server, and the commands by which people act.

import { askWhichVersion, askWithWhom } from './dialogs.js';
import { OpenDocument } from './document.js';
import { draw } from './marks.js';
import { Panel } from './panel.js';
import { Server } from './server.js';
import { standing, Status } from './status.js';

const ID = 'gitcollab:plugin';
const NEWS = 'https://gitcollab.dev/jupyter/news/v1';
const DEFAULTS = { autoApply: true, draftInterval: 5, shareOutputs: true, viewer: 'auto' };

/** Events after which a notebook of the same collab is looked at again. */
const MOVING = new Set(['delivered', 'saved', 'contested', 'settled', 'closed', 'landed', 'removed', 'forked']);

/**
 * The plugin for JupyterLab and Notebook 7.
 * @param {any} lab the shared modules by name
 */
export function plugin(lab) {
  const { INotebookTracker } = lab['@jupyterlab/notebook'];
  const { ICommandPalette } = lab['@jupyterlab/apputils'];
  const { ILayoutRestorer } = lab['@jupyterlab/application'];
  const { ISettingRegistry } = lab['@jupyterlab/settingregistry'];
  const { IStatusBar } = lab['@jupyterlab/statusbar'];
  return {
    id: ID,
    description: 'Works on shared notebooks without being online in the same second.',
    autoStart: true,
    requires: [INotebookTracker],
    optional: [ICommandPalette, ILayoutRestorer, ISettingRegistry, IStatusBar],
    activate: (app, tracker, palette, restorer, registry, statusBar) => {
      const one = new Plugin(lab, app, tracker);
      one.settle(palette, restorer, registry, statusBar);
    }
  };
}

class Plugin {
  /**
   * @param {any} lab
   * @param {any} app
   * @param {any} tracker
   */
  constructor(lab, app, tracker) {
    this.lab = lab;
    this.app = app;
    this.tracker = tracker;
    this.server = new Server(lab['@jupyterlab/services']);
    this.settings = DEFAULTS;
    /** @type {Map<any, OpenDocument>} by panel */
    this.documents = new Map();
    /** Who changed which cell last: by collab and file, then by cell. @type {Map<string, Map<string, any>>} */
    this.changes = new Map();
    this.others = new Map();
    const { Widget } = lab['@lumino/widgets'];
    this.panel = new Panel(Widget, { server: this.server, settings: () => this.settings, current: () => this.current, settle: (document, item, take) => this.settleItem(document, item, take), run: (command, given) => app.commands.execute(command, given) });
    this.status = new Status(Widget);
  }

  /** @returns {OpenDocument | null} */
  get current() {
    return this.documents.get(this.tracker.currentWidget) ?? null;
  }

  /**
   * @param {any} palette
   * @param {any} restorer
   * @param {any} registry
   * @param {any} statusBar
   */
  settle(palette, restorer, registry, statusBar) {
    const { app, tracker } = this;
    this.command(palette);
    app.shell.add(this.panel.widget, 'right', { rank: 650 });
    restorer?.add(this.panel.widget, 'gitcollab-panel');
    statusBar?.registerStatusItem('gitcollab:status', { item: this.status.widget, align: 'left', rank: 50, isActive: () => true });
    registry?.load(ID).then(loaded => {
      const read = () => {
        this.settings = { ...DEFAULTS, ...loaded.composite };
      };
      read();
      loaded.changed.connect(read);
    }, console.error);
    tracker.forEach(panel => this.add(panel));
    tracker.widgetAdded.connect((_, panel) => this.add(panel));
    tracker.currentChanged.connect(() => this.changed());
    app.serviceManager.events?.stream.connect((_, event) => {
      if (event.schema_id === NEWS) {
        this.hear(event);
      }
    });
    window.addEventListener('pagehide', () => this.documents.forEach(document => document.release()));
    window.addEventListener('focus', () => this.current?.sync());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) {
        this.documents.forEach(one => one.sync());
      }
    });
    this.server.ask('standing').catch(() => {}); // somebody is here: invitations are looked for
    setInterval(() => this.server.ask('standing').catch(() => {}), 120_000);
  }

  /** @param {any} panel */
  add(panel) {
    if (this.documents.has(panel)) {
      return;
    }
    const given = {
      contents: this.app.serviceManager.contents,
      settings: () => this.settings,
      changed: document => this.changed(document)
    };
    this.documents.set(panel, new OpenDocument(panel, this.server, given));
    panel.disposed.connect(() => {
      this.documents.delete(panel);
      this.changed();
    });
    panel.content.activeCellChanged.connect(() => {
      const id = panel.content.activeCell?.model.sharedModel.id;
      if (this.documents.get(panel)?.fresh.delete(id)) {
        this.changed(this.documents.get(panel));
      }
    });
  }

  /**
   * Shows everything as it stands, once for many changes.
   * @param {OpenDocument} [document]
   */
  changed(document) {
    if (document && !document.isDisposed) {
      this.waiting = (this.waiting ?? new Set()).add(document);
    }
    if (this.frame) {
      return;
    }
    this.frame = setTimeout(() => {
      this.frame = 0;
      for (const one of this.waiting ?? []) {
        if (!one.isDisposed && one.state.tracked) {
          draw(one, this.changesOf(one.state.collab, one.state.file), { settle: (item, take) => this.settleItem(one, item, take) });
        }
        this.offer(one);
        one.panel.node.dataset.gitcollab = standing(one, this.othersOf(one)).text;
      }
      this.waiting = new Set();
      this.status.show(this.current, this.othersOf(this.current));
      this.panel.refresh();
      for (const name of ['share', 'publish', 'contested', 'pause', 'apply']) {
        this.app.commands.notifyCommandChanged(`gitcollab:${name}`);
      }
    }, 50);
  }

  /**
   * @param {string} collab
   * @param {string} file
   */
  changesOf(collab, file) {
    const key = `${collab}:${file}`;
    if (!this.changes.has(key)) {
      this.changes.set(key, new Map());
    }
    return /** @type {Map<string, any>} */ (this.changes.get(key));
  }

  /** @param {OpenDocument | null} document */
  othersOf(document) {
    const collab = document?.state.collab;
    if (!collab) {
      return null;
    }
    if (!this.others.has(collab)) {
      this.others.set(collab, null);
      this.server.ask('overview', { path: document.path }).then(
        ({ members, me }) => {
          this.others.set(collab, members.filter(({ user }) => user !== me).map(({ user, display }) => display || user));
          this.changed();
        },
        () => this.others.delete(collab)
      );
    }
    return this.others.get(collab);
  }

  // --- news ----------------------------------------------------------------------------------------------------

  /** @param {any} event */
  hear(event) {
    this.panel.note(event);
    if (event.kind === 'landed') {
      this.remember(event);
    }
    if (event.kind === 'membership' || event.kind === 'joined') {
      this.others.delete(event.collab);
    }
    if (event.kind === 'invited') {
      this.invite(event);
    }
    const isNew = event.kind === 'shared' || event.kind === 'invited' || event.kind === 'ended';
    for (const document of this.documents.values()) {
      const isOurs = document.state.tracked && document.state.collab === event.collab;
      if (isNew) {
        void document.sync({ fresh: true });
      } else if (isOurs && (MOVING.has(event.kind) || (event.kind === 'taken' && document.isLive))) {
        void document.sync();
      } else if (isOurs && event.kind === 'savewanted' && event.path === document.state.file && document.hasOwnWork) {
        void document.save(); // somebody publishes it, and waits a moment
      } else if (event.path === document.path && event.kind === 'refused') {
        this.say('error', `${event.message}. ${event.hint ?? ''}`);
      }
    }
    if (event.kind === 'published') {
      this.say('info', `${event.user} published ${event.notebook} as ${event.version}`);
    }
    if (event.kind === 'asked' && event.question === 'restore' && this.ofMine(event)) {
      this.say('warning', `You saved an older version of ${event.path}. It was not taken for a change; edit it to bring it back.`);
    }
    if (event.kind === 'forked' && this.ofMine(event)) {
      this.say('warning', `Your copy disagreed with your own later saves. It goes on as ${event.fork}; nothing is lost.`);
    }
    this.changed();
  }

  /** @param {any} event */
  ofMine(event) {
    return [...this.documents.values()].some(one => one.state.collab === event.collab && one.state.session === event.session);
  }

  /** @param {any} event */
  remember(event) {
    const mine = [...this.documents.values()].find(one => one.state.collab === event.collab)?.state.me;
    for (const file of event.user === mine ? [] : event.files ?? []) {
      for (const cell of file.cells ?? []) {
        this.changesOf(event.collab, file.path).set(cell.cell, { user: event.user, at: event.at });
      }
    }
  }

  /** @param {any} event */
  invite(event) {
    const { Notification } = this.lab['@jupyterlab/apputils'];
    Notification.info(`${event.alias} was shared with you`, {
      autoClose: false,
      actions: [{ label: 'Open', callback: () => this.app.commands.execute('gitcollab:open', { collab: event.collab }) }]
    });
  }

  /**
   * Offers work that a closed page has left behind.
   * @param {OpenDocument} document
   */
  offer(document) {
    const draft = document.lostDraft;
    if (!draft || document.isDisposed) {
      return;
    }
    document.offered = true;
    const { Notification } = this.lab['@jupyterlab/apputils'];
    const at = new Date(draft.at * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    Notification.warning(`${document.path} has unsaved work of ${at} that was never saved.`, {
      autoClose: false,
      actions: [
        {
          label: 'Recover',
          callback: () =>
            void this.attempt(async () => {
              const { isWhole } = await document.recover();
              this.say(isWhole ? 'success' : 'warning', isWhole ? 'Recovered. Save to keep it.' : 'Recovered in part: the rest has changed since. Save to keep it.');
            })
        },
        { label: 'Discard', callback: () => void this.attempt(() => this.server.ask('forget-draft', { path: document.path })) }
      ]
    });
  }

  /**
   * @param {'info' | 'success' | 'warning' | 'error'} kind
   * @param {string} text
   */
  say(kind, text) {
    this.lab['@jupyterlab/apputils'].Notification[kind](text, { autoClose: kind === 'error' ? false : 5000 });
  }

  /** @param {() => Promise<any>} act */
  async attempt(act) {
    try {
      return await act();
    } catch (why) {
      this.say('error', /** @type {any} */ (why).message);
      return null;
    }
  }

  // --- acts ----------------------------------------------------------------------------------------------------

  /**
   * @param {OpenDocument} document
   * @param {any} item
   * @param {string} take
   */
  settleItem(document, item, take) {
    return this.attempt(async () => {
      await this.server.ask('settle', { path: document.path, item: item.id, take, seen: item.seen });
      await document.sync();
    });
  }

  async share() {
    const document = this.current;
    const asked = document && (await askWithWhom(this.lab, document.path.split('/').pop() ?? ''));
    if (!document || !asked?.users) {
      return;
    }
    await this.attempt(async () => {
      await document.save();
      const made = await this.server.ask('share', { path: document.path, users: asked.users });
      this.others.delete(made.id);
      await document.sync({ fresh: true });
      this.say('success', `Shared as ${made.alias}`);
    });
  }

  async publish() {
    const document = this.current;
    if (!document) {
      return;
    }
    const about = await this.attempt(() => this.server.ask('overview', { path: document.path }));
    const asked = about && (await askWhichVersion(this.lab, document.path.split('/').pop() ?? '', about.versions[0]?.version ?? ''));
    if (!asked) {
      return;
    }
    await this.attempt(async () => {
      if (document.context.model.dirty) {
        await document.save();
      }
      await document.sync();
      const bump = about.versions.length ? asked.bump : '';
      const made = await this.server.ask('publish', { path: document.path, bump, message: asked.message });
      this.say('success', `Published ${made.version}`);
    });
  }

  /** @param {string} collab */
  async open(collab) {
    const found = await this.attempt(() => this.server.ask('open', { collab }));
    if (found) {
      const command = found.is_notebook ? 'docmanager:open' : 'filebrowser:open-path';
      await this.app.commands.execute(command, { path: found.path });
    }
  }

  /** @param {string | null} [cell] */
  show(cell) {
    const document = this.current;
    const item = document?.state.contested?.find(one => !cell || one.cell === cell);
    const widget = item && document?.widget(item.cell);
    if (item && !widget) {
      this.app.commands.execute('gitcollab:panel');
    }
    if (widget && document) {
      const notebook = document.panel.content;
      notebook.activeCellIndex = notebook.widgets.indexOf(widget);
      widget.node.scrollIntoView({ block: 'center' });
      widget.node.querySelector('.gitcollab-mark button')?.focus();
    }
  }

  /** @param {any} palette */
  command(palette) {
    const isTracked = () => Boolean(this.current?.state.tracked);
    const count = () => this.current?.state.contested?.length ?? 0;
    const commands = {
      share: { label: 'Share', caption: 'Share this notebook', isEnabled: () => Boolean(this.current), execute: () => this.share() },
      publish: { label: 'Publish', caption: 'Publish a version of this notebook', isEnabled: isTracked, execute: () => this.publish() },
      contested: {
        label: () => `≠ ${count()} contested`,
        caption: 'Go to what waits for a decision',
        isVisible: () => count() > 0,
        execute: given => this.show(given?.cell)
      },
      pause: {
        label: () => (this.current?.isPaused ? 'Resume for this notebook' : 'Pause for this notebook'),
        isEnabled: isTracked,
        execute: () => this.pause()
      },
      apply: {
        label: 'Apply what has come in',
        isEnabled: () => Boolean(this.current?.incoming),
        execute: () => this.current?.takeIn().then(() => this.changed(this.current ?? undefined))
      },
      panel: { label: 'Show the panel', execute: () => this.app.shell.activateById('gitcollab-panel') },
      open: { label: 'Open a shared notebook', execute: given => this.open(given.collab) }
    };
    for (const [name, command] of Object.entries(commands)) {
      this.app.commands.addCommand(`gitcollab:${name}`, command);
      if (name !== 'open') {
        palette?.addItem({ command: `gitcollab:${name}`, category: 'gitcollab' });
      }
    }
  }

  pause() {
    const document = this.current;
    if (document) {
      document.isPaused = !document.isPaused;
      this.changed(document);
      void document.sync();
    }
  }
}
