/**
 * Borders between labels, and weights that let a shader paint labels with crisp edges.
 * @module borders
 */

/** Corners of a triangle in turn: the edge k runs from corner k to corner NEXT[k]. */
const NEXT = [1, 2, 0];

/**
 * Segments that separate vertices of different label. An end is the middle of an edge, or, where
 * three labels meet, the middle of the triangle; it is given as three vertices to average
 * (an edge repeats none: its third is marked by weight 0).
 * @param {import('./geometry.js').Faces} faces @param {ArrayLike<number>} labels
 * @returns {{ends: Uint32Array, weights: Float32Array}} six vertices and six weights a segment
 */
export function borderSegments(faces, labels) {
  const ends = [];
  const weights = [];
  const push = (vertices, w) => { ends.push(...vertices); weights.push(...w); };
  const third = [1 / 3, 1 / 3, 1 / 3];
  const half = [0.5, 0.5, 0];
  for (let i = 0; i < faces.length; i += 3) {
    const v = [faces[i], faces[i + 1], faces[i + 2]];
    const l = [labels[v[0]], labels[v[1]], labels[v[2]]];
    if (l[0] === l[1] && l[1] === l[2]) continue;
    const crossed = [0, 1, 2].filter((k) => l[k] !== l[NEXT[k]]).map((k) => [v[k], v[NEXT[k]], v[k]]);
    if (crossed.length === 2) {
      push(crossed[0], half);
      push(crossed[1], half);
    } else for (const edge of crossed) {
      push(edge, half);
      push(v, third);
    }
  }
  return { ends: Uint32Array.from(ends), weights: Float32Array.from(weights) };
}

/** Positions of segment ends. @param {{ends: Uint32Array, weights: Float32Array}} segments @param {Float32Array} points @returns {Float32Array} xyz of both ends a segment */
export function segmentPoints({ ends, weights }, points) {
  const out = new Float32Array(ends.length);
  for (let i = 0; i < ends.length; i++) {
    const end = Math.floor(i / 3) * 3;
    for (let k = 0; k < 3; k++) out[end + k] += weights[i] * points[ends[i] * 3 + k];
  }
  return out;
}

export const CLASS_COUNT = 8;

/**
 * A class for every label so that labels which touch differ (greedy colouring, Brélaz 1979).
 * Label 0 takes part. With eight classes greedy colouring of regions on a surface does not run out.
 * @param {import('./geometry.js').Faces} faces @param {ArrayLike<number>} labels @param {number} count labels, 0 included
 * @returns {Uint8Array}
 */
export function labelClasses(faces, labels, count) {
  const touches = Array.from({ length: count }, () => new Set());
  for (let i = 0; i < faces.length; i += 3) {
    for (let k = 0; k < 3; k++) {
      const a = labels[faces[i + k]], b = labels[faces[i + NEXT[k]]];
      if (a !== b) { touches[a].add(b); touches[b].add(a); }
    }
  }
  const classes = new Uint8Array(count).fill(255);
  const used = (label) => new Set([...touches[label]].map((t) => classes[t]).filter((c) => c !== 255));
  for (let done = 0; done < count; done++) {
    const next = mostConstrained(classes, touches, used);
    const taken = used(next);
    let free = 0;
    while (taken.has(free)) free++;
    classes[next] = Math.min(free, CLASS_COUNT - 1);
  }
  return classes;
}

function mostConstrained(classes, touches, used) {
  let best = -1, bestScore = -1;
  for (let label = 0; label < classes.length; label++) {
    if (classes[label] !== 255) continue;
    const score = used(label).size * 1000 + touches[label].size;
    if (score > bestScore) { best = label; bestScore = score; }
  }
  return best;
}

/**
 * One-hot weights of each vertex's class and the label itself in the same channel. Interpolated,
 * the largest channel says which label is nearest, and label divided by weight is that label.
 * @param {ArrayLike<number>} labels @param {Uint8Array} classes
 * @returns {{weights: Uint8Array, ids: Uint16Array}} CLASS_COUNT numbers a vertex
 */
export function classAttributes(labels, classes) {
  const weights = new Uint8Array(labels.length * CLASS_COUNT);
  const ids = new Uint16Array(labels.length * CLASS_COUNT);
  for (let i = 0; i < labels.length; i++) {
    const at = i * CLASS_COUNT + classes[labels[i]];
    weights[at] = 255;
    ids[at] = labels[i];
  }
  return { weights, ids };
}

/** Labels with the hidden ones taken out. @param {ArrayLike<number>} labels @param {boolean[]} visible by label, [0] ignored @returns {Uint16Array} */
export function visibleLabels(labels, visible) {
  const out = new Uint16Array(labels.length);
  for (let i = 0; i < labels.length; i++) out[i] = visible[labels[i]] ? labels[i] : 0;
  return out;
}

/**
 * The vertex where each label's name is written: the member nearest to the middle of its members.
 * @param {ArrayLike<number>} labels @param {Float32Array} points @param {number} count labels, 0 included
 * @returns {Int32Array} -1 where a label has no vertex
 */
export function nameVertices(labels, points, count) {
  const sums = new Float64Array(count * 3);
  const n = new Uint32Array(count);
  for (let i = 0; i < labels.length; i++) {
    n[labels[i]]++;
    for (let k = 0; k < 3; k++) sums[labels[i] * 3 + k] += points[i * 3 + k];
  }
  const best = new Int32Array(count).fill(-1);
  const least = new Float64Array(count).fill(Infinity);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    let distance = 0;
    for (let k = 0; k < 3; k++) distance += (points[i * 3 + k] - sums[label * 3 + k] / n[label]) ** 2;
    if (distance < least[label]) { least[label] = distance; best[label] = i; }
  }
  return best;
}
