// SPDX-License-Identifier: Apache-2.0
// Open alerts: what, why, since when, how sure, what to do; the evidence unfolds.
import { count, duration, instant, octets, plural, SEVERITIES, severityRank, when } from './format.js';
import { h, reconcile, replace, setText, visible, wire } from './dom.js';
import { severity, severityClass, subject } from './marks.js';
import { watch } from './data.js';

export const kind = (finding) => (finding.cause ? finding.id + '/' + finding.cause : finding.id);

export const byWeight = (a, b) => severityRank(a.severity) - severityRank(b.severity) || instant(b.first) - instant(a.first);

function evidenceRows(finding) {
  const rows = Object.entries(finding.evidence || {}).map(([key, value]) => [key.replace(/_/g, ' '), value]);
  for (const key of ['interface', 'vlan', 'realm', 'spi', 'ike_spi', 'community_id', 'windows_event', 'alert'])
    if (finding[key] !== null && finding[key] !== undefined)
      rows.push([key.replace(/_/g, ' '), finding[key]]);
  return rows.flatMap(([key, value]) => [h('dt', {}, visible(key)),
    h('dd', {}, wire(value !== null && typeof value === 'object' ? JSON.stringify(value) : value === true ? 'yes' : value === false ? 'no' : value))]);
}

function create(finding) {
  return h('article', { class: 'alert ' + severityClass(finding.severity) },
    h('h3', { class: 'alert-head' }), h('p', { class: 'alert-text' }), h('p', { class: 'alert-facts' }), h('p', { class: 'advice' }),
    h('details', {}, h('summary', {}, 'Evidence'), h('dl', { class: 'evidence' })));
}

// `now` is the sensor's, in milliseconds.
function update(element, finding, now) {
  const [head, text, facts, advice, details] = element.children;
  const shown = JSON.stringify(finding);
  element.className = 'alert ' + severityClass(finding.severity) + (finding.acknowledged_until ? ' acknowledged' : '');
  const since = 'since ' + when(instant(finding.first), now) + ' UTC, ' + duration((now - instant(finding.first)) / 1000);
  if (element.shown !== shown) {
    element.shown = shown;
    replace(head, severity(finding.severity), h('span', { class: 'kind' }, visible(kind(finding))), subject(finding));
    setText(text, visible(finding.text || '', 1000));
    setText(advice, '→ ' + visible(finding.advice || '', 1000));
    advice.hidden = !finding.advice;
    replace(details.lastElementChild, evidenceRows(finding));
  }
  const words = [since, finding.grade, finding.bytes ? plural(finding.count, 'packet') + ', ' + octets(finding.bytes) : null,
    finding.rule ? 'rule ' + visible(finding.rule, 60) : null, finding.realm ? 'realm ' + visible(finding.realm, 60) : null,
    finding.acknowledged_until ? 'acknowledged until ' + when(instant(finding.acknowledged_until), now) : null];
  setText(facts, words.filter(Boolean).join(' · '));
}

// A list that follows the alerts it is given.
export class AlertList {
  constructor(empty, brief) {
    this.empty = h('p', { class: 'empty' }, empty);
    this.list = h('div', { class: brief ? 'alerts brief' : 'alerts' });
    this.element = h('div', { class: 'alert-list' }, this.empty, this.list);
  }

  set(alerts, now) {
    this.empty.hidden = alerts.length > 0;
    reconcile(this.list, alerts, (finding) => String(finding.alert), create, (element, finding) => update(element, finding, now));
  }
}

export function alertsView(main) {
  const list = new AlertList('No alert is open. What the sensor saw ends as it should.');
  const summary = h('p', { class: 'hint' });
  const filter = h('input', { type: 'search', placeholder: 'address, rule, kind…', 'aria-label': 'Filter alerts', maxlength: 200 });
  const least = h('select', { 'aria-label': 'Least severity' }, SEVERITIES.map((name) => h('option', { value: name, selected: name === 'info' }, name === 'critical' ? 'critical' : name + ' and above')));
  let body = null;
  const draw = () => {
    if (!body)
      return;
    const word = filter.value.trim().toLowerCase();
    const alerts = body.alerts.filter((finding) => severityRank(finding.severity) <= severityRank(least.value) &&
      (!word || JSON.stringify(finding).toLowerCase().includes(word))).sort(byWeight);
    setText(summary, alerts.length === body.alerts.length ? plural(alerts.length, 'open alert') : count(alerts.length) + ' of ' + plural(body.alerts.length, 'open alert'));
    list.set(alerts, instant(body.time));
  };
  filter.addEventListener('input', draw);
  least.addEventListener('change', draw);
  replace(main, h('section', { class: 'panel' }, h('div', { class: 'panel-head' }, h('h2', {}, 'Open alerts'), summary, h('div', { class: 'tools' }, least, filter)),
    list.element, h('p', { class: 'hint' }, 'Alerts that ended: ', h('code', {}, 'espial alerts --since 1d'), ' on the sensor’s host.')));
  return [watch('alerts', (answer) => { body = answer; draw(); })];
}
