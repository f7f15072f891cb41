// SPDX-License-Identifier: Apache-2.0
// Negotiations: who with whom, how far they came, and what was agreed on.
import { compareAddresses } from './addresses.js';
import { count, instant, pairKey, pairLink, plural, when } from './format.js';
import { ends, NUMBERS } from './marks.js';
import { Grid } from './grid.js';
import { h, replace, setText, wire } from './dom.js';
import { watch } from './data.js';

const OUTCOMES = ['auth-failed', 'refused', 'unanswered', 'stalled', 'in-progress', 'established'];
const MARKS = { 'auth-failed': '✕', refused: '✕', unanswered: '○', stalled: '◐', 'in-progress': '…', established: '●' };
const known = (name) => (OUTCOMES.includes(name) ? name : 'unknown');

export const outcome = (name) => h('span', { class: 'verdict o-' + known(name) }, h('span', { class: 'mark', 'aria-hidden': 'true' }, MARKS[name] || '?'), wire(name));

const names = (list) => (list && list.length ? list.map((name, i) => [i ? ' · ' : '', wire(name)]) : h('span', { class: 'faint' }, 'not seen'));

export function ikeTable(rows, now) {
  return h('table', { class: 'plain' },
    h('thead', {}, h('tr', {}, ['Outcome', 'Initiator → responder', 'Last message', 'Version', 'Last step', 'Selected', 'Authentication', 'NAT'].map((title) => h('th', { scope: 'col', class: NUMBERS.has(title) ? 'number' : null }, title)))),
    h('tbody', {}, rows.map((ike) => h('tr', {}, h('td', {}, outcome(ike.outcome)), h('td', {}, ends(ike.initiator, ike.responder, '→')),
      h('td', { class: 'time' }, when(instant(ike.time), now)), h('td', {}, wire(ike.version), ' ', wire(ike.mode || '')), h('td', {}, wire(ike.step || '–')),
      h('td', {}, names(ike.selected)), h('td', {}, wire(ike.auth || '–')), h('td', {}, wire(ike.nat || '–'))))));
}

export function ikeView(main) {
  let body = null;
  const filter = h('input', { type: 'search', placeholder: 'address, outcome, algorithm, vendor…', 'aria-label': 'Filter negotiations', maxlength: 200 });
  const shown = h('p', { class: 'hint', role: 'status' });
  const byText = (key) => (a, b) => String(a[key] || '').localeCompare(String(b[key] || ''));
  const now = () => instant(body.time);
  const grid = new Grid({
    label: 'IKE negotiations', keyOf: (ike) => ike.ispi + '/' + ike.rspi + '/' + ike.initiator + '/' + ike.time, sort: { column: 'outcome', down: false },
    open: (ike) => { location.hash = pairLink(...[ike.initiator, ike.responder].sort(compareAddresses)); },
    empty: () => (body && body.ike.length ? 'No negotiation matches.' : 'No negotiation has been seen yet.'),
    columns: [
      { id: 'outcome', title: 'Outcome', class: 'c-verdict', compare: (a, b) => OUTCOMES.indexOf(a.outcome) - OUTCOMES.indexOf(b.outcome) || instant(b.time) - instant(a.time), cell: (ike) => outcome(ike.outcome) },
      { id: 'pair', title: 'Initiator → responder', class: 'c-pair', compare: (a, b) => compareAddresses(a.initiator, b.initiator) || compareAddresses(a.responder, b.responder), cell: (ike) => ends(ike.initiator, ike.responder, '→') },
      { id: 'time', title: 'Last message', class: 'c-time', descending: true, compare: (a, b) => instant(a.time) - instant(b.time), cell: (ike) => when(instant(ike.time), now()) },
      { id: 'version', title: 'Version', class: 'c-number', compare: byText('version'), cell: (ike) => [wire(ike.version), ike.mode === 'aggressive' ? ' aggr.' : ''] },
      { id: 'step', title: 'Last step', class: 'c-rule', compare: byText('step'), cell: (ike) => wire(ike.step || '–') },
      { id: 'auth', title: 'Authentication', class: 'c-rule', compare: byText('auth'), cell: (ike) => wire(ike.auth || '–') },
      { id: 'selected', title: 'Selected', class: 'c-wide', cell: (ike) => names(ike.selected) },
      { id: 'notifies', title: 'Notifications', class: 'c-names', cell: (ike) => (ike.notifies || []).map((name, i) => [i ? ', ' : '', wire(name)]) },
    ],
  });
  const draw = () => {
    if (!body)
      return;
    const words = filter.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const rows = body.ike.filter((ike) => !words.length || words.every((word) => JSON.stringify(ike).toLowerCase().includes(word)));
    setText(shown, rows.length === body.ike.length ? plural(rows.length, 'negotiation') + (body.total > rows.length ? ', the newest of ' + count(body.total) : '') : count(rows.length) + ' of ' + plural(body.ike.length, 'negotiation'));
    grid.set(rows);
  };
  filter.addEventListener('input', draw);
  replace(main, h('section', { class: 'panel tall' }, h('div', { class: 'panel-head' }, h('h2', {}, 'IKE negotiations'), shown, h('div', { class: 'tools' }, filter)), grid.element));
  return [watch('ike', (answer) => { body = answer; draw(); })];
}

export const ikeOf = (body, a, b) => body.ike.filter((ike) => pairKey(ike.initiator, ike.responder) === pairKey(a, b) || pairKey(ike.responder, ike.initiator) === pairKey(a, b));
