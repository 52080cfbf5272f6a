/**
 * Ribbons of constant width on the screen: borders of regions and of marked vertices.
 * @module lines
 */
import { attribute, upload } from './gl.js';

/** @typedef {{rgb: number[], alpha: number, width: number, lift: number}} Ink width in CSS pixels, lift in mm towards the eye */

export class LineSets {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    /** @type {Map<string, any>} by name and hemisphere */
    this.sets = new Map();
  }

  /** @param {string} name @param {string} hemi @param {{from: Float32Array, to: Float32Array | null} | null} segments @returns {boolean} whether anything changed */
  set(name, hemi, segments) {
    const { gl } = this;
    const key = `${name}/${hemi}`;
    const old = this.sets.get(key) ?? { array: gl.createVertexArray(), from: gl.createBuffer(), to: gl.createBuffer(), corners: gl.createBuffer(), count: 0 };
    const count = segments ? segments.from.length / 6 : 0;
    this.sets.set(key, { ...old, count });
    if (!count) return old.count > 0;
    gl.bindVertexArray(old.array);
    for (const [k, ends] of [segments.from, segments.to].entries()) {
      const buffer = k ? old.to : old.from;
      if (ends) upload(gl, buffer, fourTimes(ends));
      for (const end of [0, 1]) {
        if (ends) attribute(gl, k * 2 + end, buffer, 3, { stride: 24, offset: end * 12 });
        else gl.disableVertexAttribArray(k * 2 + end);
      }
    }
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, old.corners);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, quadCorners(count), gl.STATIC_DRAW);
    gl.bindVertexArray(null);
    return true;
  }

  /** Draw with the program in force. @param {string} name @param {string} hemi */
  draw(name, hemi) {
    const { gl } = this;
    const lines = this.sets.get(`${name}/${hemi}`);
    if (!lines?.count) return;
    gl.bindVertexArray(lines.array);
    gl.drawElements(gl.TRIANGLES, lines.count * 6, gl.UNSIGNED_INT, 0);
    gl.bindVertexArray(null);
  }

  /** @param {string} name @param {string} hemi @returns {boolean} */
  has(name, hemi) {
    return this.sets.get(`${name}/${hemi}`)?.count > 0;
  }
}

/** Both ends of a segment for each of the four corners of its ribbon (software GL is slow with instances). */
function fourTimes(ends) {
  const out = new Float32Array(ends.length * 4);
  for (let i = 0; i < ends.length; i += 6) {
    for (let k = 0; k < 24; k++) out[i * 4 + k] = ends[i + (k % 6)];
  }
  return out;
}

function quadCorners(count) {
  const out = new Uint32Array(count * 6);
  const corners = [0, 1, 2, 2, 1, 3];
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < 6; k++) out[i * 6 + k] = i * 4 + corners[k];
  }
  return out;
}
