// SPDX-License-Identifier: Apache-2.0
// A table of any length: only the rows in view are elements. Sorted by its heads, moved through with the arrow keys; a
// screen reader is told the true number of rows.
import { h, replace } from './dom.js';

const ROW_PX = 30;
const SPARE_ROWS = 8;

// columns: [{id, title, class, cell(row) -> nodes, compare(a, b), descending}], open(row) is Enter or a click.
export class Grid {
  constructor({ label, columns, keyOf, open, sort, empty }) {
    this.columns = columns;
    this.keyOf = keyOf;
    this.open = open;
    this.empty = empty;
    this.rows = [];
    this.sort = sort;
    this.current = null; // key of the row that the keyboard is at
    this.heads = columns.map((column) =>
      h('div', { role: 'columnheader', class: 'cell ' + (column.class || '') },
        column.compare
          ? h('button', { type: 'button', onclick: () => this.sortBy(column) }, column.title, h('span', { class: 'arrow', 'aria-hidden': 'true' }))
          : column.title));
    this.head = h('div', { role: 'row', class: 'grid-head', 'aria-rowindex': '1' }, this.heads);
    this.space = h('div', { role: 'rowgroup', class: 'grid-space', onclick: (event) => this.onClick(event) });
    this.note = h('p', { class: 'empty', hidden: true });
    this.element = h('div', { role: 'grid', class: 'grid', 'aria-label': label, 'aria-colcount': columns.length, tabindex: '0' },
      h('div', { role: 'rowgroup', class: 'grid-top' }, this.head), this.space, this.note);
    this.element.addEventListener('scroll', () => this.draw(), { passive: true });
    this.element.addEventListener('keydown', (event) => this.onKey(event));
    new ResizeObserver(() => this.draw()).observe(this.element);
    this.showSort();
  }

  set(rows) {
    this.unsorted = rows;
    const { column, down } = this.sort;
    const compare = this.columns.find((one) => one.id === column).compare;
    this.rows = [...rows].sort((a, b) => (down ? compare(b, a) : compare(a, b)) || (this.keyOf(a) < this.keyOf(b) ? -1 : 1));
    this.element.setAttribute('aria-rowcount', this.rows.length + 1);
    this.space.style.height = this.rows.length * ROW_PX + 'px';
    this.note.hidden = this.rows.length > 0;
    this.note.textContent = this.empty();
    this.draw(true);
  }

  sortBy(column) {
    const same = this.sort.column === column.id;
    this.sort = { column: column.id, down: same ? !this.sort.down : Boolean(column.descending) };
    this.showSort();
    this.element.scrollTop = 0;
    this.set(this.unsorted || []);
  }

  showSort() {
    this.columns.forEach((column, i) => {
      const on = column.id === this.sort.column;
      const head = this.heads[i];
      if (on)
        head.setAttribute('aria-sort', this.sort.down ? 'descending' : 'ascending');
      else
        head.removeAttribute('aria-sort');
      const arrow = head.querySelector('.arrow');
      if (arrow)
        arrow.textContent = on ? (this.sort.down ? '▾' : '▴') : '';
    });
  }

  draw(fresh) {
    const top = Math.max(0, Math.floor(this.element.scrollTop / ROW_PX) - SPARE_ROWS);
    const shown = Math.ceil(this.element.clientHeight / ROW_PX) + 2 * SPARE_ROWS;
    const bottom = Math.min(this.rows.length, top + shown);
    const at = top + ':' + bottom + ':' + this.current;
    if (!fresh && at === this.drawn)
      return;
    this.drawn = at;
    const rows = [];
    for (let i = top; i < bottom; i++)
      rows.push(this.row(this.rows[i], i));
    replace(this.space, rows);
    const active = this.current === null ? null : this.space.querySelector('[aria-selected="true"]');
    if (active)
      this.element.setAttribute('aria-activedescendant', active.id);
    else
      this.element.removeAttribute('aria-activedescendant');
  }

  row(row, i) {
    const selected = this.keyOf(row) === this.current;
    const element = h('div', {
      role: 'row', id: 'row-' + i, class: 'grid-row', 'aria-rowindex': i + 2, 'aria-selected': selected ? 'true' : 'false',
    }, this.columns.map((column) => h('div', { role: 'gridcell', class: 'cell ' + (column.class || '') }, column.cell(row))));
    element.style.transform = 'translateY(' + i * ROW_PX + 'px)';
    return element;
  }

  // By the place, not by the element: rows may have been drawn anew since the button went down.
  onClick(event) {
    const row = this.rows[Math.floor((event.clientY - this.space.getBoundingClientRect().top) / ROW_PX)];
    if (row)
      this.open(row);
  }

  onKey(event) {
    if (event.target !== this.element)
      return;
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW_PX) - 2);
    const from = this.rows.findIndex((row) => this.keyOf(row) === this.current);
    const steps = { ArrowDown: from + 1, ArrowUp: from - 1, PageDown: from + page, PageUp: from - page, Home: 0, End: this.rows.length - 1 };
    if (event.key === 'Enter' && from >= 0) {
      this.open(this.rows[from]);
    } else if (event.key in steps && this.rows.length) {
      const to = Math.min(this.rows.length - 1, Math.max(0, steps[event.key]));
      this.current = this.keyOf(this.rows[to]);
      const y = to * ROW_PX;
      const room = this.element.clientHeight - this.head.offsetHeight - ROW_PX;
      if (y < this.element.scrollTop)
        this.element.scrollTop = y;
      else if (y > this.element.scrollTop + room)
        this.element.scrollTop = y - room;
      this.draw();
    } else {
      return;
    }
    event.preventDefault();
  }
}
