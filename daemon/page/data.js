// SPDX-License-Identifier: Apache-2.0
// What the page knows of the sensor: one cached answer per address of the API, asked again with the ETag of the last one,
// so that nothing is sent while nothing changed.
import { visible } from './dom.js';

const PERIOD_MS = 2000;
const PATIENCE_MS = 10000;

const cache = new Map(); // address: {etag, body, version}
const watchers = new Set(); // {address, tell, version}
let listener = () => {};
let lastHeard = 0; // by the clock of the sensor's host: the browser's may be wrong
let timer = 0;
let running = false;
let again = false;

// What the sensor says of why it does not answer.
async function reason(answer) {
  try {
    return visible((await answer.json()).error, 200);
  } catch {
    return 'it answered ' + answer.status;
  }
}

async function ask(address) {
  const known = cache.get(address);
  const abort = new AbortController();
  const limit = setTimeout(() => abort.abort(), PATIENCE_MS);
  try {
    // Of the origin, since a page that was opened as http://x:TOKEN@sensor/ may fetch nothing by an address relative to its own.
    const answer = await fetch(location.origin + '/api/v1/' + address, {
      cache: 'no-store',
      headers: known && known.etag ? { 'If-None-Match': known.etag } : {},
      signal: abort.signal,
    });
    if (!answer.ok && answer.status !== 304)
      throw new Error(await reason(answer));
    const said = Date.parse(answer.headers.get('Date'));
    lastHeard = Number.isFinite(said) ? said : Date.now();
    if (answer.status === 304)
      return;
    const body = await answer.json();
    cache.set(address, { etag: answer.headers.get('ETag'), body, version: known ? known.version + 1 : 1 });
  } finally {
    clearTimeout(limit);
  }
}

// While a button is held down nothing is drawn anew: what it was pressed on has to be there when it is let go.
let pressed = false;

function tellWatchers(address) {
  if (pressed)
    return;
  const known = cache.get(address);
  for (const watcher of watchers) {
    if (watcher.address !== address || !known || watcher.version === known.version)
      continue;
    watcher.version = known.version;
    watcher.tell(known.body);
  }
}

async function round() {
  if (running) {
    again = true;
    return;
  }
  running = true;
  clearTimeout(timer);
  let problem = '';
  try {
    for (const address of new Set([...watchers].map((watcher) => watcher.address))) {
      await ask(address);
      tellWatchers(address);
    }
  } catch (error) {
    problem = error.name === 'AbortError' ? 'it did not answer in time'
      : error instanceof TypeError ? 'it cannot be reached' : error.message;
  }
  running = false;
  listener({ problem, lastHeard });
  timer = setTimeout(round, again ? 0 : document.hidden ? 5 * PERIOD_MS : PERIOD_MS);
  again = false;
}

// Calls tell(body) now, if the answer is known, and whenever it changes. Returns the function that ends this.
export function watch(address, tell) {
  const watcher = { address, tell, version: 0 };
  watchers.add(watcher);
  tellWatchers(address);
  round();
  return () => {
    watchers.delete(watcher);
    if (address.includes('?') && ![...watchers].some((other) => other.address === address))
      cache.delete(address); // of one pair: not worth keeping
  };
}

export function start(onRound) {
  listener = onRound;
  addEventListener('pointerdown', () => { pressed = true; }, true);
  for (const name of ['pointerup', 'pointercancel', 'blur'])
    addEventListener(name, () => {
      pressed = false;
      setTimeout(() => new Set([...watchers].map((watcher) => watcher.address)).forEach(tellWatchers), 0);
    }, true);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden)
      round();
  });
}
