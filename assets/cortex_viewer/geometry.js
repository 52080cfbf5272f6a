/**
 * Meshes: normals, bounds, where the hemispheres stand, and what adjacency says.
 * @module geometry
 */
import { mix3 } from './math.js';

/** @typedef {{low: number[], high: number[]}} Bounds */
/** @typedef {Uint16Array | Uint32Array} Faces */

/** Area-weighted unit normals; a vertex of no face gets (0, 0, 1). @param {Float32Array} points @param {Faces} faces @returns {Float32Array} */
export function vertexNormals(points, faces) {
  const normals = new Float32Array(points.length);
  for (let i = 0; i < faces.length; i += 3) addFaceNormal(normals, points, faces[i] * 3, faces[i + 1] * 3, faces[i + 2] * 3);
  for (let i = 0; i < normals.length; i += 3) normalizeAt(normals, i);
  return normals;
}

function addFaceNormal(normals, p, a, b, c) {
  const ux = p[b] - p[a], uy = p[b + 1] - p[a + 1], uz = p[b + 2] - p[a + 2];
  const vx = p[c] - p[a], vy = p[c + 1] - p[a + 1], vz = p[c + 2] - p[a + 2];
  const x = uy * vz - uz * vy, y = uz * vx - ux * vz, z = ux * vy - uy * vx;
  for (const at of [a, b, c]) {
    normals[at] += x;
    normals[at + 1] += y;
    normals[at + 2] += z;
  }
}

function normalizeAt(normals, i) {
  const length = Math.hypot(normals[i], normals[i + 1], normals[i + 2]);
  if (length > 0) {
    normals[i] /= length;
    normals[i + 1] /= length;
    normals[i + 2] /= length;
  } else normals[i + 2] = 1;
}

/**
 * Which winding shows the outside of a surface without edges or holes (Euler: faces = 2 vertices - 4).
 * @param {Float32Array} points @param {Faces} faces @returns {number} 1 counter-clockwise, -1 clockwise, 0 for an open surface
 */
export function windingOf(points, faces) {
  if (faces.length !== 3 * (2 * (points.length / 3) - 4)) return 0;
  let volume = 0;
  for (let i = 0; i < faces.length; i += 3) {
    const a = faces[i] * 3, b = faces[i + 1] * 3, c = faces[i + 2] * 3;
    volume += points[a] * (points[b + 1] * points[c + 2] - points[b + 2] * points[c + 1])
      - points[a + 1] * (points[b] * points[c + 2] - points[b + 2] * points[c])
      + points[a + 2] * (points[b] * points[c + 1] - points[b + 1] * points[c]);
  }
  return Math.sign(volume);
}

/** Box around the vertices that faces use. @param {Float32Array} points @param {Faces} faces @returns {Bounds} */
export function boundsOf(points, faces) {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < faces.length; i++) {
    for (let k = 0; k < 3; k++) {
      const x = points[faces[i] * 3 + k];
      if (x < low[k]) low[k] = x;
      if (x > high[k]) high[k] = x;
    }
  }
  return { low, high };
}

/** @param {Bounds} a @param {Bounds} b @param {number} t @returns {Bounds} */
export function mixBounds(a, b, t) {
  return { low: mix3(a.low, b.low, t), high: mix3(a.high, b.high, t) };
}

/** Eight corners of a box. @param {Bounds} bounds @returns {number[][]} */
export function corners({ low, high }) {
  const out = [];
  for (let i = 0; i < 8; i++) out.push([i & 1 ? high[0] : low[0], i & 2 ? high[1] : low[1], i & 4 ? high[2] : low[2]]);
  return out;
}

/** Box around points. @param {number[][]} points @returns {Bounds} */
export function boundsOfPoints(points) {
  const axis = (k) => points.map((p) => p[k]);
  return { low: [0, 1, 2].map((k) => Math.min(...axis(k))), high: [0, 1, 2].map((k) => Math.max(...axis(k))) };
}

/** Positions between two geometries. @param {Float32Array} a @param {Float32Array} b @param {number} t @returns {Float32Array} */
export function morphPoints(a, b, t) {
  if (t <= 0) return a;
  if (t >= 1) return b;
  const out = new Float32Array(a.length);
  for (let i = 0; i < a.length; i++) out[i] = a[i] + (b[i] - a[i]) * t;
  return out;
}

/**
 * Neighbours of every vertex in compressed rows.
 * @param {number} count vertices @param {Faces} faces
 * @returns {{start: Uint32Array, neighbours: Uint32Array}} neighbours may repeat
 */
export function adjacency(count, faces) {
  const start = new Uint32Array(count + 1);
  for (let i = 0; i < faces.length; i++) start[faces[i] + 1] += 2;
  for (let i = 0; i < count; i++) start[i + 1] += start[i];
  const neighbours = new Uint32Array(start[count]);
  const fill = start.slice(0, count);
  for (let i = 0; i < faces.length; i += 3) {
    for (let k = 0; k < 3; k++) {
      const v = faces[i + k];
      neighbours[fill[v]++] = faces[i + ((k + 1) % 3)];
      neighbours[fill[v]++] = faces[i + ((k + 2) % 3)];
    }
  }
  return { start, neighbours };
}

/**
 * Where each hemisphere stands when both share one picture: kept apart if they would overlap,
 * and opened like a book whose spine is the back of the brain.
 * @param {{left?: Bounds, right?: Bounds}} bounds
 * @param {number} open 0 (as in the head) to 1 (both medial walls face the front)
 * @param {number} flatness 0 for a folded surface, 1 for the flat map, which does not open
 * @returns {Object<string, {angle: number, shift: number[], pivot: number[]}>}
 */
export function placeHemispheres(bounds, open, flatness) {
  const overlap = bounds.left && bounds.right ? Math.max(0, bounds.left.high[0] - bounds.right.low[0]) : 0;
  const halfAngle = (Math.PI / 2) * open * (1 - flatness);
  const back = Math.min(...Object.values(bounds).map((b) => b.low[1]));
  const place = (side) => ({
    angle: -side * halfAngle,
    shift: [side * (overlap / 2 + 10 * flatness + 12 * open * (1 - flatness)), 0, 0],
    pivot: [0, back, 0],
  });
  return { left: place(-1), right: place(1) };
}

/** Move a point as :func:`placeHemispheres` says. @param {number[]} point @param {{angle: number, shift: number[], pivot: number[]}} place @returns {number[]} */
export function placePoint(point, { angle, shift, pivot }) {
  const c = Math.cos(angle), s = Math.sin(angle);
  const x = point[0] - pivot[0], y = point[1] - pivot[1];
  return [c * x - s * y + pivot[0] + shift[0], s * x + c * y + pivot[1] + shift[1], point[2] + shift[2]];
}
