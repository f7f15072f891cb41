// SPDX-License-Identifier: Apache-2.0
// Which view is shown, what the head says, and who is told when an alert opens.
import { alertsView, kind } from './alerts.js';
import { clock, count, duration, instant, plural, severityRank } from './format.js';
import { ikeView } from './ike.js';
import { inventoryView } from './inventory.js';
import { pairsView } from './pairs.js';
import { pairView } from './pair.js';
import { replace, h, setText, visible } from './dom.js';
import { sensorView } from './sensor.js';
import { start, watch } from './data.js';

const STALE_MS = 15000;
const VIEWS = { '': ['Pairs', pairsView], alerts: ['Alerts', alertsView], ike: ['IKE', ikeView], inventory: ['Cryptography', inventoryView], sensor: ['Sensor', sensorView] };
const byId = (id) => document.getElementById(id);

let ends = [];
let status = null;
let round = { problem: '', lastHeard: 0 };

function decode(part) {
  try {
    return decodeURIComponent(part || '');
  } catch {
    return part;
  }
}

function route(first) {
  const [name = '', ...rest] = location.hash.replace(/^#\/?/, '').split('/');
  const main = byId('view');
  for (const end of ends)
    end();
  replace(main, h('p', { class: 'empty' }, 'Asking the sensor…'));
  main.dataset.view = name || 'pairs';
  if (name === 'pair') {
    ends = pairView(main, decode(rest[0]), decode(rest[1]));
  } else {
    const [title, view] = VIEWS[name] || VIEWS[''];
    document.title = title + ' · espial';
    ends = view(main);
  }
  const link = '#/' + (name === 'pair' ? '' : name);
  for (const anchor of document.querySelectorAll('nav a')) {
    if (anchor.getAttribute('href') === link)
      anchor.setAttribute('aria-current', 'page');
    else
      anchor.removeAttribute('aria-current');
  }
  scrollTo(0, 0);
  if (!first)
    main.focus({ preventScroll: true });
}

// What keeps the page from being the truth, in one sentence; empty if nothing does.
function trouble() {
  if (round.problem)
    return 'The sensor is not heard: ' + round.problem + '. ' + (round.lastHeard ? 'What you see is of ' + clock(round.lastHeard) + ' UTC.' : 'Look at systemctl status espiald on its host.');
  if (!status)
    return '';
  const old = round.lastHeard - instant(status.time);
  if (old > STALE_MS)
    return 'The engine has not told its state for ' + duration(old / 1000) + '; what you see is of ' + clock(instant(status.time)) + ' UTC.';
  const down = status.interfaces.filter((one) => !one.up).map((one) => visible(one.name, 40));
  if (down.length)
    return 'Blind on ' + down.join(', ') + ': the interface is down.';
  const sinks = status.sinks.filter((one) => !one.up).map((one) => visible(one.name, 40));
  return sinks.length ? 'Not delivered: ' + sinks.join(', ') + ' is down; findings are kept for it.' : '';
}

function drawHead() {
  const text = trouble();
  byId('banner').hidden = !text;
  setText(byId('banner'), text);
  byId('lamp').className = 'lamp ' + (round.problem ? 'off' : text ? 'warn' : status ? 'on' : '');
  if (!status)
    return;
  setText(byId('sensor'), visible(status.sensor, 64));
  const rate = status.packets_per_second;
  setText(byId('live-text'), round.problem ? 'not heard' : (rate === null || rate === undefined ? '' : count(rate) + ' packets/s · ') + clock(instant(status.time)) + ' UTC');
}

const told = new Map();
let first = true;

function onAlerts(body) {
  const bad = body.alerts.filter((finding) => finding.severity !== 'info');
  const badge = byId('alert-count');
  badge.hidden = bad.length === 0;
  setText(badge, count(bad.length));
  badge.className = 'count s-' + (bad.length ? bad.reduce((worst, one) => (severityRank(one.severity) < severityRank(worst) ? one.severity : worst), 'info') : 'info');
  badge.setAttribute('aria-label', plural(bad.length, 'open alert'));
  const fresh = bad.filter((finding) => !told.has(finding.alert));
  told.clear();
  for (const finding of bad)
    told.set(finding.alert, true);
  if (!first && fresh.length)
    setText(byId('announcer'), (fresh.length === 1 ? 'New alert: ' : plural(fresh.length, 'new alert') + '; the first: ') + visible(fresh[0].severity + ' ' + kind(fresh[0]) + ', ' + (fresh[0].text || '')));
  first = false;
}

function theme() {
  const next = { '': 'dark', dark: 'light', light: '' };
  const button = byId('theme');
  const apply = (name) => {
    document.documentElement.dataset.theme = name;
    button.setAttribute('aria-label', 'Light or dark: ' + (name || 'as the system'));
    button.title = button.getAttribute('aria-label');
  };
  const stored = () => { try { return localStorage.getItem('theme') || ''; } catch { return ''; } };
  apply(stored() in next ? stored() : '');
  button.addEventListener('click', () => {
    const name = next[document.documentElement.dataset.theme || ''];
    apply(name);
    try { localStorage.setItem('theme', name); } catch { /* private windows: for this visit only */ }
  });
}

theme();
start((heard) => { round = heard; drawHead(); });
addEventListener('hashchange', () => route(false));
document.querySelector('.skip').addEventListener('click', (event) => { event.preventDefault(); byId('view').focus(); });
watch('status', (body) => { status = body; drawHead(); });
watch('alerts', onAlerts);
route(true);
