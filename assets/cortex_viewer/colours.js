/**
 * Ranges, thresholds, histograms, colours and the text of numbers.
 * @module colours
 */
import { clamp } from './math.js';
import { sortFloats } from './sorting.js';

/** @typedef {{mode: 'none'|'value'|'percentile', amount: number, twoSided: boolean}} Threshold */
/** @typedef {{low: number, high: number, log?: boolean}} Range log: equal steps are equal ratios; both ends are above 0 */

/**
 * The shortest decimal text whose float32 is exactly this float32.
 * @param {number} value a float32 @returns {string}
 */
export function exactText(value) {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  for (let digits = 1; digits <= 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return tidyNumber(text);
  }
  return String(value);
}

/** Plain digits where they are short, no trailing zeros. @param {string} text @returns {string} */
function tidyNumber(text) {
  const plain = String(Number(text));
  return plain.length <= 14 ? plain : text;
}

/** A number for a colour bar: three significant digits. @param {number} value @returns {string} */
export function shortText(value) {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

/** Finite values of both hemispheres, those that a mask removes left out. @param {Float32Array[]} parts @param {(Uint8Array|null)[]} masks @returns {Float32Array} sorted */
export function sortedValues(parts, masks = []) {
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  const out = new Float32Array(total);
  let count = 0;
  parts.forEach((part, k) => {
    const mask = masks[k];
    for (let i = 0; i < part.length; i++) if (Number.isFinite(part[i]) && (!mask || mask[i])) out[count++] = part[i];
  });
  return sortFloats(out.subarray(0, count));
}

/** Linear interpolation between order statistics, as numpy does. @param {ArrayLike<number>} sorted @param {number} percent @returns {number} */
export function percentile(sorted, percent) {
  if (!sorted.length) return NaN;
  const at = (clamp(percent, 0, 100) / 100) * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

/**
 * The range that a map is shown in when nobody says: 1st to 99th percentile, symmetrical about
 * the centre for diverging maps, from 0 where the values are nearly all positive.
 * @param {ArrayLike<number>} sorted @param {string} kind @param {number} centre @returns {Range}
 */
export function automaticRange(sorted, kind, centre = 0) {
  if (!sorted.length) return { low: 0, high: 1 };
  const low = percentile(sorted, 1);
  const high = percentile(sorted, 99);
  if (kind === 'diverging') {
    const reach = Math.max(Math.abs(low - centre), Math.abs(high - centre)) || 1;
    return { low: centre - reach, high: centre + reach };
  }
  const start = low >= 0 && low < 0.5 * high ? 0 : low;
  return high > start ? { low: start, high } : { low: start, high: start + (Math.abs(start) || 1) };
}

/** The part of sorted values that a logarithmic range can show. @param {Float32Array} sorted @returns {Float32Array} */
export function positiveValues(sorted) {
  return sorted.subarray(firstWhere(sorted, (v) => v > 0));
}

/**
 * A range whose steps are ratios: the wished ends, or the 1st and 99th percentile of what lies
 * above 0 in place of an end that does not.
 * @param {Float32Array} positive sorted values above 0, at least one @param {number[] | null} wished @returns {Range}
 */
export function logRange(positive, wished) {
  const [from, to] = wished ?? [0, 0];
  const high = to > 0 ? to : percentile(positive, 99);
  const low = from > 0 ? from : Math.min(percentile(positive, 1), high);
  return low < high ? { low, high, log: true } : { low: high / 10, high, log: true };
}

/** Where a value lies between the ends of a range: 0 at the low end, 1 at the high one. @param {Range} range @param {number} value @returns {number} */
export function shareOf({ low, high, log }, value) {
  if (!log) return (value - low) / (high - low);
  return value > 0 ? Math.log(value / low) / Math.log(high / low) : -Infinity;
}

/** The value at a share of a range. @param {Range} range @param {number} share @returns {number} */
export function valueAt({ low, high, log }, share) {
  return log ? low * (high / low) ** share : low + share * (high - low);
}

/** Distances from the centre, sorted. @param {ArrayLike<number>} values @param {number} centre @returns {Float32Array} */
export function sortedSizes(values, centre) {
  return sortFloats(Float32Array.from(values, (v) => Math.abs(v - centre)));
}

/**
 * The value at which a threshold cuts: ``keep`` when ``|value - centre|`` (two-sided) or ``value`` is at least it.
 * @param {Threshold} threshold @param {ArrayLike<number>} sorted what the percentile is taken of: values, or their distances from the centre
 * @returns {number} -Infinity for none
 */
export function thresholdValue(threshold, sorted) {
  if (threshold.mode === 'none') return -Infinity;
  return threshold.mode === 'value' ? threshold.amount : percentile(sorted, threshold.amount);
}

/** @param {number} value @param {number} cut @param {boolean} twoSided @param {number} centre @returns {boolean} */
export function isShown(value, cut, twoSided, centre) {
  return Number.isFinite(value) && (twoSided ? Math.abs(value - centre) : value) >= cut;
}

/** The first place of a sorted array from which on something holds. @param {ArrayLike<number>} sorted @param {(v: number) => boolean} holds false, then true @returns {number} */
export function firstWhere(sorted, holds) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(sorted[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** How many sorted values a threshold keeps. @param {ArrayLike<number>} sorted @param {number} cut @param {boolean} twoSided @param {number} centre @returns {number} */
export function countShown(sorted, cut, twoSided, centre) {
  if (!twoSided) return sorted.length - firstWhere(sorted, (v) => v >= cut);
  if (cut <= 0) return sorted.length;
  return sorted.length - firstWhere(sorted, (v) => v - centre >= cut) + firstWhere(sorted, (v) => centre - v < cut);
}

/** Counts of sorted values in equal bins of a range; its upper end belongs to the last bin. @param {ArrayLike<number>} sorted @param {Range} range @param {number} bins @returns {Uint32Array} */
export function histogram(sorted, range, bins) {
  const below = (edge) => firstWhere(sorted, (v) => v >= edge);
  const starts = Array.from({ length: bins }, (_, i) => below(valueAt(range, i / bins)));
  starts.push(firstWhere(sorted, (v) => v > range.high));
  return Uint32Array.from({ length: bins }, (_, i) => starts[i + 1] - starts[i]);
}

/** Colour of a value. @param {Uint8Array} lut RGB rows @param {Range} range @param {number} value @returns {number[]} */
export function colourAt(lut, range, value) {
  const count = lut.length / 3;
  const row = clamp(Math.floor(shareOf(range, value) * count), 0, count - 1);
  return [lut[row * 3], lut[row * 3 + 1], lut[row * 3 + 2]];
}

/** @param {string} hex "#rrggbb" @returns {number[]} 0 to 255 */
export function rgbFromHex(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/** Values of one map minus another's; NaN where either is not finite. @param {Float32Array} a @param {Float32Array} b @returns {Float32Array} */
export function difference(a, b) {
  const out = new Float32Array(a.length);
  for (let i = 0; i < a.length; i++) out[i] = Number.isFinite(a[i]) && Number.isFinite(b[i]) ? a[i] - b[i] : NaN;
  return out;
}

/**
 * What the graphics card gets of a value: (value, 1), or (0, 0) where cortex stays bare, so that
 * interpolation over a triangle is a mean over its painted corners only.
 * @param {Float32Array | null} values @param {Uint8Array | null} mask @param {number} count vertices @returns {Float32Array} pairs
 */
export function weightedPairs(values, mask, count) {
  const out = new Float32Array(count * 2);
  if (!values) return out;
  for (let i = 0; i < count; i++) {
    const v = values[i];
    if (v - v !== 0 || (mask && !mask[i])) continue;
    out[i * 2] = v;
    out[i * 2 + 1] = 1;
  }
  return out;
}

/** Mean and number of finite values of each ROI. @param {Float32Array} values @param {Uint8Array | Uint16Array} labels 0 is none @param {number} count @returns {{sum: Float64Array, n: Uint32Array}} */
export function roiSums(values, labels, count) {
  const sum = new Float64Array(count + 1);
  const n = new Uint32Array(count + 1);
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    sum[labels[i]] += values[i];
    n[labels[i]]++;
  }
  return { sum, n };
}
