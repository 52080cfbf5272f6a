/**
 * Buffers of the surfaces: geometry by hemisphere, values and painted regions by pane.
 * @module meshes
 */
import { CLASS_COUNT } from './borders.js';
import { attribute, upload } from './gl.js';

/** @typedef {{array: WebGLVertexArrayObject, values: WebGLBuffer, second: WebGLBuffer, weights: WebGLBuffer, ids: WebGLBuffer, filled: boolean, paired: boolean}} Layer */

export class Meshes {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    /** @type {Object<string, any>} buffers shared by all panes, by hemisphere */
    this.hemis = {};
    /** @type {Map<string, Layer>} vertex array and own buffers, by pane and hemisphere */
    this.layers = new Map();
  }

  /** @param {string} hemi @param {Float32Array} sulcus one number a vertex */
  setMesh(hemi, sulcus) {
    const { gl } = this;
    const names = ['from', 'to', 'fromNormal', 'toNormal', 'sulcus', 'faces'];
    const buffers = Object.fromEntries(names.map((name) => [name, gl.createBuffer()]));
    upload(gl, buffers.sulcus, sulcus);
    this.hemis[hemi] = { ...buffers, count: 0, type: gl.UNSIGNED_INT, outside: 0 };
  }

  /**
   * The shape, and the one that it turns into while it morphs.
   * @param {string} hemi @param {{points: Float32Array, normals: Float32Array}} from @param {{points: Float32Array, normals: Float32Array} | null} to
   */
  setMorph(hemi, from, to) {
    const mesh = this.hemis[hemi];
    upload(this.gl, mesh.from, from.points);
    upload(this.gl, mesh.fromNormal, from.normals);
    if (!to) return;
    upload(this.gl, mesh.to, to.points);
    upload(this.gl, mesh.toNormal, to.normals);
  }

  /** @param {string} hemi @param {import('./geometry.js').Faces} faces @param {number} outside winding of a closed surface (1 or -1), 0 for an open one */
  setFaces(hemi, faces, outside) {
    const { gl } = this;
    const mesh = this.hemis[hemi];
    gl.bindVertexArray(null);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, mesh.faces);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, faces, gl.STATIC_DRAW);
    const type = faces instanceof Uint16Array ? gl.UNSIGNED_SHORT : gl.UNSIGNED_INT;
    Object.assign(mesh, { count: faces.length, type, outside });
  }

  /** @param {number} pane @param {string} hemi @returns {Layer} */
  layer(pane, hemi) {
    const key = `${pane}/${hemi}`;
    if (!this.layers.has(key)) this.layers.set(key, this.newLayer(this.hemis[hemi]));
    return this.layers.get(key);
  }

  newLayer(mesh) {
    const { gl } = this;
    const [values, second, weights, ids] = Array.from({ length: 4 }, () => gl.createBuffer());
    const layer = { array: gl.createVertexArray(), filled: false, paired: false, values, second, weights, ids };
    gl.bindVertexArray(layer.array);
    for (const [at, buffer] of [mesh.from, mesh.to, mesh.fromNormal, mesh.toNormal].entries()) attribute(gl, at, buffer, 3);
    attribute(gl, 4, mesh.sulcus, 1);
    attribute(gl, 5, layer.values, 2);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, mesh.faces);
    gl.bindVertexArray(null);
    return layer;
  }

  /** @param {number} pane @param {string} hemi @param {Float32Array} values value and weight of each vertex @param {Float32Array | null} second those of a second map */
  setValues(pane, hemi, values, second) {
    const { gl } = this;
    const layer = this.layer(pane, hemi);
    layer.paired = second !== null;
    upload(gl, layer.values, values, gl.DYNAMIC_DRAW);
    gl.bindVertexArray(layer.array);
    if (second) {
      upload(gl, layer.second, second, gl.DYNAMIC_DRAW);
      attribute(gl, 10, layer.second, 2);
    } else gl.disableVertexAttribArray(10);
    gl.bindVertexArray(null);
  }

  /** @param {number} pane @param {string} hemi @param {{weights: Uint8Array, ids: Uint16Array} | null} classes */
  setFill(pane, hemi, classes) {
    const { gl } = this;
    const layer = this.layer(pane, hemi);
    layer.filled = classes !== null;
    gl.bindVertexArray(layer.array);
    if (classes) {
      upload(gl, layer.weights, classes.weights);
      upload(gl, layer.ids, classes.ids);
      for (const half of [0, 1]) {
        attribute(gl, 6 + half, layer.weights, 4, { type: gl.UNSIGNED_BYTE, normalized: true, stride: CLASS_COUNT, offset: half * 4 });
        attribute(gl, 8 + half, layer.ids, 4, { type: gl.UNSIGNED_SHORT, stride: CLASS_COUNT * 2, offset: half * 8 });
      }
    } else for (const at of [6, 7, 8, 9]) gl.disableVertexAttribArray(at);
    gl.bindVertexArray(null);
  }

  /** Draw a hemisphere's triangles; the far side of a closed surface is never seen. @param {number} pane @param {string} hemi */
  draw(pane, hemi) {
    const { gl } = this;
    const mesh = this.hemis[hemi];
    gl.bindVertexArray(this.layer(pane, hemi).array);
    if (mesh.outside) {
      gl.enable(gl.CULL_FACE);
      gl.frontFace(mesh.outside > 0 ? gl.CCW : gl.CW);
    } else gl.disable(gl.CULL_FACE);
    gl.drawElements(gl.TRIANGLES, mesh.count, mesh.type, 0);
    gl.disable(gl.CULL_FACE);
    gl.bindVertexArray(null);
  }
}
