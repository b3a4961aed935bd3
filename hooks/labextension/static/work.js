// @ts-check
// Own work: what an open notebook holds that its file does not. A notebook merely opened holds none, though Jupyter calls
// it dirty.

import { contentOf, sketchOf } from './cells.js';

/** Milliseconds that looking at all of a notebook may take; where it takes longer, its outputs are looked at no more. */
const SLOW = 200;
/** Characters that a notebook says at least for that: a small one takes long only where the machine is busy. */
const MUCH = 1_000_000;
/** Bytes of a file from which on they are not looked at even once. */
const LARGE = 10_000_000;

export class OwnWork {
  /** @param {any} context the document's context */
  constructor(context) {
    this.context = context;
    /** Whether the notebook is so large that comparing all of it would be felt. */
    this.isLarge = false;
    /** What the file says. */
    this.content = '';
    /** What is just being saved. */
    this.saving = '';
  }

  /** Whether the model holds work that the file does not. */
  get isThere() {
    const said = this.says(); // which may find out that sketches are to be compared
    return this.content !== said;
  }

  /** All that the notebook says, to be compared; the outputs of a large one are left out. */
  says() {
    const { sharedModel } = this.context.model;
    if (!this.isLarge && (this.context.contentsModel?.size ?? 0) > LARGE) {
      this.becomeLarge(this.content || this.saving ? contentOf(sharedModel) : '');
    }
    if (this.isLarge) {
      return sketchOf(sharedModel);
    }
    const begin = performance.now();
    const said = contentOf(sharedModel);
    if (said.length > MUCH && performance.now() - begin > SLOW) {
      this.becomeLarge(said);
    }
    return this.isLarge ? sketchOf(sharedModel) : said;
  }

  /**
   * From now on sketches are compared: what the file says has to be one, too.
   * @param {string} said all that the notebook says now
   */
  becomeLarge(said) {
    this.isLarge = true;
    const sketch = sketchOf(this.context.model.sharedModel);
    this.content = this.content === said ? sketch : '';
    this.saving = this.saving === said ? sketch : '';
  }

  /** The file says what the model says now, or will as soon as it is saved without anybody's being asked. */
  settle() {
    this.content = this.says();
  }

  /** A save begins. */
  saves() {
    this.saving = this.says();
  }

  /** The save is done; what was changed meanwhile is work of its own. */
  saved() {
    this.content = this.saving;
  }
}
