// SPDX-License-Identifier: Apache-2.0
// A pair's SPIs over time: each SA a bar in the lane of its direction, joined to the one it replaced; under them what was in
// clear, and negotiations. Zoomed with the wheel, fingers or + and -, moved by dragging or the arrow keys.
import { clock, count, duration, instant, moment, octets, plural } from './format.js';
import { h, replace, visible } from './dom.js';
import { kind } from './alerts.js';

const BAR_PX = 16;
const LANE_PX = 21;
const HEAD_PX = 20;
const AXIS_PX = 24;
const LANES_MAX = 60; // of one direction; what overlaps more than that is in the table below
const SA_STATES = ['active', 'superseded', 'ended', 'stale'];

// Bars into the fewest lanes in which none overlaps: a rekeying steps down one lane, then up again.
function lanesOf(bars, gap) {
  const ends = [];
  for (const bar of [...bars].sort((x, y) => x.from - y.from || x.to - y.to)) {
    const lane = ends.findIndex((end) => end + gap <= bar.from);
    bar.lane = lane >= 0 ? lane : Math.min(ends.length, LANES_MAX - 1);
    ends[bar.lane] = bar.to;
  }
  return Math.max(1, ends.length);
}

// A tick says no more than it has to: the day at midnight, seconds only where they differ.
const MILLIS = d3.utcFormat('%H:%M:%S.%L');
const SECONDS = d3.utcFormat('%H:%M:%S');
const MINUTES = d3.utcFormat('%H:%M');
const DAYS = d3.utcFormat('%d %b');
const tickText = (time) => (d3.utcSecond(time) < time ? MILLIS : d3.utcMinute(time) < time ? SECONDS : d3.utcDay(time) < time ? MINUTES : DAYS)(time);

const saBar = (sa) => ({ sa, from: instant(sa.first), to: instant(sa.last), state: SA_STATES.includes(sa.state) ? sa.state : 'ended' });

function saWords(sa) {
  const parts = [visible(sa.spi), visible(sa.state), moment(instant(sa.first)) + ' to ' + clock(instant(sa.last)) + ' (' + duration((instant(sa.last) - instant(sa.first)) / 1000) + ')',
    plural(sa.packets, 'packet') + ', ' + octets(sa.bytes)];
  if (sa.lost)
    parts.push(count(sa.lost) + ' lost');
  if (sa.replayed)
    parts.push(count(sa.replayed) + ' replayed');
  if (sa.replaces)
    parts.push('replaces ' + visible(sa.replaces));
  if (sa.continues)
    parts.push('moved here from ' + visible(sa.continues.src) + ' → ' + visible(sa.continues.dst));
  return parts.join(' · ');
}

export class Timeline {
  constructor() {
    this.frame = h('div', { class: 'timeline-frame' });
    this.told = h('p', { class: 'timeline-told', role: 'status' }, '\u00a0');
    this.element = h('div', { class: 'timeline' }, this.frame, this.told);
    this.zoomed = d3.zoomIdentity;
    new ResizeObserver(() => { if (this.groups && this.frame.clientWidth !== this.width) this.draw(); }).observe(this.frame);
  }

  // pair: {a, b}; findings and negotiations are those of the pair, `now` the sensor's time.
  set({ a, b, sas, findings, negotiations, now }) {
    const direction = (src, dst) => sas.filter((sa) => sa.src === src && sa.dst === dst).map(saBar);
    this.now = now;
    this.groups = [
      { title: visible(a, 40) + ' → ' + visible(b, 40), bars: direction(a, b) },
      { title: visible(b, 40) + ' → ' + visible(a, 40), bars: direction(b, a) },
      { title: 'Alerts: clear traffic and others', bars: findings.filter((finding) => finding.severity !== 'info').map((finding) => ({
        finding, from: instant(finding.first), to: Math.max(instant(finding.last), now), state: finding.id === 'cleartext-leak' ? 'leak' : 'alert' })) },
      { title: 'IKE', bars: negotiations.map((ike) => ({ ike, from: instant(ike.time), to: instant(ike.time), state: 'ike' })) },
    ].filter((group, i) => i < 2 || group.bars.length);
    const all = this.groups.flatMap((group) => group.bars).filter((bar) => Number.isFinite(bar.from));
    if (all.length === 0) {
      this.groups = null;
      replace(this.frame, h('p', { class: 'empty' }, 'No SA of this pair is in view. Where gateways carry the traffic, theirs is the pair with the SAs.'));
      return;
    }
    const from = Math.min(...all.map((bar) => bar.from));
    const to = Math.max(from + 1000, ...all.map((bar) => bar.to));
    const room = (to - from) * 0.02;
    this.span = [from - room, to + room];
    this.draw();
  }

  draw() {
    this.width = this.frame.clientWidth;
    if (!this.width)
      return;
    const scale = d3.scaleUtc(this.span, [8, this.width - 8]);
    const gap = (this.span[1] - this.span[0]) * 0.004;
    let y = 4;
    for (const group of this.groups) {
      group.y = y;
      y += HEAD_PX + lanesOf(group.bars, gap) * LANE_PX + 6;
    }
    const focused = this.frame.contains(document.activeElement);
    const svg = h('svg', { width: this.width, height: y + AXIS_PX, role: 'application', tabindex: '0',
      'aria-label': 'SAs over time. Arrow keys go from bar to bar, plus and minus zoom, 0 shows all. The table below says the same.' });
    svg.append(h('defs', {}, h('pattern', { id: 'hatch', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' }, h('rect', { class: 'hatch-ground', width: 6, height: 6 }), h('rect', { class: 'hatch-line', width: 2.5, height: 6 }))));
    this.axis = h('g', { class: 'axis', transform: 'translate(0,' + y + ')' });
    this.height = y;
    this.bars = this.groups.flatMap((group) => group.bars.map((bar) => this.bar(bar, group)));
    this.links = this.groups.flatMap((group) => this.linksOf(group));
    svg.append(this.axis, ...this.groups.map((group) => h('text', { class: 'lane-title', x: 8, y: group.y + 13 }, group.title)),
      ...this.links.map((link) => link.element), ...this.bars.map((bar) => bar.element));
    this.nowLine = h('line', { class: 'now', y1: 0, y2: y });
    svg.append(this.nowLine);
    replace(this.frame, svg);
    this.svg = svg;
    if (this.current)
      this.mark(this.bars.find((bar) => bar.key === this.current.key) || this.current);
    this.scale = scale;
    this.zoom = d3.zoom().scaleExtent([1, 100000]).translateExtent([[0, 0], [this.width, y]]).extent([[0, 0], [this.width, y]])
      .filter((event) => !event.ctrlKey || event.type === 'wheel')
      .on('zoom', () => { this.zoomed = d3.event.transform; this.place(); });
    const selection = d3.select(svg).call(this.zoom).on('dblclick.zoom', null);
    this.selection = selection;
    selection.call(this.zoom.transform, this.zoomed);
    svg.addEventListener('keydown', (event) => this.onKey(event));
    this.place();
    if (focused)
      svg.focus({ preventScroll: true });
  }

  bar(bar, group) {
    const y = group.y + HEAD_PX + bar.lane * LANE_PX;
    const words = bar.sa ? saWords(bar.sa) : bar.ike ? 'IKE ' + visible(bar.ike.outcome) + ', ' + visible(bar.ike.step || '') + ', ' + moment(bar.from)
      : visible(kind(bar.finding)) + ' since ' + moment(bar.from) + ' · ' + visible(bar.finding.text || '');
    bar.words = words;
    // What stays the same while traffic goes on: the words tell of it.
    bar.key = [group.title, bar.from, bar.sa ? bar.sa.spi + bar.sa.proto : bar.finding ? bar.finding.alert : ''].join(' ');
    bar.y = y;
    bar.shape = bar.ike ? h('path', { d: 'M0 2L6 8L0 14L-6 8z', transform: 'translate(0,' + y + ')' }) : h('rect', { y, height: BAR_PX, rx: 2 });
    bar.label = h('text', { class: 'bar-label', y: y + 12 }, bar.sa ? visible(bar.sa.spi, 12) : bar.ike ? '' : visible(kind(bar.finding), 40));
    bar.element = h('g', { class: 'bar b-' + (bar.ike ? 'ike-' + (bar.ike.outcome === 'established' ? 'good' : bar.ike.outcome === 'in-progress' ? 'open' : 'bad') : bar.state) },
      bar.shape, bar.label, h('title', {}, words));
    bar.element.addEventListener('click', () => this.tell(bar));
    return bar;
  }

  // From the end of each replaced SA to the start of the one that replaced it.
  linksOf(group) {
    const bySpi = new Map(group.bars.filter((bar) => bar.sa).map((bar) => [bar.sa.spi + bar.sa.proto, bar]));
    return group.bars.filter((bar) => bar.sa && bar.sa.replaces && bySpi.has(bar.sa.replaces + bar.sa.proto)).map((to) => {
      const from = bySpi.get(to.sa.replaces + to.sa.proto);
      return { from, to, element: h('path', { class: 'link' }) };
    });
  }

  place() {
    const scale = this.zoomed.rescaleX(this.scale);
    for (const bar of this.bars) {
      const left = scale(bar.from);
      const width = Math.max(3, scale(bar.to) - left);
      if (bar.ike) {
        bar.shape.setAttribute('transform', 'translate(' + left + ',' + bar.y + ')');
        continue;
      }
      bar.shape.setAttribute('x', left);
      bar.shape.setAttribute('width', width);
      const start = Math.max(left, 8);
      bar.label.setAttribute('x', start + 5);
      bar.label.style.display = left + width - start > bar.label.textContent.length * 6.8 + 8 ? '' : 'none';
    }
    for (const { from, to, element } of this.links) {
      const [x1, y1, x2, y2] = [scale(to.from), from.y + BAR_PX / 2, scale(to.from), to.y + BAR_PX / 2];
      element.setAttribute('d', from.y === to.y ? `M${scale(from.to)} ${y1}H${x2}` : `M${x1} ${y1}V${y2}`);
    }
    this.nowLine.setAttribute('x1', scale(this.now));
    this.nowLine.setAttribute('x2', scale(this.now));
    d3.select(this.axis).call(d3.axisBottom(scale).tickFormat(tickText).ticks(Math.max(2, this.width / 110)).tickSizeInner(-this.height));
  }

  mark(bar) {
    for (const other of this.bars)
      other.element.classList.toggle('at', other === bar);
    this.current = bar;
  }

  tell(bar) {
    this.mark(bar);
    this.told.textContent = bar.words;
  }

  onKey(event) {
    const keys = { '+': 1.6, '=': 1.6, '-': 1 / 1.6 };
    if (event.key in keys) {
      this.selection.call(this.zoom.scaleBy, keys[event.key], this.current ? [this.zoomed.rescaleX(this.scale)(this.current.from), 0] : undefined);
    } else if (event.key === '0') {
      this.selection.call(this.zoom.transform, d3.zoomIdentity);
    } else if (event.key.startsWith('Arrow')) {
      const inOrder = [...this.bars].sort((x, y) => (event.key === 'ArrowUp' || event.key === 'ArrowDown' ? x.y - y.y || x.from - y.from : x.from - y.from || x.y - y.y));
      const step = event.key === 'ArrowRight' || event.key === 'ArrowDown' ? 1 : -1;
      const at = inOrder.findIndex((bar) => this.current && bar.key === this.current.key);
      const next = inOrder[Math.min(inOrder.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
      this.tell(next);
      const x = this.zoomed.rescaleX(this.scale)(next.from);
      if (x < 0 || x > this.width)
        this.selection.call(this.zoom.translateBy, (this.width / 2 - x) / this.zoomed.k, 0);
    } else {
      return;
    }
    event.preventDefault();
  }
}
