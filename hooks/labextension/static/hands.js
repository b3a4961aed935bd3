// @ts-check
// Hands: where somebody is at work in an open notebook just now, so that nothing is put under their fingers or their kernel.

/** Milliseconds without a key after which a cell that has the cursor counts as left alone. */
const QUIET = 2_500;

export class Hands {
  /** @param {any} panel the notebook panel */
  constructor(panel) {
    this.panel = panel;
    this.lastKey = 0;
    const note = () => {
      this.lastKey = Date.now();
    };
    panel.node.addEventListener('keydown', note, true);
  }

  /** @param {string} id */
  widget(id) {
    return this.panel.content.widgets.find(widget => widget.model.sharedModel.id === id || widget.model.id === id);
  }

  /** Whether any cell runs. */
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
}

/** @param {any} widget */
function isRunning(widget) {
  if (widget.model.type !== 'code') {
    return false;
  }
  const prompt = widget.node.querySelector('.jp-InputArea-prompt')?.textContent ?? '';
  return widget.model.executionState === 'running' || prompt.includes('*');
}
