// SPDX-License-Identifier: Apache-2.0
// The overview: verdicts in one bar, the worst alerts, who is secured with whom, and every pair in a list.
import { AlertList, byWeight } from './alerts.js';
import { addressBits, compareAddresses } from './addresses.js';
import { clearNames, clearOctets, count, instant, octets, ordinary, pairKey, pairLink, percent, plural, severityRank, toneOf, VERDICTS, verdictMark, verdictRank } from './format.js';
import { ends, severity, verdict, verdictClass } from './marks.js';
import { Grid } from './grid.js';
import { h, replace, setText, visible, wire } from './dom.js';
import { Matrix } from './matrix.js';
import { watch } from './data.js';

const WORST_SHOWN = 4;

// Kept while the page is open, so that coming back from a pair finds the list as it was left.
const kept = { word: '', verdicts: new Set(), cell: null };

const unsecured = (pair) => ['cleartext', 'mixed'].includes(toneOf(pair));
const byNumber = (value) => (a, b) => value(a) - value(b);

function columns() {
  return [
    { id: 'verdict', title: 'Verdict', class: 'c-verdict', compare: (a, b) => a.rank - b.rank, cell: (row) => verdict(row.pair.verdict, toneOf(row.pair)) },
    { id: 'pair', title: 'Pair', class: 'c-pair', compare: (a, b) => compareAddresses(a.pair.a, b.pair.a) || compareAddresses(a.pair.b, b.pair.b), cell: (row) => [row.pair.realm ? [h('span', { class: 'realm' }, wire(row.pair.realm)), ' '] : null, ends(row.pair.a, row.pair.b)] },
    { id: 'alerts', title: 'Alerts', class: 'c-alerts', compare: (a, b) => b.weight - a.weight || a.alerts.length - b.alerts.length, descending: true,
      cell: (row) => (row.alerts.length ? [severity(row.alerts[0].severity), row.alerts.length > 1 ? ' +' + (row.alerts.length - 1) : ''] : '') },
    { id: 'rule', title: 'Rule', class: 'c-rule', compare: (a, b) => String(a.pair.rule || '').localeCompare(String(b.pair.rule || '')), cell: (row) => (row.pair.rule ? wire(row.pair.rule) : h('span', { class: 'faint' }, 'none')) },
    { id: 'secured', title: 'Secured', class: 'c-octets', compare: byNumber((row) => row.secured), descending: true, cell: (row) => octets(row.secured) },
    { id: 'clear', title: 'Clear', class: 'c-octets', compare: byNumber((row) => row.clear), descending: true, cell: (row) => h('span', { class: unsecured(row.pair) ? 'is-clear' : row.clear ? null : 'faint' }, octets(row.clear)) },
    { id: 'in-clear', title: 'In clear', class: 'c-names', cell: (row) => clearNames(row.pair).slice(0, 4).map((name, i) => [i ? ', ' : '', wire(name)]) },
    { id: 'rekeys', title: 'Rekeys', class: 'c-number', compare: byNumber((row) => row.pair.rekeys || 0), descending: true, cell: (row) => count(row.pair.rekeys || 0) },
  ];
}

const rowOf = (pair, alerts) => ({
  pair, alerts, rank: ordinary(pair) ? 9 : verdictRank(pair.verdict), weight: alerts.length ? severityRank(alerts[0].severity) : 9,
  secured: pair.esp ? pair.esp.bytes : 0, clear: clearOctets(pair),
  words: [pair.a, pair.b, String(pair.realm ?? ''), pair.rule || '', pair.verdict, ...clearNames(pair)].join('\n').toLowerCase(),
});

// Every word has to be found; one that is a network, as 10.1.0.0/16, has to hold one of the ends.
function matches(row, words) {
  return words.every((word) => {
    const [base, length] = word.split('/');
    const network = /^\d+$/.test(length || '') && addressBits(base);
    if (!network)
      return row.words.includes(word);
    const whole = network.family === 4 ? 32 : 128;
    if (Number(length) > whole)
      return false;
    const rest = BigInt(whole - Number(length));
    return [row.pair.a, row.pair.b].some((text) => {
      const address = addressBits(text);
      return address && address.family === network.family && address.bits >> rest === network.bits >> rest;
    });
  });
}

class Overview {
  constructor(main) {
    this.pairs = null;
    this.alerts = [];
    this.leaks = null; // open alerts about clear traffic; null: not heard yet
    this.tally = h('div', { class: 'tally-bar', 'aria-hidden': 'true' });
    this.chips = h('div', { class: 'chips', role: 'group', 'aria-label': 'Show only' });
    this.buttons = new Map(VERDICTS.map((name) => {
      const number = h('b', {});
      const button = h('button', { type: 'button', class: 'chip v-' + name, 'aria-pressed': String(kept.verdicts.has(name)), onclick: () => this.toggle(name) },
        h('span', { class: 'mark', 'aria-hidden': 'true' }, verdictMark(name)), name, ' ', number);
      this.chips.append(button);
      return [name, { button, number }];
    }));
    this.headline = h('p', { class: 'headline' });
    this.worst = new AlertList('', true);
    this.worst.empty.remove();
    this.more = h('a', { href: '#/alerts', class: 'more', hidden: true });
    this.matrix = new Matrix((cell) => this.chooseCell(cell));
    this.filter = h('input', { type: 'search', placeholder: 'address, 10.1.0.0/16, rule, protocol…', 'aria-label': 'Filter pairs', value: kept.word, maxlength: 200 });
    this.filter.addEventListener('input', () => { kept.word = this.filter.value; this.draw(); });
    this.cellChip = h('button', { type: 'button', class: 'chip chosen-cell', hidden: true, onclick: () => this.chooseCell(null) });
    this.shown = h('p', { class: 'hint', role: 'status' });
    this.grid = new Grid({
      label: 'Pairs', columns: columns(), keyOf: (row) => pairKey(row.pair.a, row.pair.b, row.pair.realm), sort: { column: 'verdict', down: false },
      open: (row) => { location.hash = pairLink(row.pair.a, row.pair.b); },
      empty: () => (this.pairs && this.pairs.length ? 'No pair matches. Take a filter away.' : 'No pair has been seen yet. The sensor listens; see Sensor for what arrives.'),
    });
    this.alertSection = h('section', { class: 'panel worst', 'aria-label': 'Worst open alerts' }, this.worst.element, this.more);
    replace(main,
      h('section', { class: 'summary', 'aria-label': 'Verdicts' }, this.headline, this.tally, this.chips),
      this.alertSection,
      h('div', { class: 'columns' },
        h('section', { class: 'panel map' }, h('div', { class: 'panel-head' }, h('h2', {}, 'Who is secured with whom')), this.matrix.element),
        h('section', { class: 'panel list' }, h('div', { class: 'panel-head' }, h('h2', {}, 'Pairs'), this.shown, h('div', { class: 'tools' }, this.cellChip, this.filter)), this.grid.element)));
  }

  toggle(name) {
    if (!kept.verdicts.delete(name))
      kept.verdicts.add(name);
    this.buttons.get(name).button.setAttribute('aria-pressed', String(kept.verdicts.has(name)));
    this.draw();
  }

  chooseCell(cell) {
    kept.cell = cell && kept.cell && cell.join() === kept.cell.join() ? null : cell;
    this.draw();
  }

  setPairs(body) {
    this.pairs = body.pairs;
    this.total = body.total;
    this.now = instant(body.time);
    this.draw();
  }

  setAlerts(body) {
    this.alerts = [...body.alerts].sort(byWeight);
    this.leaks = this.alerts.filter((finding) => finding.id === 'cleartext-leak').length;
    const bad = this.alerts.filter((finding) => finding.severity !== 'info');
    this.alertSection.hidden = bad.length === 0;
    this.worst.set(bad.slice(0, WORST_SHOWN), instant(body.time));
    this.more.hidden = this.alerts.length <= Math.min(bad.length, WORST_SHOWN);
    setText(this.more, 'All ' + plural(this.alerts.length, 'open alert'));
    this.draw();
  }

  draw() {
    if (!this.pairs)
      return;
    const byPair = new Map();
    for (const finding of this.alerts) {
      if (!finding.a || !finding.b)
        continue;
      const key = pairKey(finding.a, finding.b, finding.realm);
      byPair.set(key, [...(byPair.get(key) || []), finding]);
    }
    const rows = this.pairs.map((pair) => rowOf(pair, byPair.get(pairKey(pair.a, pair.b, pair.realm)) || []));
    this.drawSummary(rows);
    const words = kept.word.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const narrowed = rows.filter((row) => (kept.verdicts.size === 0 || kept.verdicts.has(row.pair.verdict)) && matches(row, words));
    this.matrix.set(narrowed.map((row) => row.pair), kept.cell);
    if (kept.cell && !kept.cell.every((side) => this.matrix.folded && this.matrix.folded.groups.includes(side)))
      kept.cell = null;
    const inCell = kept.cell ? narrowed.filter((row) => this.inCell(row.pair, kept.cell)) : narrowed;
    this.cellChip.hidden = !kept.cell;
    if (kept.cell)
      replace(this.cellChip, wire(kept.cell[0]), ' ↔ ', wire(kept.cell[1]), ' ✕');
    setText(this.shown, inCell.length === rows.length ? plural(rows.length, 'pair') + (this.total > rows.length ? ', the worst of ' + count(this.total) : '')
      : count(inCell.length) + ' of ' + plural(rows.length, 'pair'));
    this.grid.set(inCell);
  }

  inCell(pair, [row, column]) {
    const [a, b] = [this.matrix.groupOf(pair.a), this.matrix.groupOf(pair.b)];
    return (a === row && b === column) || (a === column && b === row);
  }

  drawSummary(rows) {
    const tally = Object.fromEntries(VERDICTS.map((name) => [name, 0]));
    const tones = { ...tally };
    let secured = 0;
    let clear = 0;
    for (const row of rows) {
      if (row.pair.verdict in tally)
        tally[row.pair.verdict]++;
      if (toneOf(row.pair) in tones)
        tones[toneOf(row.pair)]++;
      secured += row.secured;
      clear += row.clear;
    }
    for (const [name, { button, number }] of this.buttons) {
      setText(number, count(tally[name]));
      button.classList.toggle('none', tally[name] === 0 && !kept.verdicts.has(name));
      button.classList.toggle('ordinary', tones[name] === 0);
    }
    replace(this.tally, VERDICTS.filter((name) => tones[name]).map((name) => {
      const part = h('span', { class: verdictClass(name) });
      part.style.flexGrow = tones[name];
      return part;
    }));
    // A verdict is about all the time since the sensor started; what goes on, the alerts tell.
    const offenders = rows.filter((row) => unsecured(row.pair) && row.pair.rule).length;
    const open = this.leaks === null ? '' : ' (' + (this.leaks ? plural(this.leaks, 'alert') : 'no alert') + ' about it ' + (this.leaks > 1 ? 'are' : 'is') + ' open)';
    setText(this.headline, rows.length === 0 ? 'No pair has been seen yet.'
      : (offenders ? plural(offenders, 'pair that should be secured spoke', 'pairs that should be secured spoke') + ' in clear' + open : 'No pair that should be secured spoke in clear') +
        ', of ' + count(this.total ?? rows.length) + ' seen; ' + percent(secured, secured + clear) + ' of ' + octets(secured + clear) + ' between them is secured.');
  }
}

export function pairsView(main) {
  const view = new Overview(main);
  return [watch('pairs', (body) => view.setPairs(body)), watch('alerts', (body) => view.setAlerts(body))];
}
