// SPDX-License-Identifier: Apache-2.0
// Who is secured with whom: hosts against hosts, or networks against networks where the hosts would be too many to read.
// A cell shows the worst that is between its two sides; choosing it narrows the list of pairs to them.
import { fold } from './addresses.js';
import { count, plural, toneOf, verdictRank } from './format.js';
import { h, replace, visible } from './dom.js';

const SIDES_MAX = 40;
const SIDES_MIN = 8;
const LABEL_PX = 132; // of names of networks, before it is known how long they are
const CELL_MAX = 26;
const CELL_MIN = 14;

function gather(pairs, groupOf) {
  const cells = new Map();
  for (const pair of pairs) {
    const ends = [groupOf.get(pair.a), groupOf.get(pair.b)];
    for (const [row, column] of ends[0] === ends[1] ? [ends] : [ends, [ends[1], ends[0]]]) {
      const key = JSON.stringify([row, column]);
      const cell = cells.get(key) || { row, column, pairs: 0, verdicts: {}, worst: null };
      cell.pairs++;
      cell.verdicts[pair.verdict] = (cell.verdicts[pair.verdict] || 0) + 1;
      if (cell.worst === null || verdictRank(toneOf(pair)) < verdictRank(cell.worst))
        cell.worst = toneOf(pair);
      cells.set(key, cell);
    }
  }
  return cells;
}

function words(cell) {
  const parts = Object.entries(cell.verdicts).sort((a, b) => verdictRank(a[0]) - verdictRank(b[0])).map(([name, n]) => count(n) + ' ' + name);
  return visible(cell.row) + ' ↔ ' + visible(cell.column) + ': ' + (cell.pairs === 1 ? parts[0].slice(2) : parts.join(', '));
}

export class Matrix {
  constructor(choose) {
    this.choose = choose;
    this.caption = h('p', { class: 'hint' });
    this.frame = h('div', { class: 'matrix-frame' });
    this.element = h('div', { class: 'matrix' }, this.caption, this.frame);
    this.at = null; // [row, column] that the keyboard is at
    this.chosen = null;
    new ResizeObserver(() => this.draw()).observe(this.frame);
  }

  set(pairs, chosen) {
    const addresses = [...new Set(pairs.flatMap((pair) => [pair.a, pair.b]))];
    this.chosen = chosen ? JSON.stringify(chosen) : null;
    const room = Math.floor((this.frame.clientWidth - LABEL_PX) / CELL_MIN);
    this.folded = addresses.length ? fold(addresses, Math.max(SIDES_MIN, Math.min(SIDES_MAX, room))) : null;
    this.cells = this.folded ? gather(pairs, this.folded.groupOf) : new Map();
    this.caption.textContent = !this.folded ? 'Pairs appear here once the sensor sees IPsec, or traffic that a rule wants secured.'
      : plural(addresses.length, 'host') + (this.folded.folded ? ' in ' + plural(this.folded.groups.length, 'network') + '. A cell counts pairs and has the colour of the worst.' : '. Choose a cell to list its pair.');
    this.drawnWidth = 0;
    this.draw();
  }

  groupOf(address) {
    return this.folded ? this.folded.groupOf.get(address) : undefined;
  }

  draw() {
    const width = this.frame.clientWidth;
    if (!this.folded || width === 0) {
      replace(this.frame);
      return;
    }
    if (width === this.drawnWidth)
      return;
    this.drawnWidth = width;
    const groups = this.folded.groups;
    const names = groups.map((name) => visible(name, 28));
    const label = Math.min(Math.max(...names.map((name) => name.length)) * 6.6 + 10, 190);
    const rise = label; // of the names above the columns
    const size = Math.max(CELL_MIN, Math.min(CELL_MAX, Math.floor((width - label - 2) / groups.length)));
    const place = new Map(groups.map((name, i) => [name, i]));
    const full = label + groups.length * size;
    const svg = h('svg', {
      width: full + 2, height: rise + groups.length * size + 2, role: 'application', tabindex: '0',
      'aria-label': 'Who is secured with whom. Arrow keys move between cells, Enter narrows the list to one.',
    });
    names.forEach((name, i) => {
      const x = label + i * size;
      const y = rise + i * size;
      svg.append(
        h('line', { class: 'rule', x1: label, x2: full, y1: y, y2: y }),
        h('line', { class: 'rule', x1: x, x2: x, y1: rise, y2: rise + groups.length * size }),
        h('rect', { class: 'diagonal', x, y, width: size, height: size }),
        h('text', { class: 'side', x: label - 6, y: y + size / 2 + 3.5, 'text-anchor': 'end' }, name, h('title', {}, visible(groups[i]))),
        h('text', { class: 'side', transform: 'translate(' + (x + size / 2 + 3.5) + ',' + (rise - 6) + ') rotate(-90)' }, name));
    });
    for (const cell of this.cells.values())
      svg.append(this.cell(cell, label + place.get(cell.column) * size, rise + place.get(cell.row) * size, size));
    svg.addEventListener('keydown', (event) => this.onKey(event, groups));
    const focused = this.frame.contains(document.activeElement);
    this.told = h('p', { class: 'unseen', role: 'status' });
    replace(this.frame, svg, this.told);
    this.svg = svg;
    if (focused)
      svg.focus({ preventScroll: true });
  }

  cell(cell, x, y, size) {
    const key = JSON.stringify([cell.row, cell.column]);
    const group = h('g', {
      class: 'mcell v-' + (verdictRank(cell.worst) < 6 ? cell.worst : 'unknown') + (key === this.chosen ? ' chosen' : ''), 'data-cell': key,
      transform: 'translate(' + x + ',' + y + ')', onclick: () => this.choose([cell.row, cell.column]),
    }, h('rect', { x: 1.5, y: 1.5, width: size - 2, height: size - 2, rx: 2 }), h('title', {}, words(cell)));
    // Beside the colour, a shape for what is not secured.
    const tallied = cell.pairs > 1 && size >= 18;
    if (cell.worst === 'cleartext' && tallied)
      group.append(h('path', { class: 'corner', d: `M${size - 8} 1.5H${size - 0.5}V9z` }));
    else if (cell.worst === 'cleartext')
      group.append(h('path', { d: `M${size * 0.32} ${size * 0.32}L${size * 0.68} ${size * 0.68}M${size * 0.68} ${size * 0.32}L${size * 0.32} ${size * 0.68}` }));
    else if (cell.worst === 'mixed')
      group.append(h('path', { class: 'half', d: `M1.5 ${size - 0.5}L${size - 0.5} 1.5V${size - 0.5}z` }));
    if (tallied)
      group.append(h('text', { class: 'tally', x: size / 2, y: size / 2 + 4, 'text-anchor': 'middle' }, cell.pairs > 999 ? '999+' : String(cell.pairs)));
    return group;
  }

  onKey(event, groups) {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (event.key === 'Enter' && this.at) {
      const cell = this.cells.get(JSON.stringify([groups[this.at[0]], groups[this.at[1]]]));
      if (cell)
        this.choose([cell.row, cell.column]);
    } else if (event.key in moves) {
      this.at = this.next(groups, moves[event.key]);
      for (const old of this.svg.querySelectorAll('.at'))
        old.classList.remove('at');
      const key = this.at && JSON.stringify([groups[this.at[0]], groups[this.at[1]]]);
      const element = key && [...this.svg.querySelectorAll('[data-cell]')].find((one) => one.dataset.cell === key);
      if (element) {
        element.classList.add('at');
        this.told.textContent = words(this.cells.get(key));
      }
    } else {
      return;
    }
    event.preventDefault();
  }

  // The next cell with pairs in that direction, line by line; the same if there is none.
  next(groups, [down, right]) {
    const filled = [...this.cells.values()].map((cell) => [groups.indexOf(cell.row), groups.indexOf(cell.column)]);
    if (!this.at)
      return filled.sort((a, b) => a[0] - b[0] || a[1] - b[1])[0] || null;
    const [row, column] = this.at;
    const ahead = filled.filter(([r, c]) => (right ? r === row && (c - column) * right > 0 : (r - row) * down > 0));
    ahead.sort((a, b) => (right ? Math.abs(a[1] - column) - Math.abs(b[1] - column)
      : Math.abs(a[0] - row) - Math.abs(b[0] - row) || Math.abs(a[1] - column) - Math.abs(b[1] - column)));
    return ahead[0] || this.at;
  }
}
