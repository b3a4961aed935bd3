// @ts-check
// Drafts: unsaved work of one open notebook, sent a few seconds after the last change, and offered again after a crash.

/** Characters of a notebook above which no drafts are sent. */
const LARGEST = 20_000_000;

export class Drafts {
  /** @param {import('./document.js').OpenDocument} document */
  constructor(document) {
    this.document = document;
    this.timer = 0;
    /** Whether what a closed page has left behind was offered. */
    this.isOffered = false;
    /** When what is here was sent; null since it was changed. @type {Date | null} */
    this.sentAt = null;
  }

  /** Sends one soon; many changes at a time are one. */
  later() {
    const { document } = this;
    const seconds = document.given.settings().draftInterval;
    this.stop();
    this.sentAt = null;
    if (document.state.tracked && !document.isPaused && seconds > 0) {
      this.timer = window.setTimeout(() => void this.send(), seconds * 1000);
    }
  }

  stop() {
    clearTimeout(this.timer);
  }

  async send() {
    const { document } = this;
    const isIdle = document.isDisposed || !document.state.tracked || document.isPaused || document.isSaving;
    if (isIdle || document.work.isLarge || !document.hasOwnWork) {
      return;
    }
    const content = document.context.model.toJSON();
    if (JSON.stringify(content).length > LARGEST) {
      return;
    }
    const { path, tab, version } = document;
    const outputs = document.given.settings().shareOutputs;
    try {
      await document.server.ask('draft', { path, tab, version, outputs, content });
      this.sentAt = new Date();
    } catch (why) {
      document.failed(/** @type {any} */ (why));
    }
    document.given.changed(document);
  }

  /** The draft of work that was never saved and is not this page's own, to be offered once. */
  get lost() {
    const { draft } = this.document.state;
    return !this.isOffered && draft && draft.tab !== this.document.tab ? draft : null;
  }

  /** Takes the draft's work into the model, unsaved, so that it can be looked at and undone. */
  async recover() {
    const { document } = this;
    const { patch } = await document.server.ask('recover', { path: document.path });
    const { left } = patch ? document.apply(patch, true) : { left: [] };
    document.onContent();
    return { isWhole: Boolean(patch) && !left.length };
  }
}
