/**
 * The parts of a link that say how maps are painted and which regions are hidden: what differs from
 * the page's own choice, by name, so that a link finds them among other maps.
 * @module keeping
 */
import { defaultLook, differenceSpec } from './model.js';

const MODES = ['none', 'value', 'percentile'];
const SECONDS = ['none', 'plane', 'alpha'];

/** Descriptions of the maps that a state shows, the difference last. @param {Pick<import('./types.d.ts').State, 'panes' | 'difference'>} state @param {import('./types.d.ts').Header} header @returns {import('./types.d.ts').MapSpec[]} */
function shownSpecs({ panes, difference }, header) {
  const specs = panes.map((i) => header.maps[i]).filter(Boolean);
  return difference && specs.length >= 2 ? [...specs, differenceSpec(specs[0], specs[1])] : specs;
}

/**
 * What was changed in the looks of the shown maps, as text.
 * @param {import('./types.d.ts').State} state @param {import('./types.d.ts').Header} header @returns {string} "" for nothing
 */
export function encodeLooks(state, header) {
  const changes = shownSpecs(state, header).map((spec) => [spec.name, changed(state.looks[spec.name], spec, header)]);
  return writeNamed(changes.filter(([, change]) => Object.keys(change).length));
}

function changed(look, spec, header) {
  const before = defaultLook(spec);
  /** @type {Record<string, any>} */
  const out = {};
  for (const name of Object.keys(look ? before : {})) {
    if (JSON.stringify(look[name] ?? null) !== JSON.stringify(before[name] ?? null)) out[name] = look[name];
  }
  delete out.secondMap;
  if (out.second) out.secondMap = header.maps[look.secondMap]?.name ?? '';
  return out;
}

/**
 * Whole looks of the maps that a text names, as far as it makes sense.
 * @param {string} text @param {Pick<import('./types.d.ts').State, 'panes' | 'difference'>} state with the panes that the looks belong to @param {import('./types.d.ts').Header} header
 * @returns {Object<string, import('./types.d.ts').Look>} by name of the map
 */
export function decodeLooks(text, state, header) {
  const read = readNamed(text);
  const specs = shownSpecs(state, header).filter((spec) => typeof read[spec.name] === 'object');
  return Object.fromEntries(specs.map((spec) => [spec.name, { ...defaultLook(spec), ...sensible(read[spec.name] ?? {}, header) }]));
}

function sensible({ colours, range, log, opacity, masked, second, secondMap, threshold }, header) {
  /** @type {Partial<import('./types.d.ts').Look>} */
  const out = {};
  if (typeof colours === 'string') out.colours = colours;
  if (range === null || isRange(range)) out.range = range;
  if (typeof log === 'boolean') out.log = log;
  if (opacity >= 0 && opacity <= 1) out.opacity = Number(opacity);
  if (typeof masked === 'boolean') out.masked = masked;
  if (MODES.includes(threshold?.mode) && Number.isFinite(threshold.amount)) {
    out.threshold = { mode: threshold.mode, amount: threshold.amount, twoSided: threshold.twoSided === true };
  }
  const place = header.maps.findIndex((m) => m.name === secondMap);
  if (SECONDS.includes(second) && place >= 0) Object.assign(out, { second, secondMap: place });
  return out;
}

function isRange(range) {
  return Array.isArray(range) && range.length === 2 && range.every(Number.isFinite) && range[0] < range[1];
}

/** Names of the regions that are hidden, by their set, as text. @param {import('./types.d.ts').State} state @returns {string} "" for none */
export function encodeHidden({ hidden }) {
  return writeNamed(Object.entries(hidden).filter(([, names]) => names.length));
}

/** @param {string} text @param {import('./types.d.ts').Header} header @returns {Object<string, string[]>} by title of the set */
export function decodeHidden(text, header) {
  const read = readNamed(text);
  const sets = header.labels.filter(({ name }) => Array.isArray(read[name]));
  return Object.fromEntries(sets.map(({ name }) => [name, read[name].filter((region) => typeof region === 'string')]));
}

function writeNamed(entries) {
  return entries.length ? JSON.stringify(Object.fromEntries(entries)) : '';
}

function readNamed(text) {
  try {
    return Object(JSON.parse(text || '{}'));
  } catch {
    return {};
  }
}
