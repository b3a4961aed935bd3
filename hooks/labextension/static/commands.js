// @ts-check
// Commands: what a person may do with the notebook before them, by button, palette or keyboard.

import { askWhichVersion, askWithWhom } from './dialogs.js';

export class Commands {
  /** @param {import('./plugin.js').Plugin} plugin */
  constructor(plugin) {
    this.plugin = plugin;
  }

  async share() {
    const document = this.plugin.current;
    const asked = document && (await askWithWhom(this.plugin.lab, document.path.split('/').pop() ?? ''));
    if (!document || !asked?.users) {
      return;
    }
    await this.plugin.attempt(async () => {
      await document.save();
      const made = await this.plugin.server.ask('share', { path: document.path, users: asked.users });
      this.plugin.others.delete(made.id);
      await document.sync({ fresh: true });
      this.plugin.say('success', `Shared as ${made.alias}`);
    });
  }

  async publish() {
    const document = this.plugin.current;
    if (!document) {
      return;
    }
    const about = await this.plugin.attempt(() => this.plugin.server.ask('overview', { path: document.path }));
    const asked = about && (await askWhichVersion(this.plugin.lab, document.path.split('/').pop() ?? '', about.versions[0]?.version ?? ''));
    if (!asked) {
      return;
    }
    await this.plugin.attempt(async () => {
      if (document.context.model.dirty) {
        await document.save();
      }
      await document.sync();
      const bump = about.versions.length ? asked.bump : '';
      const made = await this.plugin.server.ask('publish', { path: document.path, bump, message: asked.message });
      this.plugin.say('success', `Published ${made.version}`);
    });
  }

  /** @param {string} collab */
  async open(collab) {
    const found = await this.plugin.attempt(() => this.plugin.server.ask('open', { collab }));
    if (found) {
      const command = found.is_notebook ? 'docmanager:open' : 'filebrowser:open-path';
      await this.plugin.app.commands.execute(command, { path: found.path });
    }
  }

  /** @param {string | null} [cell] */
  show(cell) {
    const document = this.plugin.current;
    const item = document?.state.contested?.find(one => !cell || one.cell === cell);
    const widget = item && document?.hands.widget(item.cell);
    if (item && !widget) {
      this.plugin.app.commands.execute('gitcollab:panel');
    }
    if (widget && document) {
      const notebook = document.panel.content;
      notebook.activeCellIndex = notebook.widgets.indexOf(widget);
      widget.node.scrollIntoView({ block: 'center' });
      widget.node.querySelector('.gitcollab-mark button')?.focus();
    }
  }

  /**
   * Makes them known to the application.
   * @param {any} palette
   */
  add(palette) {
    const isTracked = () => Boolean(this.plugin.current?.state.tracked);
    const count = () => this.plugin.current?.state.contested?.length ?? 0;
    const commands = {
      share: { label: 'Share', caption: 'Share this notebook', isEnabled: () => Boolean(this.plugin.current), execute: () => this.share() },
      publish: { label: 'Publish', caption: 'Publish a version of this notebook', isEnabled: isTracked, execute: () => this.publish() },
      contested: {
        label: () => `≠ ${count()} contested`,
        caption: 'Go to what waits for a decision',
        isVisible: () => count() > 0,
        execute: given => this.show(given?.cell)
      },
      pause: {
        label: () => (this.plugin.current?.isPaused ? 'Resume for this notebook' : 'Pause for this notebook'),
        isEnabled: isTracked,
        execute: () => this.pause()
      },
      apply: {
        label: 'Apply what has come in',
        isEnabled: () => Boolean(this.plugin.current?.incoming),
        execute: () => this.plugin.current?.takeIn().then(() => this.plugin.changed(this.plugin.current ?? undefined))
      },
      panel: { label: 'Show the panel', execute: () => this.plugin.app.shell.activateById('gitcollab-panel') },
      open: { label: 'Open a shared notebook', execute: given => this.open(given.collab) }
    };
    for (const [name, command] of Object.entries(commands)) {
      this.plugin.app.commands.addCommand(`gitcollab:${name}`, command);
      if (name !== 'open') {
        palette?.addItem({ command: `gitcollab:${name}`, category: 'gitcollab' });
      }
    }
  }

  pause() {
    const document = this.plugin.current;
    if (document) {
      document.isPaused = !document.isPaused;
      this.plugin.changed(document);
      void document.sync();
    }
  }
}
