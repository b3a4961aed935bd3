// @ts-check
// The line in the status bar: what became of the last save, and with whom the notebook is shared.

import { element } from './marks.js';

/**
 * @param {import('./document.js').OpenDocument | null} document
 * @param {string[] | null} others names of the other members; null while they are not known
 * @returns {{text: string, title: string, kind: 'quiet' | 'well' | 'trouble'}}
 */
export function standing(document, others) {
  if (!document || !document.context.isReady) {
    return { text: '', title: '', kind: 'quiet' };
  }
  if (document.isAway) {
    const title = `${document.trouble}. Saving works as ever; it is taken in when gitcollab is back.`;
    return { text: '⚠ gitcollab is away · saved here', title, kind: 'trouble' };
  }
  if (!document.state.tracked) {
    return { text: document.trouble ? '⚠ gitcollab' : '', title: document.trouble, kind: document.trouble ? 'trouble' : 'quiet' };
  }
  if (document.state.gone) {
    const title = 'The others have removed or renamed this notebook. Save it to keep it under this name.';
    return { text: '⚠ removed by others · save to keep it', title, kind: 'trouble' };
  }
  if (document.isReadOnly || document.isUnsavable) {
    return unsaved(document);
  }
  const { version } = document;
  const shared = !others ? '' : others.length ? `shared with ${others.join(', ')}` : 'shared with nobody yet';
  const at = document.savedAt?.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const saved = document.untaken || document.isSaving ? 'saving' : document.isEdited ? 'edited' : 'saved';
  const parts = [
    ...(document.trouble ? ['⚠'] : []),
    saved,
    version ? `version ${version.slice(0, 4)}` : 'no version yet',
    ...(at ? [at] : []),
    ...(document.isPaused ? ['paused'] : []),
    ...(document.work.isLarge ? ['too large for drafts'] : []),
    ...(shared ? [shared] : [])
  ];
  return { text: parts.join(' · '), title: document.trouble || `version ${version} of ${document.state.alias}`, kind: document.trouble ? 'trouble' : 'well' };
}

/**
 * What becomes of work in a file that Jupyter cannot write.
 * @param {import('./document.js').OpenDocument} document
 * @returns {{text: string, title: string, kind: 'well' | 'trouble'}}
 */
function unsaved(document) {
  const says = document.isReadOnly ? 'read-only' : 'not saved';
  const why = document.isReadOnly ? 'Jupyter may not write this file' : 'Jupyter could not write this file';
  if (!document.isEdited) {
    return { text: `${says} · what the others change shows here`, title: `${why}. What you change is kept as a draft.`, kind: 'well' };
  }
  const isKept = Boolean(document.drafts.sentAt) && !document.isPaused && !document.work.isLarge;
  const kept = isKept ? 'your work is kept as a draft' : 'your work is in this page only';
  return { text: `⚠ ${says} · ${kept}`, title: `${why}. Save a copy under another name, or have it made writable and save again.`, kind: 'trouble' };
}

export class Status {
  /** @param {any} Widget */
  constructor(Widget) {
    this.node = element('span', { className: 'gitcollab-status', role: 'status' });
    this.widget = new Widget({ node: this.node });
  }

  /**
   * @param {import('./document.js').OpenDocument | null} document
   * @param {string[] | null} others
   */
  show(document, others) {
    const { text, title, kind } = standing(document, others);
    if (this.node.textContent !== text) {
      this.node.textContent = text;
    }
    this.node.title = title;
    this.node.dataset.kind = kind;
  }
}
