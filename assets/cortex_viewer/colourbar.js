/**
 * The colour bar: label, unit, histogram, range and threshold; drawn on any 2-D canvas, and on the
 * page with handles that can be dragged or moved by arrow keys.
 * @module colourbar
 */
import { colourAt, histogram, percentile, shareOf, shortText, valueAt } from './colours.js';
import { element, placeIn, zoomOf } from './dom.js';
import { BAR_HEIGHT, textSize } from './layout.js';
import { clamp } from './math.js';

const TOP = 15, HIST = 18, RAMP = 9;
const APART = 8;

/**
 * @typedef {{label: string, unit: string, note: string, kind: string, lut: Uint8Array, sorted: Float32Array,
 *   range: import('./colours.js').Range, cut: number, twoSided: boolean, centre: number, shown: string,
 *   categories: {name: string, colour: string}[] | null,
 *   square: {bytes: Uint8Array, size: number, label: string, range: import('./colours.js').Range} | null}} BarSpec
 * @typedef {{text: string, quiet: string, ground: string, font: string, least?: number, head?: number}} Ink least: smallest text, head: height of a pane's header, own pixels
 */

/** The stretch of numbers that the bar spans: nearly all values and the whole range. @param {BarSpec} spec @returns {import('./colours.js').Range} */
export function barDomain({ sorted, range, kind, centre }) {
  const low = sorted.length ? percentile(sorted, 0.1) : range.low;
  const high = sorted.length ? percentile(sorted, 99.9) : range.high;
  if (range.log) return { low: Math.min(low, range.low), high: Math.max(high, range.high), log: true };
  const pad = 0.02 * (range.high - range.low);
  const domain = { low: Math.min(low, range.low) - pad, high: Math.max(high, range.high) + pad };
  if (kind !== 'diverging') return domain;
  const reach = Math.max(domain.high - centre, centre - domain.low);
  return { low: centre - reach, high: centre + reach };
}

/** Name with unit, and what else is shown. @param {BarSpec} spec @returns {string} */
export function titled({ label, unit, note }) {
  return `${unit ? `${label} (${unit})` : label}${note}`;
}

/** @param {CanvasRenderingContext2D} g @param {import('./layout.js').Rect} box @param {BarSpec} spec @param {Ink} ink */
export function drawBar(g, box, spec, ink) {
  g.save();
  g.font = `600 ${textSize(12, ink)}px ${ink.font}`;
  g.textBaseline = 'alphabetic';
  g.fillStyle = ink.text;
  g.textAlign = 'left';
  const ramp = { ...box, width: box.width - (spec.square ? 62 : 0) };
  const title = titled(spec);
  g.fillText(title, ramp.x, ramp.y + 11, ramp.width);
  const left = ramp.width - g.measureText(title).width;
  if (spec.categories) drawCategories(g, box, spec.categories, ink);
  else {
    drawRamp(g, ramp, spec, ink);
    writeShown(g, ramp, spec, ink, left - APART);
  }
  if (spec.square) drawSquare(g, box, spec.square, ink);
  g.restore();
}

/** How many vertices pass the threshold, where that fits beside the title. */
function writeShown(g, box, spec, ink, room) {
  g.font = `${textSize(11, ink)}px ${ink.font}`;
  if (!spec.shown || g.measureText(spec.shown).width > room) return;
  g.textAlign = 'right';
  g.fillStyle = ink.quiet;
  g.fillText(spec.shown, box.x + box.width, box.y + 11);
}

function drawRamp(g, box, spec, ink) {
  const domain = barDomain(spec);
  const columns = Math.max(1, Math.floor(box.width));
  const x = (v) => box.x + shareOf(domain, v) * box.width;
  const painted = (v) => (spec.twoSided ? Math.abs(v - spec.centre) : v) >= spec.cut;
  const counts = histogram(spec.sorted, domain, Math.max(1, Math.floor(columns / 3)));
  const tallest = Math.max(1, ...counts);
  const step = box.width / counts.length;
  counts.forEach((count, i) => {
    const value = valueAt(domain, (i + 0.5) / counts.length);
    const height = count ? Math.max(1, HIST * Math.sqrt(count / tallest)) : 0;
    g.globalAlpha = painted(value) ? 0.75 : 0.22;
    g.fillStyle = ink.quiet;
    g.fillRect(box.x + i * step, box.y + TOP + HIST - height, Math.max(1, step - 0.6), height);
  });
  g.globalAlpha = 1;
  for (let i = 0; i < columns; i++) {
    const value = valueAt(domain, (i + 0.5) / columns);
    g.fillStyle = painted(value) ? `rgb(${colourAt(spec.lut, spec.range, value).join(',')})` : '#a9a9a9';
    g.fillRect(box.x + i, box.y + TOP + HIST + 1, Math.min(2, box.width - i), RAMP);
  }
  drawMarks(g, box, spec, ink, x);
}

function drawMarks(g, box, spec, ink, x) {
  const bottom = box.y + TOP + HIST + RAMP + 13;
  g.font = `${textSize(11, ink)}px ${ink.font}`;
  g.fillStyle = ink.text;
  for (const { text, at } of placeMarks(spec, x, box, (words) => g.measureText(words).width)) {
    g.textAlign = 'left';
    g.fillText(text, at, bottom);
  }
  if (!Number.isFinite(spec.cut)) return;
  g.strokeStyle = ink.text;
  g.lineWidth = 1.5;
  g.setLineDash([3, 2]);
  const marks = spec.twoSided ? [spec.centre - spec.cut, spec.centre + spec.cut] : [spec.cut];
  for (const mark of marks) {
    if (x(mark) < box.x - 1 || x(mark) > box.x + box.width + 1) continue;
    g.beginPath();
    g.moveTo(x(mark), box.y + TOP);
    g.lineTo(x(mark), box.y + TOP + HIST + RAMP + 2);
    g.stroke();
  }
  g.setLineDash([]);
  writeCut(g, box, spec, ink, x(marks[marks.length - 1]));
}

/** The threshold's value, on a ground of its own beside its mark. */
function writeCut(g, box, spec, ink, mark) {
  const text = `${spec.twoSided ? '±' : '≥'} ${shortText(spec.cut)}`;
  g.font = `600 ${textSize(11, ink)}px ${ink.font}`;
  const width = g.measureText(text).width + 6;
  const left = clamp(mark + width + 4 > box.x + box.width ? mark - width - 4 : mark + 4, box.x, box.x + box.width - width);
  g.fillStyle = ink.ground;
  g.globalAlpha = 0.85;
  g.fillRect(left, box.y + TOP + 1, width, 14);
  g.globalAlpha = 1;
  g.fillStyle = ink.text;
  g.textAlign = 'left';
  g.fillText(text, left + 3, box.y + TOP + 12);
}

/**
 * Numbers under a ramp, none over another: the ends of the range, the ends of the data where the
 * range cuts them off, and round numbers between.
 * @param {BarSpec} spec @param {(v: number) => number} x @param {import('./layout.js').Rect} box @param {(text: string) => number} widthOf
 * @returns {{text: string, at: number}[]} at: left edge
 */
export function placeMarks({ range, sorted, kind, centre }, x, box, widthOf) {
  const placed = [];
  const add = (text, middle) => {
    const width = widthOf(text);
    const at = clamp(middle - width / 2, box.x, box.x + box.width - width);
    if (placed.every((p) => at + width + 8 <= p.at || at >= p.at + p.width + 8)) placed.push({ text, at, width });
  };
  const { low, high } = range;
  add(shortText(low), x(low));
  add(shortText(high), x(high));
  const last = sorted[sorted.length - 1];
  if (last > high) add(`▸ ${shortText(last)}`, box.x + box.width);
  if (sorted[0] < low) add(`${shortText(sorted[0])} ◂`, box.x);
  if (kind === 'diverging') add(shortText(centre), x(centre));
  for (const value of range.log ? logSteps(low, high) : roundSteps(low, high)) add(shortText(value), x(value));
  return placed.map(({ text, at }) => ({ text, at }));
}

/** Three to six round numbers strictly between two. @param {number} low @param {number} high @returns {number[]} */
export function roundSteps(low, high) {
  const rough = (high - low) / 4;
  if (!(rough > 0)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough * 0.999) ?? 10);
  const first = Math.floor(low / step) + 1;
  const count = Math.max(0, Math.ceil(high / step) - first);
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The 1, 2 and 5 of each decade strictly between two numbers above 0, powers of ten first. @param {number} low @param {number} high @returns {number[]} */
export function logSteps(low, high) {
  const decades = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) decades.push(power);
  const all = [1, 2, 5].flatMap((m) => decades.map((power) => Number(`${m}e${power}`)));
  return all.filter((value) => value > low && value < high);
}

function drawCategories(g, box, categories, ink) {
  g.font = `${textSize(11, ink)}px ${ink.font}`;
  let x = box.x, y = box.y + TOP + 12;
  for (const { name, colour } of categories) {
    const width = g.measureText(name).width + 22;
    if (x + width > box.x + box.width && x > box.x) { x = box.x; y += 15; }
    if (y > box.y + BAR_HEIGHT) return;
    g.fillStyle = colour;
    g.fillRect(x, y - 9, 10, 10);
    g.fillStyle = ink.text;
    g.fillText(name, x + 14, y);
    x += width;
  }
}

function drawSquare(g, box, square, ink) {
  const side = 44;
  const left = box.x + box.width - side, top = box.y + 2;
  const cells = square.size, cell = side / cells;
  for (let row = 0; row < cells; row++) {
    for (let column = 0; column < cells; column++) {
      const at = (row * cells + column) * 3;
      g.fillStyle = `rgb(${square.bytes[at]},${square.bytes[at + 1]},${square.bytes[at + 2]})`;
      g.fillRect(left + column * cell, top + side - (row + 1) * cell, cell + 0.5, cell + 0.5);
    }
  }
  g.fillStyle = ink.text;
  g.font = `${textSize(10, ink)}px ${ink.font}`;
  g.textAlign = 'right';
  g.fillText(`↑ ${square.label}`, left + side, top + side + 11, 110);
}

/** A colour bar on the page. */
export class ColourBar {
  /** @param {HTMLElement} parent @param {{setRange: Function, setCut: Function}} act */
  constructor(parent, act) {
    this.act = act;
    this.canvas = element('canvas', { 'aria-hidden': 'true' });
    this.low = this.handle('low end of the colour range', 'cv-range', (v) => act.setRange(Math.min(v, this.spec.range.high), this.spec.range.high));
    this.high = this.handle('high end of the colour range', 'cv-range', (v) => act.setRange(this.spec.range.low, Math.max(v, this.spec.range.low)));
    this.cut = this.handle('threshold', 'cv-cut', (v) => act.setCut(this.spec.twoSided ? Math.abs(v - this.spec.centre) : v));
    this.root = element('div', { className: 'cv-bar' }, this.canvas, this.low, this.high, this.cut);
    parent.append(this.root);
  }

  handle(label, className, change) {
    const node = element('div', { className: `cv-handle ${className}`, role: 'slider', tabIndex: 0, 'aria-label': label, title: `${label}: drag, or use the arrow keys; double-click for automatic` });
    const move = (e) => {
      change(valueAt(this.domain, clamp(placeIn(this.root, e)[0] / this.rampWidth, 0, 1)));
    };
    for (const type of ['pointerdown', 'pointermove', 'pointerup', 'dblclick']) node.addEventListener(type, (e) => e.stopPropagation());
    node.addEventListener('pointerdown', (e) => {
      node.setPointerCapture(e.pointerId);
      e.preventDefault();
      node.focus();
    });
    node.addEventListener('pointermove', (e) => { if (node.hasPointerCapture(e.pointerId)) move(e); });
    node.addEventListener('dblclick', () => (className === 'cv-cut' ? this.act.setCut(null) : this.act.setRange(null)));
    node.addEventListener('keydown', (e) => {
      const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[e.key];
      if (!way) return;
      e.preventDefault();
      e.stopPropagation();
      const now = clamp(shareOf(this.domain, Number(node.getAttribute('aria-valuenow'))), 0, 1);
      change(valueAt(this.domain, now + way / (e.shiftKey ? 20 : 100)));
    });
    return node;
  }

  /** @param {import('./layout.js').Rect} rect @param {BarSpec} spec @param {Ink} ink */
  show(rect, spec, ink) {
    this.spec = spec;
    this.domain = barDomain(spec);
    this.rampWidth = rect.width - (spec.square ? 62 : 0);
    this.placeRoot(rect);
    const g = this.canvas.getContext('2d', { willReadFrequently: true });
    g.clearRect(0, 0, rect.width, BAR_HEIGHT);
    drawBar(g, { x: 0, y: 0, width: rect.width, height: BAR_HEIGHT }, spec, ink);
    const resting = spec.twoSided ? spec.centre : this.domain.low;
    const cut = Number.isFinite(spec.cut) ? (spec.twoSided ? spec.centre + spec.cut : spec.cut) : resting;
    this.placeHandle(this.low, spec.range.low, !spec.categories);
    this.placeHandle(this.high, spec.range.high, !spec.categories);
    this.placeHandle(this.cut, cut, !spec.categories);
  }

  /** Place and size the bar, only where that is new: the page lays itself out afresh after it. */
  placeRoot(rect) {
    const ratio = (globalThis.devicePixelRatio || 1) * zoomOf(this.root);
    const key = [rect.x, rect.y, rect.width, ratio].join();
    if (this.placed === key) return;
    this.placed = key;
    Object.assign(this.root.style, { left: `${rect.x}px`, top: `${rect.y}px`, width: `${rect.width}px`, height: `${BAR_HEIGHT}px` });
    Object.assign(this.canvas, { width: Math.round(rect.width * ratio), height: Math.round(BAR_HEIGHT * ratio) });
    this.canvas.getContext('2d', { willReadFrequently: true }).scale(ratio, ratio);
  }

  placeHandle(node, value, shown) {
    const { low, high } = this.domain;
    const left = `${clamp(shareOf(this.domain, value), 0, 1) * this.rampWidth}px`;
    const key = [shown, left, value, low, high].join();
    if (node.dataset.placed === key) return;
    node.dataset.placed = key;
    node.hidden = !shown;
    node.style.left = left;
    const texts = { now: value, min: low, max: high, text: shortText(value) };
    for (const [name, text] of Object.entries(texts)) node.setAttribute(`aria-value${name}`, String(text));
  }

  remove() {
    this.root.remove();
  }
}
