/**
 * Everything that a viewer shows apart from the data, and its short form for a link.
 * @module state
 */
import { newCamera, VIEWS } from './camera.js';
import { decodeHidden, decodeLooks, encodeHidden, encodeLooks } from './keeping.js';
import { clamp, normalizeQuaternion } from './math.js';

/** @param {import('./types.d.ts').Header} header @returns {import('./types.d.ts').State} the state that a scene starts with */
export function initialState(header) {
  const wish = header.view ?? {};
  const shape = Math.max(0, header.geometries.findIndex((g) => g.name === wish.geometry));
  const panes = (wish.panes ?? [0]).filter((i) => i < header.maps.length).slice(0, 4);
  return {
    view: VIEWS.includes(wish.view) ? wish.view : 'lateral',
    hemis: wish.hemis ?? 'both',
    shape,
    open: wish.open ?? 0,
    camera: newCamera(),
    panes: panes.length || !header.maps.length ? panes : [0],
    shared: wish.shared ?? false,
    difference: false,
    tool: 'orbit',
    fit: wish.fit ?? false,
    looks: {},
    labelSet: 0,
    labelStyle: wish.labels ?? 'outline',
    labelNames: true,
    hidden: {},
  };
}

const round = (x) => Number(x.toFixed(3));

/** A state as text that a URL can hold. @param {import('./types.d.ts').State} state @param {import('./types.d.ts').Header} header @returns {string} */
export function encodeState(state, header) {
  const { camera } = state;
  /** @type {Record<string, any>} */
  const parts = {
    v: state.view, h: state.hemis, s: round(state.shape), o: round(state.open),
    q: camera.orbit.map(round).join('_'), z: round(camera.zoom), p: camera.pan.map(round).join('_'),
    m: state.panes.map((i) => header.maps[i]?.name ?? '').join('~'), r: state.shared ? 1 : 0, d: state.difference ? 1 : 0,
    l: state.labelStyle, n: state.labelNames ? 1 : 0, f: state.fit ? 1 : 0,
  };
  const changed = { k: encodeLooks(state, header), x: encodeHidden(state), b: state.labelSet ? header.labels[state.labelSet]?.name : '' };
  for (const [key, text] of Object.entries(changed)) if (text) parts[key] = text;
  return new URLSearchParams(parts).toString();
}

/** The parts of a link that make sense; what does not is left out. @param {string} text @param {import('./types.d.ts').Header} header @returns {Partial<import('./types.d.ts').State>} */
export function decodeState(text, header) {
  const read = new URLSearchParams(text);
  /** @type {Partial<import('./types.d.ts').State>} */
  const out = {};
  const numbers = (key, n) => {
    const parts = (read.get(key) ?? '').split('_');
    const list = parts.map(Number);
    return list.length === n && parts.every((p) => p !== '') && list.every(Number.isFinite) ? list : null;
  };
  if (VIEWS.includes(read.get('v'))) out.view = read.get('v');
  if (['both', 'left', 'right'].includes(read.get('h'))) out.hemis = read.get('h');
  const shape = numbers('s', 1), open = numbers('o', 1);
  if (shape) out.shape = clamp(shape[0], 0, Math.max(0, header.geometries.length - 1));
  if (open) out.open = clamp(open[0], 0, 1);
  const orbit = numbers('q', 4), zoom = numbers('z', 1), pan = numbers('p', 2);
  if (orbit && zoom && pan) out.camera = { orbit: normalizeQuaternion(orbit), zoom: clamp(zoom[0], 0.3, 30), pan };
  const panes = (read.get('m') ?? '').split('~').map((name) => header.maps.findIndex((m) => m.name === name)).filter((i) => i >= 0);
  if (panes.length) out.panes = panes.slice(0, 4);
  if (read.has('r')) out.shared = read.get('r') === '1';
  if (read.has('f')) out.fit = read.get('f') === '1';
  if (read.has('d')) out.difference = read.get('d') === '1' && panes.length >= 2;
  if (['outline', 'fill', 'off'].includes(read.get('l'))) out.labelStyle = read.get('l');
  if (read.has('n')) out.labelNames = read.get('n') === '1';
  const set = header.labels?.findIndex(({ name }) => name === read.get('b')) ?? -1;
  if (set >= 0) out.labelSet = set;
  if (read.get('x')) out.hidden = decodeHidden(read.get('x'), header);
  if (read.get('k')) out.looks = decodeLooks(read.get('k'), { panes: out.panes ?? initialState(header).panes, difference: out.difference }, header);
  return out;
}

/** Which hemispheres a state shows. @param {import('./types.d.ts').State} state @param {string[]} present @returns {string[]} */
export function shownHemis(state, present) {
  const wanted = state.hemis === 'both' ? present : present.filter((h) => h === state.hemis);
  return wanted.length ? wanted : present;
}
