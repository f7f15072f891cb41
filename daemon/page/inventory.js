// SPDX-License-Identifier: Apache-2.0
// Cryptography by what is in use: each algorithm with the pairs that selected it, and which pairs would fall to a quantum
// computer. The same as `espial inventory` of the running espiald has of pairs.
import { compareAddresses } from './addresses.js';
import { count, pairKey, pairLink, percent, plural } from './format.js';
import { ends } from './marks.js';
import { Grid } from './grid.js';
import { h, replace, setText, wire } from './dom.js';
import { watch } from './data.js';

const QUANTUM = { yes: '●', likely: '◐', no: '✕', unknown: '?' };
const quantum = (name) => h('span', { class: 'verdict q-' + (name in QUANTUM ? name : 'unknown') }, h('span', { class: 'mark', 'aria-hidden': 'true' }, QUANTUM[name] || '?'), wire(name));
const names = (list) => (list && list.length ? list.map((name, i) => [i ? ' · ' : '', wire(name)]) : h('span', { class: 'faint' }, 'not seen'));

function usage(rows) {
  const seen = new Map();
  for (const row of rows)
    for (const [list, key] of [[row.selected, 'selected'], [row.offered, 'offered']])
      for (const name of list || []) {
        const entry = seen.get(name) || { name, selected: 0, offered: 0 };
        entry[key]++;
        seen.set(name, entry);
      }
  return [...seen.values()].sort((x, y) => y.selected - x.selected || y.offered - x.offered || (x.name < y.name ? -1 : 1));
}

export function inventoryView(main) {
  let body = null;
  let algorithm = null;
  const headline = h('p', { class: 'headline' });
  const bars = h('ul', { class: 'usage' });
  const filter = h('input', { type: 'search', placeholder: 'address, algorithm, vendor…', 'aria-label': 'Filter pairs', maxlength: 200 });
  const shown = h('p', { class: 'hint', role: 'status' });
  const grid = new Grid({
    label: 'Cryptography by pair', keyOf: (row) => pairKey(row.a, row.b), sort: { column: 'pair', down: false },
    open: (row) => { location.hash = pairLink(row.a, row.b); },
    empty: () => (body && body.inventory.length ? 'No pair matches.' : 'No negotiation and no ESP has been seen, so nothing is known of algorithms.'),
    columns: [
      { id: 'pair', title: 'Pair', class: 'c-pair', compare: (x, y) => compareAddresses(x.a, y.a) || compareAddresses(x.b, y.b), cell: (row) => ends(row.a, row.b) },
      { id: 'quantum', title: 'Quantum-safe', class: 'c-verdict', compare: (x, y) => Object.keys(QUANTUM).indexOf(x.quantum_safe) - Object.keys(QUANTUM).indexOf(y.quantum_safe), cell: (row) => quantum(row.quantum_safe) },
      { id: 'esp', title: 'ESP, AH', class: 'c-rule', compare: (x, y) => String(x.esp).localeCompare(String(y.esp)), cell: (row) => (row.esp.length ? row.esp.map((name, i) => [i ? ', ' : '', wire(name)]) : h('span', { class: 'faint' }, 'none')) },
      { id: 'versions', title: 'IKE', class: 'c-number', compare: (x, y) => String(x.versions).localeCompare(String(y.versions)), cell: (row) => row.versions.map((name, i) => [i ? ', ' : '', wire(name)]) },
      { id: 'selected', title: 'Selected', class: 'c-wide', cell: (row) => names(row.selected) },
      { id: 'vendors', title: 'Vendors', class: 'c-names', cell: (row) => row.vendors.map((name, i) => [i ? ' · ' : '', wire(name)]) },
      { id: 'offered', title: 'Offered besides', class: 'c-names', cell: (row) => (row.offered || []).filter((name) => !(row.selected || []).includes(name)).map((name, i) => [i ? ' · ' : '', wire(name)]) },
    ],
  });
  const draw = () => {
    if (!body)
      return;
    const words = filter.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const rows = body.inventory.filter((row) => (!algorithm || (row.selected || []).includes(algorithm) || (row.offered || []).includes(algorithm)) &&
      words.every((word) => JSON.stringify(row).toLowerCase().includes(word)));
    const all = body.inventory;
    const known = all.filter((row) => row.quantum_safe !== 'unknown');
    const safe = known.filter((row) => row.quantum_safe !== 'no').length;
    setText(headline, all.length === 0 ? 'No negotiation has been seen yet.' : plural(all.length, 'pair') + ' with IKE, ESP or AH; of ' + count(known.length) + ' whose key exchange is known, ' +
      percent(safe, known.length) + ' use one that withstands a quantum computer.');
    const list = usage(all);
    replace(bars, list.slice(0, 60).map((entry) => {
      const part = h('span', { class: 'part' });
      part.style.width = (100 * entry.selected) / Math.max(1, all.length) + '%';
      return h('li', {}, h('button', { type: 'button', 'aria-pressed': String(algorithm === entry.name), onclick: () => { algorithm = algorithm === entry.name ? null : entry.name; draw(); } },
        wire(entry.name, { class: 'algorithm' }), h('span', { class: 'track', 'aria-hidden': 'true' }, part),
        h('span', { class: 'number' }, entry.selected ? count(entry.selected) : 'offered by ' + count(entry.offered))));
    }));
    setText(shown, rows.length === all.length ? plural(all.length, 'pair') : count(rows.length) + ' of ' + plural(all.length, 'pair'));
    grid.set(rows);
  };
  filter.addEventListener('input', draw);
  replace(main, h('section', { class: 'summary' }, headline),
    h('div', { class: 'columns' }, h('section', { class: 'panel map' }, h('div', { class: 'panel-head' }, h('h2', {}, 'Algorithms, by pairs that selected them')), bars),
      h('section', { class: 'panel list' }, h('div', { class: 'panel-head' }, h('h2', {}, 'By pair'), shown, h('div', { class: 'tools' }, filter)), grid.element)),
    h('p', { class: 'hint' }, 'A bill of cryptography as CycloneDX: ', h('code', {}, 'espial inventory --cyclonedx'), '. What ESP itself negotiated is encrypted in IKEv2 and not known here.'));
  return [watch('inventory', (answer) => { body = answer; draw(); })];
}
