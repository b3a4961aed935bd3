// The container that JupyterLab loads: the module federation protocol by hand, and the way into the ES modules beside it.
(() => {
  const home = new URL('.', document.currentScript.src);
  const WANTED = [
    '@jupyterlab/application',
    '@jupyterlab/apputils',
    '@jupyterlab/notebook',
    '@jupyterlab/services',
    '@jupyterlab/settingregistry',
    '@jupyterlab/statusbar',
    '@lumino/widgets'
  ];
  let scope = {};

  /** The newest version of a module that the application shares. */
  async function shared(name) {
    const versions = Object.keys(scope[name] ?? {}).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    if (!versions.length) {
      throw new Error(`gitcollab: this Jupyter does not share ${name}`);
    }
    return (await scope[name][versions[versions.length - 1]].get())();
  }

  async function extension() {
    const { plugin } = await import(new URL('plugin.js', home).href);
    const modules = Object.fromEntries(await Promise.all(WANTED.map(async name => [name, await shared(name)])));
    return () => ({ __esModule: true, default: plugin(modules) });
  }

  async function style() {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = new URL('style.css', home).href;
    document.head.append(link);
    return () => ({ __esModule: true });
  }

  const modules = { './extension': extension, './style': style };
  window._JUPYTERLAB = window._JUPYTERLAB ?? {};
  window._JUPYTERLAB.gitcollab = {
    init: given => {
      scope = given;
    },
    get: name => modules[name]()
  };
})();
