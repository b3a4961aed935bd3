// @ts-check
// One open notebook: what is saved goes out, what comes in is applied, and the file is held while it is open.

import { apply } from './applying.js';
import { contentOf } from './cells.js';

/** Milliseconds: between two questions without a reason, after a failure, and until something busy is tried again. */
const ROUND = 25_000;
const AWAY = 4_000;
const BUSY = 1_500;
/** Milliseconds without a key after which a cell that has the cursor counts as left alone. */
const QUIET = 2_500;
/** Milliseconds after a change until it is looked whether the notebook says anything new. */
const LOOK = 300;
/** Milliseconds that looking at all cells may take; a notebook for which it takes longer is looked at no more. */
const SLOW = 200;
/** Characters of a notebook above which no drafts are sent. */
const LARGEST_DRAFT = 20_000_000;

/**
 * @typedef {object} Settings
 * @property {boolean} autoApply
 * @property {number} draftInterval seconds; 0: no drafts
 * @property {boolean} shareOutputs
 */

export class OpenDocument {
  /**
   * @param {any} panel the notebook panel
   * @param {import('./server.js').Server} server
   * @param {{contents: any, settings: () => Settings, changed: (document: OpenDocument) => void}} given
   */
  constructor(panel, server, given) {
    this.panel = panel;
    this.context = panel.context;
    this.server = server;
    this.given = given;
    this.tab = crypto.randomUUID?.() ?? `${Math.random()}${Date.now()}`;
    this.path = this.context.path;
    /** What the server extension said last. @type {any} */
    this.state = { tracked: false };
    /** The commit that the model comes from; empty while that is not known. */
    this.version = '';
    /** The sha256 of the file that the model was loaded from or saved to, until the server has taken it. */
    this.untaken = '';
    /** When the last save was acknowledged. @type {Date | null} */
    this.savedAt = null;
    /** @type {any} what has come in and is not applied */
    this.incoming = null;
    /** @type {import('./applying.js').Left[]} */
    this.left = [];
    /** Ids of cells that a patch has changed since this person looked at them. @type {Set<string>} */
    this.fresh = new Set();
    this.isPaused = false;
    this.isLarge = false;
    this.isAway = false;
    this.trouble = '';
    this.isDisposed = false;
    this.isSaving = false;
    this.content = '';
    this.lastKey = 0;
    this.isAsking = false;
    this.isAskedAgain = false;
    /** Whether there is work that is not saved; a notebook merely opened has none, though Jupyter calls it dirty. */
    this.isEdited = false;
    this.timers = { round: 0, draft: 0, look: 0 };
    this.listen();
    void this.begin();
  }

  // --- life ---------------------------------------------------------------------------------------------------

  listen() {
    const { context, panel } = this;
    const slots = {
      save: (_, state) => this.onSave(state),
      content: () => this.onContent(),
      path: () => this.onPath(),
      file: (_, model) => this.onFile(model),
      key: () => {
        this.lastKey = Date.now();
      }
    };
    this.slots = slots;
    context.saveState.connect(slots.save);
    context.pathChanged.connect(slots.path);
    context.fileChanged.connect(slots.file);
    panel.node.addEventListener('keydown', slots.key, true);
    panel.disposed.connect(() => this.dispose());
  }

  async begin() {
    await this.context.ready;
    if (this.isDisposed) {
      return;
    }
    this.context.model.contentChanged.connect(this.slots?.content);
    this.loaded();
    await this.sync({ fresh: true }); // it may have been shared a moment ago
  }

  /** The model is what the file says. */
  loaded() {
    this.untaken = this.context.contentsModel?.hash ?? '';
    this.version = '';
    this.content = this.says();
    this.offered = false;
  }

  dispose() {
    if (this.isDisposed) {
      return;
    }
    this.isDisposed = true;
    clearTimeout(this.timers.round);
    clearTimeout(this.timers.draft);
    clearTimeout(this.timers.look);
    if (this.slots) {
      this.context.saveState.disconnect(this.slots.save);
      this.context.pathChanged.disconnect(this.slots.path);
      this.context.fileChanged.disconnect(this.slots.file);
      this.context.model?.contentChanged.disconnect(this.slots.content);
    }
    this.release();
    this.given.changed(this);
  }

  /** Says that the file is closed; also when the page goes away. */
  release() {
    if (this.state.tracked) {
      this.server.ask('release', { path: this.path, tab: this.tab }, { keepalive: true }).catch(() => {});
    }
  }

  get shared() {
    return this.context.model.sharedModel;
  }

  /** Whether the model holds work that the file does not. */
  get hasOwnWork() {
    return this.isLarge ? this.context.model.dirty : this.content !== this.says();
  }

  /** All that the notebook says, to be compared; nothing of one so large that this would be felt. */
  says() {
    if (this.isLarge) {
      return '';
    }
    const begin = performance.now();
    const said = contentOf(this.shared);
    this.isLarge = performance.now() - begin > SLOW;
    return said;
  }

  /** Whether a room of jupyter-collaboration holds the document, and saves it. */
  get isLive() {
    return Boolean(this.context.model?.collaborative);
  }

  /** The commit that the model itself says it comes from, which all who edit a live document share. */
  get stamp() {
    return this.shared.getMetadata('gitcollab')?.version ?? '';
  }

  get isTakingIn() {
    return this.given.settings().autoApply && !this.isPaused;
  }

  // --- what Jupyter says ---------------------------------------------------------------------------------------

  /** @param {'started' | 'completed' | 'failed'} state */
  onSave(state) {
    if (state === 'started') {
      this.isSaving = true;
      this.saving = this.says();
    } else {
      this.isSaving = false;
      if (state === 'completed') {
        this.content = this.saving ?? this.content;
        this.untaken = this.context.contentsModel?.hash ?? '';
        clearTimeout(this.timers.draft);
        this.look();
      }
      void this.sync();
    }
  }

  /** @param {any} model */
  onFile(model) {
    const isReloaded = !this.isSaving && !this.isRefreshing && model.hash && model.hash !== this.untaken && !this.context.model.dirty;
    if (isReloaded && this.context.isReady) {
      this.loaded();
      void this.sync();
    }
  }

  onPath() {
    this.release();
    this.path = this.context.path;
    this.loaded();
    void this.sync({ fresh: true });
  }

  onContent() {
    const seconds = this.given.settings().draftInterval;
    clearTimeout(this.timers.draft);
    if (this.state.tracked && !this.isPaused && seconds > 0) {
      this.timers.draft = window.setTimeout(() => void this.sendDraft(), seconds * 1000);
    }
    if (!this.timers.look) {
      this.timers.look = window.setTimeout(() => this.look(), LOOK);
    }
  }

  look() {
    clearTimeout(this.timers.look);
    this.timers.look = 0;
    this.isEdited = this.hasOwnWork;
    this.given.changed(this);
  }

  // --- going out and coming in ---------------------------------------------------------------------------------

  /**
   * Brings out what was saved and takes in what has come; asked again while it runs, it runs once more.
   * @param {{fresh?: boolean}} [how]
   */
  async sync(how = {}) {
    if (this.isDisposed || !this.context.isReady) {
      return;
    }
    if (this.isAsking) {
      this.isAskedAgain = true;
      return;
    }
    this.isAsking = true;
    clearTimeout(this.timers.round);
    let pause = ROUND;
    try {
      do {
        this.isAskedAgain = false;
        await this.once(how);
      } while (this.isAskedAgain && !this.isDisposed);
      pause = this.left.some(({ why }) => why === 'busy') ? BUSY : ROUND;
    } catch (why) {
      this.failed(/** @type {any} */ (why));
      pause = this.isAway ? AWAY : ROUND;
    } finally {
      this.isAsking = false;
    }
    if (!this.isDisposed) {
      this.isEdited = this.hasOwnWork;
      this.timers.round = window.setTimeout(() => void this.sync(), pause);
      this.given.changed(this);
    }
  }

  /** @param {any} why */
  failed(why) {
    this.isAway = Boolean(why.isAway);
    this.trouble = why.message;
    if (why.status === undefined) {
      console.error('gitcollab', why); // a mistake of ours
    }
  }

  /** @param {{fresh?: boolean}} how */
  async once(how) {
    if (this.isSaving) {
      return; // its end asks again
    }
    const hash = this.isLive ? 'live' : this.untaken;
    const stamp = this.stamp;
    const version = (!this.isLive && this.version) || stamp;
    const asked = { path: this.path, tab: this.tab, version, hash, takes: this.isTakingIn, ...how };
    const said = await this.server.ask('sync', asked);
    if (this.isDisposed) {
      return;
    }
    this.state = said;
    this.isAway = false;
    this.trouble = '';
    if (!said.tracked) {
      return;
    }
    if (this.isSaving || (this.isLive ? this.stamp !== stamp : this.untaken !== hash)) {
      this.isAskedAgain = !this.isSaving; // what was said is of a model that has gone on
      return;
    }
    if (said.receipt) {
      this.untaken = '';
      this.savedAt = new Date();
      if (this.isLive) {
        this.content = this.says();
      }
    }
    this.version = said.version;
    this.incoming = said.patch ? said : null;
    if (!said.patch) {
      this.left = [];
    } else if (this.isTakingIn && said.turn) {
      await this.takeIn();
    }
  }

  /** Applies what has come in as far as nobody works there, and saves if there is no other work to be saved. */
  async takeIn() {
    const said = this.incoming;
    if (!said) {
      return;
    }
    const hadOwnWork = this.hasOwnWork;
    const { left, applied } = this.apply(said.patch);
    this.left = left;
    applied.forEach(id => this.fresh.add(id));
    if (left.length) {
      if (!hadOwnWork) {
        this.content = this.says(); // ours to save once the rest is in
      }
      return;
    }
    this.incoming = null;
    this.version = said.head;
    this.shared.transact(() => this.shared.setMetadata('gitcollab', { version: said.head }), false);
    if (!hadOwnWork) {
      this.content = this.says();
    }
    if (said.disk?.is_head && !this.isLive) {
      await this.refresh();
      if (!hadOwnWork && !this.hasOwnWork) {
        this.context.model.dirty = false;
      }
    } else if (!hadOwnWork && !this.isRunning) {
      await this.save();
    }
  }

  /**
   * @param {any} patch
   * @param {boolean} [undoable]
   */
  apply(patch, undoable = false) {
    const surface = {
      shared: this.shared,
      isBusy: id => this.isBusy(id),
      distrust: id => {
        const widget = this.widget(id);
        if (widget) {
          widget.model.trusted = false;
        }
      }
    };
    return apply(surface, patch, undoable);
  }

  /** Saves through Jupyter; a refusal is shown by Jupyter itself. */
  async save() {
    if (this.context.canSave !== false) {
      await this.context.save().catch(() => {});
    }
  }

  /** Tells Jupyter that the file has been written with what the model now says, so that a save asks no question. */
  async refresh() {
    const found = await this.given.contents.get(this.path, { content: false, hash: true });
    this.isRefreshing = true;
    try {
      this.context._updateContentsModel?.(found);
    } finally {
      this.isRefreshing = false;
    }
  }

  // --- cells ---------------------------------------------------------------------------------------------------

  /** @param {string} id */
  widget(id) {
    return this.panel.content.widgets.find(widget => widget.model.sharedModel.id === id || widget.model.id === id);
  }

  get isRunning() {
    return this.panel.content.widgets.some(isRunning);
  }

  /**
   * Whether a cell runs, or its person types in it just now.
   * @param {string} id
   */
  isBusy(id) {
    const widget = this.widget(id);
    if (!widget) {
      return false;
    }
    const notebook = this.panel.content;
    const isTyped =
      notebook.activeCell === widget &&
      notebook.mode === 'edit' &&
      widget.node.contains(document.activeElement) &&
      Date.now() - this.lastKey < QUIET;
    return isTyped || isRunning(widget);
  }

  // --- drafts --------------------------------------------------------------------------------------------------

  async sendDraft() {
    if (this.isDisposed || !this.state.tracked || this.isPaused || this.isLarge || this.isSaving || !this.hasOwnWork) {
      return;
    }
    const content = this.context.model.toJSON();
    if (JSON.stringify(content).length > LARGEST_DRAFT) {
      return;
    }
    const outputs = this.given.settings().shareOutputs;
    try {
      await this.server.ask('draft', { path: this.path, tab: this.tab, version: this.version, outputs, content });
      this.draftedAt = new Date();
    } catch (why) {
      this.failed(/** @type {any} */ (why));
    }
    this.given.changed(this);
  }

  /** The draft of work that was never saved and is not this page's own, offered once. */
  get lostDraft() {
    const draft = this.state.draft;
    return !this.offered && draft && draft.tab !== this.tab ? draft : null;
  }

  /** Takes the draft's work into the model, unsaved, so that it can be looked at and undone. */
  async recover() {
    const { patch } = await this.server.ask('recover', { path: this.path });
    const { left } = patch ? this.apply(patch, true) : { left: [] };
    this.onContent();
    return { isWhole: Boolean(patch) && !left.length };
  }
}

/** @param {any} widget */
function isRunning(widget) {
  if (widget.model.type !== 'code') {
    return false;
  }
  const prompt = widget.node.querySelector('.jp-InputArea-prompt')?.textContent ?? '';
  return widget.model.executionState === 'running' || prompt.includes('*');
}
