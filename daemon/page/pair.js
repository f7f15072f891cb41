// SPDX-License-Identifier: Apache-2.0
// One pair: its verdict and volumes, open alerts, SPIs over time, SAs and negotiations.
import { AlertList, byWeight } from './alerts.js';
import { clearOctets, count, duration, instant, octets, percent, plural, toneOf, when } from './format.js';
import { concerns, ends, inRealm, NUMBERS, verdict } from './marks.js';
import { h, replace, setText, visible, wire } from './dom.js';
import { ikeOf, ikeTable } from './ike.js';
import { Timeline } from './timeline.js';
import { watch } from './data.js';

const SAS_SHOWN = 200;

function saTable(sas, now) {
  const rows = [...sas].sort((x, y) => instant(y.first) - instant(x.first));
  return [h('table', { class: 'plain' },
    h('thead', {}, h('tr', {}, ['State', 'Direction', 'SPI', 'Protocol', 'First', 'Last', 'Age', 'Packets', 'Volume', 'Lost', 'Replayed', 'Replaces'].map((title) => h('th', { scope: 'col', class: NUMBERS.has(title) ? 'number' : null }, title)))),
    h('tbody', {}, rows.slice(0, SAS_SHOWN).map((sa) => h('tr', { class: 'sa-' + (['active', 'stale'].includes(sa.state) ? sa.state : 'past') },
      h('td', {}, wire(sa.state)), h('td', {}, ends(sa.src, sa.dst, '→'), inRealm(sa)), h('td', { class: 'spi' }, wire(sa.spi)),
      h('td', {}, wire(sa.proto), sa.encap !== 'none' ? [' in ', wire(sa.encap)] : null), h('td', { class: 'time' }, when(instant(sa.first), now)),
      h('td', { class: 'time' }, when(instant(sa.last), now)), h('td', { class: 'number' }, duration((instant(sa.last) - instant(sa.first)) / 1000)),
      h('td', { class: 'number' }, count(sa.packets)), h('td', { class: 'number' }, octets(sa.bytes)),
      h('td', { class: 'number' }, sa.lost === null ? '–' : count(sa.lost)), h('td', { class: 'number' }, sa.replayed === null ? '–' : count(sa.replayed)),
      h('td', { class: 'spi' }, sa.replaces ? wire(sa.replaces) : '–'))))),
  rows.length > SAS_SHOWN ? h('p', { class: 'hint' }, 'The newest ' + SAS_SHOWN + ' of ' + count(rows.length) + '; all of them: ', h('code', {}, 'espial sas')) : null];
}

function facts(pair) {
  const clear = clearOctets(pair);
  const secured = pair.esp ? pair.esp.bytes : 0;
  return [...(pair.realm ? [['Network', wire(pair.realm)]] : []), ['Verdict', verdict(pair.verdict, toneOf(pair))], ['Rule', pair.rule ? wire(pair.rule) : 'none'],
    ['Secured', octets(secured) + ', ' + plural(pair.esp ? pair.esp.packets : 0, 'packet') + ', ' + percent(secured, secured + clear)],
    ['In clear', clear || (pair.cleartext || []).length ? (pair.cleartext || []).map((row, i) => [i ? ', ' : '', wire(row.protocol), ' ' + octets(row.bytes)]) : 'nothing'],
    ['Rekeys', count(pair.rekeys || 0) + (pair.rekey_interval_median === null ? '' : ', every ' + duration(pair.rekey_interval_median))],
  ].map(([title, value]) => h('div', {}, h('dt', {}, title), h('dd', {}, value)));
}

export function pairView(main, a, b) {
  const query = '?a=' + encodeURIComponent(a) + '&b=' + encodeURIComponent(b);
  const known = {};
  const dls = h('div', {});
  const missing = h('p', { class: 'empty', hidden: true }, 'The sensor does not know this pair any more: it was quiet for long, or the sensor started anew.');
  const alerts = new AlertList('No alert about this pair is open.');
  const timeline = new Timeline();
  const sas = h('div', { class: 'scroll' });
  const ike = h('div', { class: 'scroll' });
  const saCount = h('p', { class: 'hint' });
  replace(main,
    h('p', { class: 'crumbs' }, h('a', { href: '#/' }, '← Pairs')),
    h('section', { class: 'panel' }, h('div', { class: 'panel-head' }, h('h2', { class: 'pair-title' }, ends(a, b))), missing, dls),
    h('section', { class: 'panel' }, h('div', { class: 'panel-head' }, h('h2', {}, 'Alerts')), alerts.element),
    h('section', { class: 'panel' }, h('div', { class: 'panel-head' }, h('h2', {}, 'SPIs over time'),
      h('p', { class: 'hint keys' }, h('span', { class: 'key k-active' }, 'active'), h('span', { class: 'key k-superseded' }, 'replaced'), h('span', { class: 'key k-ended' }, 'ended'),
        h('span', { class: 'key k-stale' }, 'stale'), h('span', { class: 'key k-leak' }, 'in clear'), h('span', {}, '· times in UTC'))), timeline.element),
    h('section', { class: 'panel' }, h('div', { class: 'panel-head' }, h('h2', {}, 'SAs'), saCount), sas),
    h('section', { class: 'panel' }, h('div', { class: 'panel-head' }, h('h2', {}, 'IKE')), ike));
  const draw = () => {
    if (!known.pairs || !known.sas || !known.alerts || !known.ike)
      return;
    const now = instant(known.sas.time);
    const findings = known.alerts.alerts.filter((finding) => concerns(finding, a, b)).sort(byWeight);
    const negotiations = ikeOf(known.ike, a, b).sort((x, y) => instant(y.time) - instant(x.time));
    missing.hidden = known.pairs.pairs.length > 0;
    replace(dls, known.pairs.pairs.map((pair) => h('dl', { class: 'facts' }, facts(pair)))); // several, where networks have the same addresses
    alerts.set(findings, now);
    timeline.set({ a, b, sas: known.sas.sas, findings, negotiations, now });
    setText(saCount, plural(known.sas.sas.length, 'SA') + ' in view');
    replace(sas, known.sas.sas.length ? saTable(known.sas.sas, now) : null);
    replace(ike, negotiations.length ? ikeTable(negotiations.slice(0, 50), now) : h('p', { class: 'empty' }, 'No negotiation of this pair was seen.'));
  };
  document.title = visible(a, 60) + ' ↔ ' + visible(b, 60) + ' · espial';
  const keep = (name) => (body) => { known[name] = body; draw(); };
  return [watch('pairs' + query, keep('pairs')), watch('sas' + query, keep('sas')), watch('alerts', keep('alerts')), watch('ike' + query, keep('ike'))];
}
