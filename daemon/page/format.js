// SPDX-License-Identifier: Apache-2.0
// Figures, times and words as the page shows them. Times are UTC, as in every record.

export const VERDICTS = ['cleartext', 'mixed', 'integrity-only', 'negotiating', 'secured', 'idle'];
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'];

// Colour is never all that tells: each verdict and severity has a mark of its own.
const VERDICT_MARKS = { cleartext: '✕', mixed: '◐', 'integrity-only': '◇', negotiating: '…', secured: '●', idle: '·' };
const SEVERITY_MARKS = { critical: '‼', high: '▲', medium: '◆', low: '▽', info: 'i' };

export const verdictMark = (verdict) => VERDICT_MARKS[verdict] || '?';
export const severityMark = (severity) => SEVERITY_MARKS[severity] || '?';
export const verdictRank = (verdict) => (VERDICTS.indexOf(verdict) + VERDICTS.length + 1) % (VERDICTS.length + 1);
export const severityRank = (severity) => (SEVERITIES.indexOf(severity) < 0 ? SEVERITIES.length : SEVERITIES.indexOf(severity));

const THIN = '\u202f';

export function count(value) {
  if (!Number.isFinite(value))
    return '–';
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, THIN);
}

export function octets(value) {
  if (!Number.isFinite(value))
    return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return (unit ? value.toFixed(1) : String(value)) + ' ' + units[unit];
}

export function duration(seconds) {
  if (!Number.isFinite(seconds))
    return '–';
  const s = Math.max(0, seconds);
  if (s < 10)
    return s.toFixed(1) + ' s';
  if (s < 120)
    return Math.round(s) + ' s';
  if (s < 7200)
    return Math.round(s / 60) + ' min';
  if (s < 172800)
    return Math.floor(s / 3600) + ' h ' + String(Math.floor((s % 3600) / 60)).padStart(2, '0');
  return Math.round(s / 86400) + ' d';
}

// Milliseconds since the epoch of a record's time, NaN if there is none.
export const instant = (text) => (typeof text === 'string' ? Date.parse(text) : NaN);

export function clock(ms) {
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(11, 19) : '–';
}

export function moment(ms) {
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 19).replace('T', ' ') : '–';
}

// With the date only where it is not that of `now`.
export function when(ms, now) {
  if (!Number.isFinite(ms))
    return '–';
  return moment(ms).slice(0, 10) === moment(now).slice(0, 10) ? clock(ms) : moment(ms);
}

export function percent(part, whole) {
  if (!(whole > 0))
    return '–';
  const share = (100 * part) / whole;
  const some = share > 0 && share < 0.1 ? '<0.1' : part < whole && share >= 99.95 ? '>99.9' : ''; // neither none nor all
  return (some || share.toFixed(share >= 99.95 || share === 0 ? 0 : 1)) + '\u00a0%';
}

// Clear traffic that no rule speaks of, or that the rule allows, of a pair that never spoke ESP is ordinary: it has its word, and the
// colour of idle.
export const ordinary = (pair) => pair.verdict === 'cleartext' && !(pair.esp && pair.esp.packets) && !(pair.rule && pair.offending && pair.offending.packets);
export const toneOf = (pair) => (ordinary(pair) ? 'idle' : pair.verdict);

export const plural = (n, one, many = one + 's') => count(n) + ' ' + (n === 1 ? one : many);

export const clearOctets = (pair) => (pair.cleartext || []).reduce((sum, row) => sum + (row.bytes || 0), 0);
export const clearNames = (pair) => (pair.cleartext || []).map((row) => row.protocol);
export const pairKey = (a, b, realm) => JSON.stringify([a, b, realm ?? null]); // the realm: where equal addresses are of several networks
export const pairLink = (a, b) => '#/pair/' + encodeURIComponent(a) + '/' + encodeURIComponent(b);
