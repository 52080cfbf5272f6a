/**
 * The WebGL2 side: buffers, programs and the three passes. It knows tiles and arrays, not maps or names.
 * @module renderer
 */
import { CLASS_COUNT } from './borders.js';
import { DEPTH_FRAGMENT, DEPTH_VERTEX, depthFromBytes, LINE_FRAGMENT, LINE_VERTEX, SURFACE_FRAGMENT, SURFACE_VERTEX, withRegions } from './shaders.js';

/** @typedef {{rgb: number[], alpha: number, width: number, lift: number}} Ink */

const SURFACE_UNIFORMS = ['uMatrix', 'uOffset', 'uScale', 'uMorph', 'uLut', 'uRange', 'uThreshold', 'uSecond', 'uOpacity'];
const REGION_UNIFORMS = [...SURFACE_UNIFORMS, 'uPalette', 'uFill'];
const LINE_UNIFORMS = ['uMatrix', 'uOffset', 'uScale', 'uMorph', 'uPixel', 'uWidth', 'uLift', 'uInk'];
const DEPTH_UNIFORMS = ['uMatrix', 'uOffset', 'uScale', 'uMorph'];

export class Renderer {
  /** @param {HTMLCanvasElement} canvas @throws {Error} where WebGL2 is missing */
  constructor(canvas) {
    this.canvas = canvas;
    const gl = canvas.getContext('webgl2', { antialias: false, alpha: true, premultipliedAlpha: true });
    if (!gl) throw new Error('WebGL2 is not available');
    this.gl = gl;
    this.build();
  }

  /** Make everything that lives in the context; called again after a lost context comes back. */
  build() {
    const { gl } = this;
    this.surface = program(gl, SURFACE_VERTEX, SURFACE_FRAGMENT, SURFACE_UNIFORMS);
    this.regions = program(gl, withRegions(SURFACE_VERTEX), withRegions(SURFACE_FRAGMENT), REGION_UNIFORMS);
    this.line = program(gl, LINE_VERTEX, LINE_FRAGMENT, LINE_UNIFORMS);
    this.depth = program(gl, DEPTH_VERTEX, DEPTH_FRAGMENT, DEPTH_UNIFORMS);
    /** @type {Object<string, any>} buffers shared by all panes, by hemisphere */
    this.meshes = {};
    /** @type {Map<string, any>} vertex array and own buffers, by pane and hemisphere */
    this.layers = new Map();
    this.lines = new Map();
    this.textures = new Map();
    this.target = null;
    gl.enable(gl.DEPTH_TEST);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  }

  /** @param {string} hemi @param {Float32Array} sulcus one number a vertex */
  setMesh(hemi, sulcus) {
    const { gl } = this;
    const buffers = { from: gl.createBuffer(), to: gl.createBuffer(), fromNormal: gl.createBuffer(), toNormal: gl.createBuffer(), sulcus: gl.createBuffer(), faces: gl.createBuffer() };
    upload(gl, buffers.sulcus, sulcus, gl.STATIC_DRAW);
    this.meshes[hemi] = { ...buffers, count: 0, type: gl.UNSIGNED_INT, vertices: sulcus.length };
  }

  /** The two ends of the morph. @param {string} hemi @param {{points: Float32Array, normals: Float32Array}} from @param {{points: Float32Array, normals: Float32Array}} to */
  setMorph(hemi, from, to) {
    const { gl } = this;
    const mesh = this.meshes[hemi];
    upload(gl, mesh.from, from.points, gl.STATIC_DRAW);
    upload(gl, mesh.to, to.points, gl.STATIC_DRAW);
    upload(gl, mesh.fromNormal, from.normals, gl.STATIC_DRAW);
    upload(gl, mesh.toNormal, to.normals, gl.STATIC_DRAW);
  }

  /** @param {string} hemi @param {import('./geometry.js').Faces} faces */
  setFaces(hemi, faces) {
    const { gl } = this;
    const mesh = this.meshes[hemi];
    gl.bindVertexArray(null);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, mesh.faces);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, faces, gl.STATIC_DRAW);
    mesh.count = faces.length;
    mesh.type = faces instanceof Uint16Array ? gl.UNSIGNED_SHORT : gl.UNSIGNED_INT;
  }

  /** @param {number} pane @param {string} hemi */
  layer(pane, hemi) {
    const key = `${pane}/${hemi}`;
    if (!this.layers.has(key)) this.layers.set(key, this.newLayer(this.meshes[hemi]));
    return this.layers.get(key);
  }

  newLayer(mesh) {
    const { gl } = this;
    const layer = { array: gl.createVertexArray(), values: gl.createBuffer(), weights: gl.createBuffer(), ids: gl.createBuffer(), filled: false };
    gl.bindVertexArray(layer.array);
    attribute(gl, 0, mesh.from, 3);
    attribute(gl, 1, mesh.to, 3);
    attribute(gl, 2, mesh.fromNormal, 3);
    attribute(gl, 3, mesh.toNormal, 3);
    attribute(gl, 4, mesh.sulcus, 1);
    upload(gl, layer.values, new Float32Array(mesh.vertices * 4), gl.DYNAMIC_DRAW);
    attribute(gl, 5, layer.values, 4);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, mesh.faces);
    gl.bindVertexArray(null);
    return layer;
  }

  /** @param {number} pane @param {string} hemi @param {Float32Array} weighted value, weight, second value, its weight of each vertex */
  setValues(pane, hemi, weighted) {
    const { gl } = this;
    const layer = this.layer(pane, hemi);
    gl.bindBuffer(gl.ARRAY_BUFFER, layer.values);
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, weighted);
  }

  /** @param {number} pane @param {string} hemi @param {{weights: Uint8Array, ids: Uint16Array} | null} classes */
  setFill(pane, hemi, classes) {
    const { gl } = this;
    const layer = this.layer(pane, hemi);
    layer.filled = classes !== null;
    gl.bindVertexArray(layer.array);
    if (classes) {
      upload(gl, layer.weights, classes.weights, gl.STATIC_DRAW);
      upload(gl, layer.ids, classes.ids, gl.STATIC_DRAW);
      for (const half of [0, 1]) {
        attribute(gl, 6 + half, layer.weights, 4, gl.UNSIGNED_BYTE, true, CLASS_COUNT, half * 4);
        attribute(gl, 8 + half, layer.ids, 4, gl.UNSIGNED_SHORT, false, CLASS_COUNT * 2, half * 8);
      }
    } else for (const at of [6, 7, 8, 9]) gl.disableVertexAttribArray(at);
    gl.bindVertexArray(null);
  }

  /** @param {string} name @param {string} hemi @param {{from: Float32Array, to: Float32Array} | null} segments */
  setLines(name, hemi, segments) {
    const { gl } = this;
    const key = `${name}/${hemi}`;
    const old = this.lines.get(key) ?? { array: gl.createVertexArray(), from: gl.createBuffer(), to: gl.createBuffer(), corners: gl.createBuffer() };
    const count = segments ? segments.from.length / 6 : 0;
    this.lines.set(key, { ...old, count });
    if (!count) return;
    upload(gl, old.from, fourTimes(segments.from), gl.STATIC_DRAW);
    upload(gl, old.to, fourTimes(segments.to), gl.STATIC_DRAW);
    gl.bindVertexArray(old.array);
    for (const [k, buffer] of [old.from, old.to].entries()) {
      for (const end of [0, 1]) attribute(gl, k * 2 + end, buffer, 3, gl.FLOAT, false, 24, end * 12);
    }
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, old.corners);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, quadCorners(count), gl.STATIC_DRAW);
    gl.bindVertexArray(null);
  }

  /** @param {string} name @param {Uint8Array} bytes @param {number} width @param {number} height @param {number} channels 3 or 4 @param {boolean} smooth */
  setTexture(name, bytes, width, height, channels, smooth) {
    const { gl } = this;
    const texture = this.textures.get(name) ?? gl.createTexture();
    this.textures.set(name, texture);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    const filter = smooth ? gl.LINEAR : gl.NEAREST;
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, filter);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, filter);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    const [inner, format] = channels === 3 ? [gl.RGB8, gl.RGB] : [gl.RGBA8, gl.RGBA];
    gl.texImage2D(gl.TEXTURE_2D, 0, inner, width, height, 0, format, gl.UNSIGNED_BYTE, bytes);
  }

  /** Empty the picture. @param {number} width device pixels @param {number} height @param {number[] | null} ground RGB 0 to 1, null for transparent */
  begin(width, height, ground) {
    const { gl, canvas } = this;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.disable(gl.SCISSOR_TEST);
    gl.clearColor(...(ground ?? [0, 0, 0]), ground ? 1 : 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.SCISSOR_TEST);
  }

  /** Restrict drawing to a tile. @param {import('./layout.js').Rect} rect @param {number} ratio device pixels a CSS pixel @param {number} height of the whole, device pixels */
  window(rect, ratio, height) {
    const { gl } = this;
    const box = [rect.x * ratio, height - (rect.y + rect.height) * ratio, rect.width * ratio, rect.height * ratio].map(Math.round);
    gl.viewport(...box);
    gl.scissor(...box);
  }

  transform(uniforms, tile, body, morph) {
    const { gl } = this;
    gl.uniformMatrix3fv(uniforms.uMatrix, true, body.matrix);
    gl.uniform3fv(uniforms.uOffset, body.offset);
    gl.uniform2f(uniforms.uScale, (2 * tile.scale) / tile.rect.width, (2 * tile.scale) / tile.rect.height);
    gl.uniform1f(uniforms.uMorph, morph);
  }

  /**
   * @param {import('./layout.js').Tile} tile @param {number} morph
   * @param {{lut: string, palette: string, range: number[], threshold: number[], second: number, opacity: number, fill: number}} look
   */
  drawSurface(tile, morph, look) {
    const { gl } = this;
    gl.disable(gl.BLEND);
    gl.depthMask(true);
    for (const body of tile.bodies) {
      const layer = this.layer(tile.pane, body.hemi);
      const u = this.beginSurface(layer.filled, look);
      this.transform(u, tile, body, morph);
      gl.bindVertexArray(layer.array);
      this.drawFaces(body.hemi);
    }
    gl.bindVertexArray(null);
  }

  /** Take the program with or without regions and set what all hemispheres share. */
  beginSurface(filled, look) {
    const { gl } = this;
    const { handle, uniforms: u } = filled ? this.regions : this.surface;
    gl.useProgram(handle);
    bindTexture(gl, 0, this.textures.get(look.lut), u.uLut);
    gl.uniform4fv(u.uRange, look.range);
    gl.uniform4fv(u.uThreshold, look.threshold);
    gl.uniform1i(u.uSecond, look.second);
    gl.uniform1f(u.uOpacity, look.opacity);
    if (filled) {
      bindTexture(gl, 1, this.textures.get(look.palette), u.uPalette);
      gl.uniform1f(u.uFill, look.fill);
    }
    return u;
  }

  drawFaces(hemi) {
    const mesh = this.meshes[hemi];
    this.gl.drawElements(this.gl.TRIANGLES, mesh.count, mesh.type, 0);
  }

  /** @param {import('./layout.js').Tile} tile @param {number} morph @param {string} name @param {Ink} ink @param {number} ratio */
  drawLines(tile, morph, name, ink, ratio) {
    const { gl } = this;
    const { handle, uniforms: u } = this.line;
    gl.useProgram(handle);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.depthMask(false);
    gl.uniform2f(u.uPixel, 2 / (tile.rect.width * ratio), 2 / (tile.rect.height * ratio));
    gl.uniform1f(u.uWidth, ink.width * ratio);
    gl.uniform1f(u.uLift, ink.lift);
    gl.uniform4f(u.uInk, ...ink.rgb, ink.alpha);
    for (const body of tile.bodies) {
      const lines = this.lines.get(`${name}/${body.hemi}`);
      if (!lines?.count) continue;
      this.transform(u, tile, body, morph);
      gl.bindVertexArray(lines.array);
      gl.drawElements(gl.TRIANGLES, lines.count * 6, gl.UNSIGNED_INT, 0);
    }
    gl.bindVertexArray(null);
    gl.depthMask(true);
    gl.disable(gl.BLEND);
  }

  /**
   * Draw depth of tiles at one pixel a CSS pixel and read it back.
   * @param {import('./layout.js').Tile[]} tiles @param {number} width @param {number} height @param {number} morph
   * @returns {{width: number, height: number, at: (x: number, y: number) => number}} mm towards the eye, -Infinity where nothing is
   */
  readDepth(tiles, width, height, morph) {
    const { gl } = this;
    this.bindTarget(width, height);
    gl.disable(gl.SCISSOR_TEST);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.SCISSOR_TEST);
    gl.useProgram(this.depth.handle);
    for (const tile of tiles) {
      this.window(tile.rect, 1, height);
      for (const body of tile.bodies) {
        this.transform(this.depth.uniforms, tile, body, morph);
        gl.bindVertexArray(this.layer(tile.pane, body.hemi).array);
        this.drawFaces(body.hemi);
      }
    }
    gl.bindVertexArray(null);
    const pixels = new Uint8Array(width * height * 4);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    const at = (x, y) => {
      const column = Math.floor(x), row = height - 1 - Math.floor(y);
      if (column < 0 || row < 0 || column >= width || row >= height) return -Infinity;
      const i = (row * width + column) * 4;
      return pixels[i + 3] ? depthFromBytes(pixels, i) : -Infinity;
    };
    return { width, height, at };
  }

  bindTarget(width, height) {
    const { gl } = this;
    if (!this.target) this.target = { frame: gl.createFramebuffer(), colour: gl.createRenderbuffer(), depth: gl.createRenderbuffer(), width: 0, height: 0 };
    const t = this.target;
    gl.bindFramebuffer(gl.FRAMEBUFFER, t.frame);
    if (t.width === width && t.height === height) return;
    Object.assign(t, { width, height });
    gl.bindRenderbuffer(gl.RENDERBUFFER, t.colour);
    gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGBA8, width, height);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, t.colour);
    gl.bindRenderbuffer(gl.RENDERBUFFER, t.depth);
    gl.renderbufferStorage(gl.RENDERBUFFER, gl.DEPTH_COMPONENT24, width, height);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.RENDERBUFFER, t.depth);
  }

  /** Give the context back. */
  destroy() {
    this.gl.getExtension('WEBGL_lose_context')?.loseContext();
  }
}

function upload(gl, buffer, data, usage) {
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, data, usage);
}

/** Both ends of a segment for each of the four corners of its ribbon (software GL is slow with instances). */
function fourTimes(ends) {
  const out = new Float32Array(ends.length * 4);
  for (let i = 0; i < ends.length; i += 6) {
    for (let corner = 0; corner < 4; corner++) out.set(ends.subarray(i, i + 6), i * 4 + corner * 6);
  }
  return out;
}

function quadCorners(count) {
  const out = new Uint32Array(count * 6);
  for (let i = 0; i < count; i++) out.set([0, 1, 2, 2, 1, 3].map((k) => i * 4 + k), i * 6);
  return out;
}

function attribute(gl, location, buffer, size, type = gl.FLOAT, normalized = false, stride = 0, offset = 0) {
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.enableVertexAttribArray(location);
  gl.vertexAttribPointer(location, size, type, normalized, stride, offset);
}

function bindTexture(gl, unit, texture, uniform) {
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.uniform1i(uniform, unit);
}

function program(gl, vertexSource, fragmentSource, names) {
  const handle = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, vertexSource], [gl.FRAGMENT_SHADER, fragmentSource]]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(handle, shader);
  }
  gl.linkProgram(handle);
  if (!gl.getProgramParameter(handle, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(`shader: ${gl.getProgramInfoLog(handle)}`);
  return { handle, uniforms: Object.fromEntries(names.map((name) => [name, gl.getUniformLocation(handle, name)])) };
}
