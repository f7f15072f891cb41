// SPDX-License-Identifier: Apache-2.0
// How the sensor itself fares: an auditor that is blind has to say so.
import { count, duration, instant, moment, octets, percent, plural } from './format.js';
import { h, replace, wire } from './dom.js';
import { NUMBERS } from './marks.js';
import { watch } from './data.js';

const CLASSES = { esp: 'ESP', ah: 'AH', ike: 'IKE', keepalive: 'NAT keepalive', icmp: 'ICMP', cleartext: 'cleartext', fragment: 'later fragments', non_ip: 'not IP', malformed: 'malformed', truncated: 'cut short' };

const th = (titles) => h('thead', {}, h('tr', {}, titles.map((title) => h('th', { scope: 'col', class: NUMBERS.has(title) ? 'number' : null }, title))));
const number = (text, bad) => h('td', { class: 'number' + (bad ? ' is-clear' : '') }, text);
const panel = (title, ...content) => h('section', { class: 'panel' }, h('div', { class: 'panel-head' }, h('h2', {}, title)), h('div', { class: 'scroll' }, content));

// `brim`: being full is bad, as of a table.
function meter(used, limit, brim) {
  const part = h('span', { class: 'part' + (brim && used > 0.9 * limit ? ' full' : ''), hidden: used === 0 });
  part.style.width = Math.min(100, (100 * used) / Math.max(1, limit)) + '%';
  return h('span', { class: 'track', role: 'img', 'aria-label': percent(used, limit) + ' used' }, part);
}

function draw(main, status) {
  const now = instant(status.time);
  const summary = status.summary || { classes: {} };
  const packets = summary.packets || 0;
  const rate = (value, text) => (value === null || value === undefined ? '–' : text(value));
  replace(main,
    panel('This sensor', h('dl', { class: 'facts' }, [
      ['Name', wire(status.sensor)], ['Version', wire(status.version || '–')], ['Engine runs since', moment(instant(status.started)) + ' UTC, ' + duration((now - instant(status.started)) / 1000)],
      ['Frames', count(packets) + ', ' + octets(summary.bytes || 0)], ['Now', status.packets_per_second === null ? 'not known yet' : count(status.packets_per_second) + ' packets/s, ' + octets(Math.round(status.bits_per_second / 8)) + '/s'],
      ['State as of', moment(now) + ' UTC'],
    ].map(([title, value]) => h('div', {}, h('dt', {}, title), h('dd', {}, value))))),
    panel('Interfaces', status.interfaces.length ? h('table', { class: 'plain' }, th(['Interface', 'State', 'Frames', 'Per second', 'Dropped by kernel', 'Dropped by interface', 'Ring', 'Used of late', 'At most', 'Times full']),
      h('tbody', {}, status.interfaces.map((one) => h('tr', {}, h('th', { scope: 'row' }, wire(one.name)), h('td', {}, one.up ? '● up' : h('span', { class: 'is-clear' }, '✕ down')),
        number(count(one.received)), number(rate(one.frames_per_second, count)), number(count(one.dropped) + (one.dropped ? ' (' + percent(one.dropped, one.dropped + one.received) + ')' : ''), one.dropped > 0), number(count(one.interface_dropped), one.interface_dropped > 0),
        number(one.ring ? octets(one.ring) : '–'), number(percent(one.ring_used, one.ring), one.ring_used > 0.9 * one.ring), number(percent(one.ring_peak, one.ring)), number(count(one.ring_full), one.ring_full > 0)))))
      : h('p', { class: 'empty' }, 'The engine has not said yet what it captures on.')),
    h('div', { class: 'columns even' },
      panel('What passed', h('table', { class: 'plain' }, th(['Class', 'Frames', 'Share', '']), h('tbody', {}, Object.entries(CLASSES).map(([key, title]) =>
        h('tr', {}, h('th', { scope: 'row' }, title), number(count(summary.classes[key] || 0)), number(percent(summary.classes[key] || 0, packets)), h('td', { class: 'wide' }, meter(summary.classes[key] || 0, packets))))))),
      panel('Tables and memory', h('table', { class: 'plain' }, th(['Table', 'Entries', 'Limit', 'Fill', 'Evicted', 'Memory']), h('tbody', {}, status.tables.map((one) =>
        h('tr', {}, h('th', { scope: 'row' }, wire(one.name)), number(count(one.used)), number(count(one.limit)), h('td', { class: 'wide' }, meter(one.used, one.limit, true)), number(count(one.evicted), one.evicted > 0), number(octets(one.bytes)))))),
      h('p', { class: 'hint' }, 'Memory of all tables: ' + octets(status.memory || 0) + '. Not tracked for want of room: ' + plural(status.untracked || 0, 'packet') + '; not judged: ' + plural(status.transitions_lost || 0, 'transition') + '.'))),
    panel('Sinks', status.sinks.length ? h('table', { class: 'plain' }, th(['Sink', 'State', 'Delivered', 'Waiting', 'Given up', 'Problem']), h('tbody', {}, status.sinks.map((one) =>
      h('tr', {}, h('th', { scope: 'row' }, wire(one.name)), h('td', {}, one.up ? '● up' : h('span', { class: 'is-clear' }, '✕ down')), number(count(one.delivered)), number(count(one.queued), one.queued > 0), number(count(one.dropped), one.dropped > 0), h('td', {}, wire(one.problem || ''))))))
      : h('p', { class: 'empty' }, 'No sink is configured: nobody is told of alerts but who looks here.')));
}

export function sensorView(main) {
  return [watch('status', (status) => draw(main, status))];
}
