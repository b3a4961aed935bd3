// @ts-check
// The server extension's verbs, over Jupyter's own connection: its address, sign-in and protection against forgery.

/** What the server refused, in its own words. `status` 0: no answer at all. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {{error?: string, message?: string, hint?: string}} said
   */
  constructor(status, said) {
    super([said.message ?? 'no answer', said.hint ?? ''].filter(Boolean).join(': '));
    this.status = status;
    this.code = said.error ?? '';
  }

  /** Whether gitcollab is away for now, rather than saying no. */
  get isAway() {
    return this.status === 0 || this.status === 503 || this.status === 502 || this.status === 504;
  }
}

const READING = new Set(['standing', 'overview', 'recover']);

export class Server {
  /** @param {any} services the module @jupyterlab/services */
  constructor(services) {
    this.connection = services.ServerConnection;
    this.settings = services.ServerConnection.makeSettings();
  }

  /**
   * Where gitcollab's pages are for this browser: its own address, or below Jupyter's.
   * @param {string} url
   * @param {'auto' | 'jupyter' | 'gitcollab'} viewer
   * @returns {string} without a slash at the end
   */
  pages(url, viewer) {
    const isDirect = viewer === 'gitcollab' || (viewer === 'auto' && seemsReachable(url));
    return isDirect ? url : `${this.settings.baseUrl.replace(/\/$/, '')}/gitcollab/view`;
  }

  /**
   * Asks one verb and returns what it answers; throws Refused.
   * @param {string} verb
   * @param {Record<string, any>} [asked]
   * @param {RequestInit} [how]
   * @returns {Promise<any>}
   */
  async ask(verb, asked = {}, how = {}) {
    let url = `${this.settings.baseUrl.replace(/\/$/, '')}/gitcollab/api/${verb}`;
    /** @type {RequestInit} */
    const init = { ...how, method: READING.has(verb) ? 'GET' : 'POST' };
    if (READING.has(verb)) {
      url += `?${new URLSearchParams(asked)}`;
    } else {
      init.body = JSON.stringify(asked);
    }
    let answer, said;
    try {
      answer = await this.connection.makeRequest(url, init, this.settings);
      const text = await answer.text();
      said = text ? JSON.parse(text) : null;
    } catch (why) {
      throw new Refused(answer?.status ?? 0, { message: String(why) });
    }
    if (!answer.ok) {
      throw new Refused(answer.status, said ?? {});
    }
    return said;
  }
}

/**
 * Whether this browser can be thought to reach an address that the Jupyter server reaches: not one of that machine's own, of
 * its private network, or without TLS from a page with it.
 * @param {string} address
 */
function seemsReachable(address) {
  const there = new URL(address, location.href);
  const isOwn = host => /^(localhost|127\.[\d.]+|\[::1\])$/.test(host);
  if (isOwn(there.hostname)) {
    return isOwn(location.hostname);
  }
  const isMixed = location.protocol === 'https:' && there.protocol === 'http:';
  return !isMixed && (there.hostname.includes('.') || there.hostname === location.hostname);
}
