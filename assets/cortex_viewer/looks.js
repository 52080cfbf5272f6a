/**
 * How a map is painted: what the colour bar and the renderer take, and regions as painted classes.
 * @module looks
 */
import { classAttributes, labelClasses } from './borders.js';
import { countShown, positiveValues, rgbFromHex } from './colours.js';

/** @typedef {import('./model.js').MapData} MapData */
/** @typedef {import('./scene.js').Scene} Scene */

const BARE = Object.freeze({ lut: 'lut/viridis', range: [0, 1, 0, 1], log: false, threshold: [0, 0, 0, 0], second: null, opacity: 0, fill: null });

/** What a pane's colour bar shows. @param {Scene} scene @param {MapData} map @returns {import('./colourbar.js').BarSpec} */
export function barSpec(scene, map) {
  const look = scene.look(map);
  const cut = map.cut(look);
  const second = scene.secondOf(map);
  const { twoSided } = look.threshold;
  const range = scene.range(map);
  const all = map.sorted(look.masked);
  const sorted = range.log ? positiveValues(all) : all;
  const plane = second && look.second === 'plane' ? scene.lut('plane') : null;
  const square = plane ? { bytes: plane.bytes, size: plane.width, label: second.spec.label, range: scene.range(second) } : null;
  const { label, unit, kind, categories } = map.spec;
  return {
    label, unit, note: notes(second && look.second === 'alpha' ? second : null, range.log, all.length - sorted.length), kind, categories: categories ?? null,
    lut: square ? middleRow(square) : scene.lut(look.colours).bytes, sorted, range, cut, twoSided, centre: map.centre, square,
    shown: Number.isFinite(cut) ? shownText(countShown(sorted, cut, twoSided, map.centre), sorted.length) : '',
  };
}

/** What the title of a bar adds. @param {MapData | null} fading @param {boolean | undefined} log @param {number} bare vertices that no ratio reaches */
function notes(fading, log, bare) {
  const parts = [fading && `opacity: ${fading.spec.label}`, log && 'log', bare && `${bare.toLocaleString('en')} vertices ≤ 0 bare`];
  return parts.filter(Boolean).map((part) => `, ${part}`).join('');
}

function shownText(kept, all) {
  return `${kept.toLocaleString('en')} of ${all.toLocaleString('en')} vertices`;
}

/** The row of a two-dimensional colour map for a middling second value. */
function middleRow({ bytes, size }) {
  const start = Math.floor(size / 2) * size * 3;
  return bytes.slice(start, start + size * 3);
}

/** What the renderer needs to paint a pane. @param {Scene} scene @param {MapData | undefined} map @param {number} pane @returns {import('./renderer.js').Paint} */
export function paintOf(scene, map, pane) {
  const palette = `palette/${pane}`;
  if (!map) return { ...BARE, palette };
  const look = scene.look(map);
  const other = scene.secondOf(map);
  const range = scene.range(map);
  const beside = other ? scene.range(other) : { low: 0, high: 1 };
  const cut = map.cut(look);
  const second = other ? ({ plane: 'PLANE', alpha: 'ALPHA' }[look.second] ?? null) : null;
  const cuts = Number.isFinite(cut);
  return {
    palette, second, opacity: look.opacity, lut: `lut/${second === 'PLANE' ? 'plane' : scene.lut(look.colours).name}`,
    range: [range.low, range.high, beside.low, beside.high], log: Boolean(range.log),
    threshold: [cuts ? cut : 0, map.centre, look.threshold.twoSided ? 1 : 0, cuts ? 1 : 0],
    fill: fillKey(scene, map) === '' ? null : map.isCategorical ? look.opacity : 1,
  };
}

/** Names what is painted as regions in a pane; "" for nothing. @param {Scene} scene @param {MapData} map @returns {string} */
export function fillKey(scene, map) {
  if (map.isCategorical) return `categories ${scene.look(map).masked}`;
  const set = scene.labelSet();
  return scene.state.labelStyle === 'fill' && set ? `${set.hash} ${scene.visible().join()}` : '';
}

/**
 * Painted regions of a pane.
 * @param {Scene} scene @param {MapData} map @param {string} hemi
 * @returns {{palette: Uint8Array, classes: {weights: Uint8Array, ids: Uint16Array}} | null} palette: RGBA of each label, in rows of 256
 */
export function fillOf(scene, map, hemi) {
  if (fillKey(scene, map) === '') return null;
  const [labels, colours] = map.isCategorical ? categoryLabels(scene, map, hemi) : [scene.shownLabels(hemi), scene.labelSet().colours];
  if (!labels) return null;
  const palette = new Uint8Array(256 * 4 * Math.ceil(colours.length / 256));
  for (let i = 1; i < colours.length; i++) palette.set([...rgbFromHex(colours[i]), 255], i * 4);
  const faces = scene.surfaces.topology.arrays[`${hemi}.faces`];
  return { palette, classes: classAttributes(labels, labelClasses(faces, labels, colours.length)) };
}

function categoryLabels(scene, map, hemi) {
  const values = map.values(hemi);
  if (!values) return [null, []];
  const mask = scene.look(map).masked ? map.mask(hemi) : null;
  const labels = Uint16Array.from(values, (v, i) => (Number.isFinite(v) && (!mask || mask[i]) ? v + 1 : 0));
  return [labels, ['#000000', ...map.spec.categories.map((c) => c.colour)]];
}
