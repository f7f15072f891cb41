// SPDX-License-Identifier: Apache-2.0
// Elements of the page. Everything from the sensor passes through here as text, never as markup: names come from packets
// and may be hostile.

const SVG = 'http://www.w3.org/2000/svg';
const SVG_TAGS = new Set(['svg', 'g', 'rect', 'path', 'line', 'text', 'circle', 'title', 'defs', 'pattern']);
const TEXT_MAX = 400;

// Control characters, marks that turn the direction of text, and those without width, shown by number.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]/g;

// A text from the sensor as a person may safely see it: one line, nothing hidden, not without end.
export function visible(text, longest = TEXT_MAX) {
  const clean = String(text).replace(UNSEEN, (mark) => '⟨' + mark.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0') + '⟩');
  const letters = clean.length > longest ? Array.from(clean) : null;
  return letters && letters.length > longest ? letters.slice(0, longest).join('') + '…' : clean;
}

// h('td', {class: 'a', onclick: f}, 'text', element, null...): children that are null are left out.
export function h(tag, attributes, ...children) {
  const element = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false)
      continue;
    if (name.startsWith('on'))
      element.addEventListener(name.slice(2), value);
    else
      element.setAttribute(name, value === true ? '' : value);
  }
  add(element, children);
  return element;
}

function add(element, children) {
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false)
      continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

// Text that came from the wire: isolated, so that right-to-left names do not turn what stands beside them.
export function wire(text, attributes) {
  const shown = visible(text);
  return h('bdi', { ...attributes, title: shown.length > 40 ? shown : null }, shown);
}

export function replace(element, ...children) {
  element.replaceChildren();
  add(element, children);
}

// Sets text only where it changed, so that a screen reader is not told again and a selection stays.
export function setText(element, text) {
  if (element.textContent !== text)
    element.textContent = text;
}

// Brings the children of `parent` into line with `items`, keeping the elements of those that stay: what is unfolded stays
// unfolded, what has the focus keeps it. create(item) returns an element, update(element, item) refreshes it.
export function reconcile(parent, items, keyOf, create, update) {
  const old = new Map();
  for (const element of parent.children)
    old.set(element.dataset.key, element);
  let at = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let element = old.get(key);
    if (element) {
      old.delete(key);
    } else {
      element = create(item);
      element.dataset.key = key;
    }
    update(element, item);
    if (element === at)
      at = at.nextElementSibling;
    else
      parent.insertBefore(element, at);
  }
  for (const element of old.values())
    element.remove();
}
