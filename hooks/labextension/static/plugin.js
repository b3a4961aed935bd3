// @ts-check
// The plugin: which notebooks are open, and how they stand, on the screen.

import { Commands } from './commands.js';
import { OpenDocument } from './document.js';
import { draw } from './marks.js';
import { News } from './news.js';
import { Panel } from './panel.js';
import { Server } from './server.js';
import { standing, Status } from './status.js';

const ID = 'gitcollab:plugin';
const KIND = 'https://gitcollab.dev/jupyter/news/v1';
const DEFAULTS = { autoApply: true, draftInterval: 5, shareOutputs: true, viewer: 'auto' };

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

export class Plugin {
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
    this.news = new News(this);
    this.commands = new Commands(this);
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
    this.commands.add(palette);
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
      if (event.schema_id === KIND) {
        this.news.hear(event);
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

  // --- what people are told ---------------------------------------------------------------------------------------

  /**
   * Offers work that a closed page has left behind.
   * @param {OpenDocument} document
   */
  offer(document) {
    const draft = document.drafts.lost;
    if (!draft || document.isDisposed) {
      return;
    }
    document.drafts.isOffered = true;
    const { Notification } = this.lab['@jupyterlab/apputils'];
    const at = new Date(draft.at * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    Notification.warning(`${document.path} has unsaved work of ${at} that was never saved.`, {
      autoClose: false,
      actions: [
        {
          label: 'Recover',
          callback: () =>
            void this.attempt(async () => {
              const { isWhole } = await document.drafts.recover();
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
}
