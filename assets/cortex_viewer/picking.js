/**
 * Which vertex lies under the pointer, and which lie inside a lasso.
 * @module picking
 */

/** So far outside a triangle a ray still meets it: through a vertex it must not slip between them. */
const CRACK = 1e-7;

/**
 * Nearest hit of a ray with a mesh (Möller and Trumbore 1997), both faces counted.
 * @param {Float32Array} p points @param {import('./geometry.js').Faces} faces
 * @param {number[]} origin @param {number[]} direction
 * @returns {{vertex: number, distance: number} | null} the corner with the largest weight
 */
export function pickVertex(p, faces, origin, direction) {
  const [ox, oy, oz] = origin;
  const [dx, dy, dz] = direction;
  let nearest = Infinity, face = -1, wu = 0, wv = 0;
  for (let i = 0; i < faces.length; i += 3) {
    const a = faces[i] * 3, b = faces[i + 1] * 3, c = faces[i + 2] * 3;
    const e1x = p[b] - p[a], e1y = p[b + 1] - p[a + 1], e1z = p[b + 2] - p[a + 2];
    const e2x = p[c] - p[a], e2y = p[c + 1] - p[a + 1], e2z = p[c + 2] - p[a + 2];
    const px = dy * e2z - dz * e2y, py = dz * e2x - dx * e2z, pz = dx * e2y - dy * e2x;
    const det = e1x * px + e1y * py + e1z * pz;
    if (det > -1e-12 && det < 1e-12) continue;
    const inverse = 1 / det;
    const tx = ox - p[a], ty = oy - p[a + 1], tz = oz - p[a + 2];
    const u = (tx * px + ty * py + tz * pz) * inverse;
    if (u < -CRACK || u > 1 + CRACK) continue;
    const qx = ty * e1z - tz * e1y, qy = tz * e1x - tx * e1z, qz = tx * e1y - ty * e1x;
    const v = (dx * qx + dy * qy + dz * qz) * inverse;
    if (v < -CRACK || u + v > 1 + CRACK) continue;
    const t = (e2x * qx + e2y * qy + e2z * qz) * inverse;
    if (t > 1e-6 && t < nearest) { nearest = t; face = i; wu = u; wv = v; }
  }
  if (face < 0) return null;
  const weights = [1 - wu - wv, wu, wv];
  return { vertex: faces[face + weights.indexOf(Math.max(...weights))], distance: nearest };
}

/** Even-odd rule. @param {number[][]} polygon @param {number} x @param {number} y @returns {boolean} */
export function insidePolygon(polygon, x, y) {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i];
    const [xj, yj] = polygon[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

/** Selections as sorted lists without repeats. @param {Object<string, Set<number>>} selection @returns {{hemi: string, vertices: number[]}[]} */
export function selectionLists(selection) {
  return ['left', 'right']
    .filter((hemi) => selection[hemi]?.size)
    .map((hemi) => ({ hemi, vertices: [...selection[hemi]].sort((a, b) => a - b) }));
}
