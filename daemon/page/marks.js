// SPDX-License-Identifier: Apache-2.0
// The marks that several views share: verdict, severity, the two ends of a pair.
import { h, wire } from './dom.js';
import { pairLink, severityMark, severityRank, verdictMark, verdictRank } from './format.js';

export const verdictClass = (verdict) => 'v-' + (verdictRank(verdict) < 6 ? verdict : 'unknown');
export const severityClass = (severity) => 's-' + (severityRank(severity) < 5 ? severity : 'info');

export const verdict = (name, tone = name) =>
  h('span', { class: 'verdict ' + verdictClass(tone) }, h('span', { class: 'mark', 'aria-hidden': 'true' }, verdictMark(name)), wire(name || 'unknown'));

export const severity = (name) =>
  h('span', { class: 'severity ' + severityClass(name) }, h('span', { class: 'mark', 'aria-hidden': 'true' }, severityMark(name)), wire(name || 'info'));

export const ends = (a, b, arrow = '↔') =>
  h('span', { class: 'ends' }, wire(a, { class: 'address' }), h('span', { class: 'arrow-between' }, arrow), wire(b, { class: 'address' }));

// Of which network the addresses are, where the sensor keeps several apart.
export const inRealm = (record) => (record.realm ? h('span', { class: 'faint' }, ' in ', wire(record.realm)) : null);

export const pairAnchor = (a, b) => h('a', { href: pairLink(a, b), class: 'pair-anchor' }, ends(a, b));

// Heads of columns whose figures stand at the right.
export const NUMBERS = new Set(['Age', 'Packets', 'Volume', 'Lost', 'Replayed', 'Frames', 'Per second', 'Dropped by kernel', 'Dropped by interface', 'Ring', 'Used of late', 'At most', 'Times full', 'Share',
  'Entries', 'Limit', 'Evicted', 'Memory', 'Delivered', 'Waiting', 'Given up']);

// What a finding is about, in one line.
export function subject(finding) {
  const about = finding.subject || {};
  if (about.kind === 'pair' && about.a)
    return pairAnchor(about.a, about.b);
  if (about.kind === 'sa' && about.src)
    return h('span', {}, ends(about.src, about.dst, '→'), ' ', wire(about.spi, { class: 'spi' }));
  if (about.kind === 'host' && about.address)
    return h('span', {}, 'host ', wire(about.address, { class: 'address' }));
  return h('span', {}, 'sensor ', wire(about.name || finding.sensor || ''));
}

// Whether a finding is about the pair of these two addresses.
export function concerns(finding, a, b) {
  const about = finding.subject || {};
  const both = (x, y) => (x === a && y === b) || (x === b && y === a);
  return both(finding.a, finding.b) || both(about.src, about.dst) || both(about.a, about.b);
}
