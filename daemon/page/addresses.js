// SPDX-License-Identifier: Apache-2.0
// Addresses as numbers: their order, and the networks that many of them are folded into.

// 128 bits, IPv4 below IPv6; null for what is no address.
export function addressBits(text) {
  const four = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (four)
    return { family: 4, bits: four.slice(1).reduce((sum, part) => (sum << 8n) | BigInt(part), 0n) };
  if (!/^[0-9a-f:.]+$/i.test(text) || !text.includes(':') || text.length > 45)
    return null;
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (tail) {
    const low = addressBits(tail[2]);
    text = tail[1] + (low.bits >> 16n).toString(16) + ':' + (low.bits & 0xffffn).toString(16);
  }
  const halves = text.split('::');
  const left = halves[0] ? halves[0].split(':') : [];
  const right = halves.length > 1 && halves[1] ? halves[1].split(':') : [];
  const groups = halves.length > 1 ? [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right] : left;
  if (groups.length !== 8 || groups.some((group) => !/^[0-9a-f]{1,4}$/i.test(group)))
    return null;
  return { family: 6, bits: groups.reduce((sum, group) => (sum << 16n) | BigInt('0x' + group), 0n) };
}

export function compareAddresses(a, b) {
  const left = addressBits(a);
  const right = addressBits(b);
  if (!left || !right)
    return left ? -1 : right ? 1 : a < b ? -1 : a > b ? 1 : 0;
  if (left.family !== right.family)
    return left.family - right.family;
  return left.bits < right.bits ? -1 : left.bits > right.bits ? 1 : 0;
}

function bitsText(family, bits) {
  if (family === 4)
    return [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 0xffn)).join('.');
  const groups = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n)
    groups.push(((bits >> shift) & 0xffffn).toString(16));
  return groups.join(':').replace(/(^|:)(0(:0)+)(:|$)/, '::');
}

// The network of an address with so many bits of 32 or 128; the address itself for the whole, and for what is none.
export function networkOf(text, length4, length6) {
  const address = addressBits(text);
  if (!address)
    return text;
  const [length, whole] = address.family === 4 ? [length4, 32] : [length6, 128];
  if (length >= whole)
    return text;
  const host = BigInt(whole - length);
  return bitsText(address.family, (address.bits >> host) << host) + '/' + length;
}

// From single addresses to the whole world: the first step with at most `most` different groups is taken.
const STEPS = [[32, 128], [28, 96], [24, 64], [20, 56], [16, 48], [12, 40], [8, 32], [0, 0]];

export function fold(addresses, most) {
  for (const [four, six] of STEPS) {
    const groupOf = new Map(addresses.map((text) => [text, networkOf(text, four, six)]));
    const groups = [...new Set(groupOf.values())];
    if (groups.length <= most || four === 0)
      return { groupOf, groups: groups.sort((a, b) => compareAddresses(a.split('/')[0], b.split('/')[0])), folded: four < 32 };
  }
  return null;
}
