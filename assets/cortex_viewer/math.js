/**
 * Small vectors, 3x3 matrices (row-major) and quaternions [x, y, z, w].
 * @module math
 */

/** @typedef {number[]} Vec3 */
/** @typedef {number[]} Mat3 row-major, nine numbers */
/** @typedef {number[]} Quaternion [x, y, z, w], unit length */

export const IDENTITY_QUATERNION = /** @type {Quaternion} */ (Object.freeze([0, 0, 0, 1]));

/** @param {number} x @param {number} low @param {number} high @returns {number} */
export function clamp(x, low, high) {
  return Math.min(high, Math.max(low, x));
}

/** @param {number} a @param {number} b @param {number} t @returns {number} */
export function mix(a, b, t) {
  return a + (b - a) * t;
}

/** Product of two matrices. @param {Mat3} a @param {Mat3} b @returns {Mat3} */
export function multiply3(a, b) {
  const out = new Array(9).fill(0);
  for (let row = 0; row < 3; row++) {
    for (let col = 0; col < 3; col++) {
      for (let k = 0; k < 3; k++) out[row * 3 + col] += a[row * 3 + k] * b[k * 3 + col];
    }
  }
  return out;
}

/** @param {Mat3} m @returns {Mat3} */
export function transpose3(m) {
  return [m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]];
}

/** Matrix times vector. @param {Mat3} m @param {Vec3} v @returns {Vec3} */
export function apply3(m, v) {
  return [
    m[0] * v[0] + m[1] * v[1] + m[2] * v[2],
    m[3] * v[0] + m[4] * v[1] + m[5] * v[2],
    m[6] * v[0] + m[7] * v[1] + m[8] * v[2],
  ];
}

/** @param {Vec3} a @param {Vec3} b @returns {Vec3} */
export function add3(a, b) {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

/** @param {Vec3} a @param {Vec3} b @returns {Vec3} */
export function subtract3(a, b) {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

/** @param {Vec3} a @param {Vec3} b @param {number} t @returns {Vec3} */
export function mix3(a, b, t) {
  return [mix(a[0], b[0], t), mix(a[1], b[1], t), mix(a[2], b[2], t)];
}

/** Rotation by an angle in radians about a unit axis. @param {Vec3} axis @param {number} angle @returns {Quaternion} */
export function axisAngle(axis, angle) {
  const s = Math.sin(angle / 2);
  return [axis[0] * s, axis[1] * s, axis[2] * s, Math.cos(angle / 2)];
}

/** First ``b``, then ``a``. @param {Quaternion} a @param {Quaternion} b @returns {Quaternion} */
export function multiplyQuaternion(a, b) {
  const [ax, ay, az, aw] = a;
  const [bx, by, bz, bw] = b;
  return normalizeQuaternion([
    aw * bx + ax * bw + ay * bz - az * by,
    aw * by - ax * bz + ay * bw + az * bx,
    aw * bz + ax * by - ay * bx + az * bw,
    aw * bw - ax * bx - ay * by - az * bz,
  ]);
}

/** @param {Quaternion} q @returns {Quaternion} */
export function normalizeQuaternion(q) {
  const length = Math.hypot(...q) || 1;
  return q.map((x) => x / length);
}

/** @param {Quaternion} q @returns {Mat3} */
export function matrixFromQuaternion([x, y, z, w]) {
  return [
    1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
    2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
    2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
  ];
}

/** Quaternion of a proper rotation matrix. @param {Mat3} m @returns {Quaternion} */
export function quaternionFromMatrix(m) {
  const trace = m[0] + m[4] + m[8];
  if (trace > 0) {
    const s = 2 * Math.sqrt(trace + 1);
    return [(m[7] - m[5]) / s, (m[2] - m[6]) / s, (m[3] - m[1]) / s, s / 4];
  }
  const i = m[0] >= m[4] && m[0] >= m[8] ? 0 : m[4] >= m[8] ? 1 : 2;
  const j = (i + 1) % 3;
  const k = (i + 2) % 3;
  const at = (row, col) => m[row * 3 + col];
  const s = 2 * Math.sqrt(1 + at(i, i) - at(j, j) - at(k, k));
  const q = [0, 0, 0, (at(k, j) - at(j, k)) / s];
  q[i] = s / 4;
  q[j] = (at(j, i) + at(i, j)) / s;
  q[k] = (at(k, i) + at(i, k)) / s;
  return q;
}

/** Shortest way between two rotations. @param {Quaternion} a @param {Quaternion} b @param {number} t @returns {Quaternion} */
export function slerp(a, b, t) {
  let cosine = a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
  const end = cosine < 0 ? b.map((x) => -x) : b;
  cosine = Math.abs(cosine);
  if (cosine > 0.9995) return normalizeQuaternion(a.map((x, i) => mix(x, end[i], t)));
  const angle = Math.acos(cosine);
  const wa = Math.sin((1 - t) * angle) / Math.sin(angle);
  const wb = Math.sin(t * angle) / Math.sin(angle);
  return a.map((x, i) => wa * x + wb * end[i]);
}
