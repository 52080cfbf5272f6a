/**
 * The text beside the pointer: hemisphere, vertex, regions and exact values.
 * @module readout
 */
import { exactText } from './colours.js';
import { element } from './dom.js';

const NO_DATA = 'no data';
const HEMI_NAMES = { left: 'Left', right: 'Right' };

/**
 * @param {{hemi: string, vertex: number, pane: number}} hit
 * @param {import('./model.js').MapData[]} maps of the panes
 * @param {import('./model.js').LabelSet[]} labelSets
 * @param {(map: import('./model.js').MapData) => import('./model.js').MapData | null} secondOf
 * @param {import('./model.js').MapData[]} others maps that are read out besides, where they have a value
 * @returns {{hemi: string, vertex: number, regions: string[], values: {name: string, label: string, unit: string, text: string, exact: boolean, beside: boolean}[]}}
 */
export function readoutLines(hit, maps, labelSets, secondOf, others = []) {
  const shown = maps.flatMap((m) => [m, secondOf(m)]).filter(Boolean);
  const all = [...new Set([...shown, ...others.filter((m) => Number.isFinite(m.values(hit.hemi)?.[hit.vertex]))])];
  return {
    hemi: hit.hemi,
    vertex: hit.vertex,
    regions: [...new Set(labelSets.map((s) => s.nameAt(hit.hemi, hit.vertex)).filter(Boolean))],
    values: all.map((map) => ({ ...valueLine(map, hit), beside: !shown.includes(map) })),
  };
}

function valueLine(map, { hemi, vertex }) {
  const value = map.values(hemi)?.[vertex];
  const { name, label, unit, categories } = map.spec;
  if (value === undefined) return { name, label, unit: '', text: NO_DATA, exact: true };
  if (categories) return { name, label, unit: '', text: categories[value]?.name ?? 'none', exact: true };
  if (Number.isNaN(value)) return { name, label, unit: '', text: NO_DATA, exact: true };
  return { name, label, unit, text: exactText(value), exact: map.isExact };
}

/** The box that follows the pointer. */
export class Readout {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.root = element('div', { className: 'cv-readout', hidden: true });
    parent.append(this.root);
  }

  /** @param {ReturnType<typeof readoutLines>} lines @param {number} x @param {number} y @param {{width: number, height: number}} stage */
  show(lines, x, y, stage) {
    const regions = lines.regions.length ? lines.regions.join(', ') : 'no named region';
    this.root.replaceChildren(
      element('div', { className: 'cv-where' }, element('b', { className: 'cv-regions' }, regions)),
      element('div', { className: 'cv-place' }, `${HEMI_NAMES[lines.hemi]} hemisphere, vertex `, element('span', { className: 'cv-vertex' }, String(lines.vertex))),
      ...lines.values.map((v) => element('div', { className: v.beside ? 'cv-value cv-place' : 'cv-value', 'data-map': v.name }, `${v.label} `,
        element('b', { className: 'cv-number' }, `${v.exact ? '' : '≈ '}${v.text}`), v.unit ? ` ${v.unit}` : '', v.exact ? '' : ' (exact value on its way)')),
    );
    Object.assign(this.root.dataset, { hemi: lines.hemi, vertex: String(lines.vertex), regions: lines.regions.join('|') });
    this.root.hidden = false;
    const { offsetWidth: w, offsetHeight: h } = this.root;
    this.root.style.left = `${x + 18 + w > stage.width ? Math.max(0, x - w - 14) : x + 18}px`;
    this.root.style.top = `${y + 18 + h > stage.height ? Math.max(0, y - h - 14) : y + 18}px`;
  }

  hide() {
    this.root.hidden = true;
  }

  text() {
    return this.root.hidden ? '' : [...this.root.children].map((c) => c.textContent).join('; ');
  }
}
