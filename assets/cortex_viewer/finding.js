/**
 * Where a reader's words lie: a region by its name, a vertex by its number, a place in MNI space.
 * @module finding
 */
import { shownHemis } from './state.js';

const VERTEX = /^(l|left|r|right)?[\s:]*(\d+)$/i;
const NUMBER = /[-−+]?\d+(?:\.\d+)?/g;
const FOLDED = ['midthickness', 'pial', 'white'];
const FAR_MM = 10;

/**
 * @param {string} text @param {import('./scene.js').Scene} scene
 * @returns {{said: string, label?: number, hemi?: string, vertex?: number}} what is there, and in words; nothing but words where nothing is
 */
export function findPlace(text, scene) {
  const asked = text.trim();
  const label = findLabel(asked, scene.labelSet()?.names ?? []);
  if (label > 0) return { label, said: `${scene.labelSet().names[label]} selected` };
  const named = VERTEX.exec(asked);
  if (named) return findVertex(named, scene);
  const numbers = (asked.match(NUMBER) ?? []).map((n) => Number(n.replace('−', '-')));
  if (numbers.length === 3 && !/[a-z]{2}/i.test(asked.replace(/mni/i, ''))) return findNearest(numbers, scene);
  return { said: `Nothing is named “${asked}”: a region, “left 23423”, or three numbers in mm` };
}

/** The region of exactly this name, else the only one that begins so. */
function findLabel(asked, names) {
  const lower = asked.toLowerCase();
  const same = names.findIndex((n, i) => i > 0 && n.toLowerCase() === lower);
  if (same > 0) return same;
  const begun = [...names.keys()].filter((i) => i > 0 && names[i].toLowerCase().startsWith(lower));
  return begun.length === 1 && !/^\d/.test(asked) ? begun[0] : -1;
}

/** @param {RegExpExecArray} named @param {import('./scene.js').Scene} scene */
function findVertex(named, scene) {
  const [, side, number] = named;
  const { surfaces, state } = scene;
  const first = shownHemis(state, surfaces.hemis)[0];
  const hemi = side ? (side[0].toLowerCase() === 'l' ? 'left' : 'right') : first;
  const vertex = Number(number);
  if (!surfaces.hemis.includes(hemi) || vertex >= surfaces.vertexCount(hemi)) return { said: `No vertex ${number} in the ${hemi} hemisphere` };
  return { hemi, vertex, said: `${hemi} vertex ${vertex}` };
}

/** The vertex nearest to a place, on a folded surface. */
function findNearest(place, { header, surfaces }) {
  const shape = FOLDED.map((name) => header.geometries.findIndex((g) => g.name === name)).find((i) => i >= 0);
  if (!header.mni || shape === undefined) return { said: 'This surface has no MNI coordinates' };
  let best = { distance: Infinity, hemi: '', vertex: -1 };
  for (const hemi of surfaces.hemis) {
    const { points } = surfaces.mesh(hemi, shape);
    for (let v = 0; v < points.length / 3; v++) {
      const distance = Math.hypot(...header.mni.map((row, k) => row[0] * points[v * 3] + row[1] * points[v * 3 + 1] + row[2] * points[v * 3 + 2] + row[3] - place[k]));
      if (distance < best.distance) best = { distance, hemi, vertex: v };
    }
  }
  const off = `${best.distance.toFixed(1)} mm from (${place.join(', ')})`;
  if (best.distance > FAR_MM) return { said: `No cortex within ${FAR_MM} mm: the nearest vertex is ${off}` };
  return { hemi: best.hemi, vertex: best.vertex, said: `${best.hemi} vertex ${best.vertex}, ${off}` };
}
