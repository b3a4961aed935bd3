// @ts-check
// One open notebook: what is saved goes out, what comes in is applied, and the file is held while it is open.

import { apply } from './applying.js';
import { Drafts } from './drafts.js';
import { Hands } from './hands.js';
import { inOrder } from './saves.js';
import { OwnWork } from './work.js';

/** Milliseconds: between two questions without a reason, after a failure, and until something busy is tried again. */
const ROUND = 25_000;
const AWAY = 4_000;
const BUSY = 1_500;
/** Milliseconds after a change until it is looked whether the notebook says anything new. */
const LOOK = 300;

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
    this.isAway = false;
    this.trouble = '';
    this.isDisposed = false;
    this.isSaving = false;
    /** Whether Jupyter could not save what is here: the file is read-only, say, or the disk is full. */
    this.isUnsavable = false;
    this.work = new OwnWork(this.context);
    this.drafts = new Drafts(this);
    this.hands = new Hands(panel);
    inOrder(this.context);
    this.isAsking = false;
    this.isAskedAgain = false;
    /** Whether there is work that is not saved; a notebook merely opened has none, though Jupyter calls it dirty. */
    this.isEdited = false;
    this.timers = { round: 0, look: 0 };
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
      file: (_, model) => this.onFile(model)
    };
    this.slots = slots;
    context.saveState.connect(slots.save);
    context.pathChanged.connect(slots.path);
    context.fileChanged.connect(slots.file);
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
    this.isUnsavable = false;
    this.work.settle();
    this.drafts.isOffered = false;
  }

  dispose() {
    if (this.isDisposed) {
      return;
    }
    this.isDisposed = true;
    clearTimeout(this.timers.round);
    this.drafts.stop();
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
    return this.work.isThere;
  }

  /** Whether Jupyter may not write the file: it is another's, or was made read-only. */
  get isReadOnly() {
    return this.context.contentsModel?.writable === false;
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
      this.work.saves();
    } else {
      this.isSaving = false;
      this.isUnsavable = state === 'failed';
      if (state === 'completed') {
        this.work.saved();
        this.untaken = this.context.contentsModel?.hash ?? '';
        this.drafts.stop();
      } else {
        void this.drafts.send(); // it is nowhere else
      }
      this.look();
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
    this.drafts.later();
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
        this.work.settle();
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
        this.work.settle(); // ours to save once the rest is in
      }
      return;
    }
    this.incoming = null;
    this.version = said.head;
    this.shared.transact(() => this.shared.setMetadata('gitcollab', { version: said.head }), false);
    if (!hadOwnWork) {
      this.work.settle();
    }
    if (said.disk?.is_head && !this.isLive) {
      await this.refresh();
      if (!hadOwnWork && !this.hasOwnWork) {
        this.context.model.dirty = false;
      }
    } else if (!hadOwnWork && !this.hands.isRunning) {
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
      isBusy: id => this.hands.isBusy(id),
      distrust: id => {
        const widget = this.hands.widget(id);
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
}
