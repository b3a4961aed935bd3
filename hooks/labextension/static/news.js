// @ts-check
// News: what the server extension hears of the collabs, and what each piece of it means for the open notebooks.

/** Events after which a notebook of the same collab is looked at again. */
const MOVING = new Set(['delivered', 'saved', 'contested', 'settled', 'closed', 'landed', 'removed', 'forked']);

export class News {
  /** @param {import('./plugin.js').Plugin} plugin */
  constructor(plugin) {
    this.plugin = plugin;
  }

  /** @param {any} event */
  hear(event) {
    this.plugin.panel.note(event);
    if (event.kind === 'landed') {
      this.remember(event);
    }
    if (event.kind === 'membership' || event.kind === 'joined') {
      this.plugin.others.delete(event.collab);
    }
    if (event.kind === 'invited') {
      this.invite(event);
    }
    const isNew = event.kind === 'shared' || event.kind === 'invited' || event.kind === 'ended';
    for (const document of this.plugin.documents.values()) {
      const isOurs = document.state.tracked && document.state.collab === event.collab;
      if (isNew) {
        void document.sync({ fresh: true });
      } else if (isOurs && (MOVING.has(event.kind) || (event.kind === 'taken' && document.isLive))) {
        void document.sync();
      } else if (isOurs && event.kind === 'savewanted' && event.path === document.state.file && document.hasOwnWork) {
        void document.save(); // somebody publishes it, and waits a moment
      } else if (event.path === document.path && event.kind === 'refused') {
        this.plugin.say('error', `${event.message}. ${event.hint ?? ''}`);
      }
    }
    if (event.kind === 'published') {
      this.plugin.say('info', `${event.user} published ${event.notebook} as ${event.version}`);
    }
    if (event.kind === 'asked' && event.question === 'restore' && this.ofMine(event)) {
      this.plugin.say('warning', `You saved an older version of ${event.path}. It was not taken for a change; edit it to bring it back.`);
    }
    if (event.kind === 'forked' && this.ofMine(event)) {
      this.plugin.say('warning', `Your copy disagreed with your own later saves. It goes on as ${event.fork}; nothing is lost.`);
    }
    this.plugin.changed();
  }

  /** @param {any} event */
  ofMine(event) {
    return [...this.plugin.documents.values()].some(one => one.state.collab === event.collab && one.state.session === event.session);
  }

  /** @param {any} event */
  remember(event) {
    const mine = [...this.plugin.documents.values()].find(one => one.state.collab === event.collab)?.state.me;
    for (const file of event.user === mine ? [] : event.files ?? []) {
      for (const cell of file.cells ?? []) {
        this.plugin.changesOf(event.collab, file.path).set(cell.cell, { user: event.user, at: event.at });
      }
    }
  }

  /** @param {any} event */
  invite(event) {
    const { Notification } = this.plugin.lab['@jupyterlab/apputils'];
    Notification.info(`${event.alias} was shared with you`, {
      autoClose: false,
      actions: [{ label: 'Open', callback: () => this.plugin.app.commands.execute('gitcollab:open', { collab: event.collab }) }]
    });
  }
}
