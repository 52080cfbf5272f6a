/**
 * The WebGL2 side. Geometry is drawn into cells (what each pixel shows) when the camera or the
 * data change; painting turns cells into colours. It knows tiles and arrays, not maps or names.
 * @module renderer
 */
import { bindTexture, makeProgram, newTexture } from './gl.js';
import { coveredRect } from './layout.js';
import { LineSets } from './lines.js';
import { Meshes } from './meshes.js';
import { CELL_FRAGMENT, CELL_VERTEX, COVER_VERTEX, DEPTH_FRAGMENT, depthFromBytes, LINE_FRAGMENT, LINE_VERTEX, PAINT_FRAGMENT, variant } from './shaders.js';
import { Target } from './target.js';

/**
 * @typedef {{lut: string, palette: string, range: number[], log: boolean, threshold: number[], second: 'PLANE' | 'ALPHA' | null, opacity: number, fill: number | null}} Paint
 *   fill: opacity of regions, null for none
 * @typedef {{tiles: import('./layout.js').Tile[], width: number, height: number, ratio: number, finer: 1 | 2, morph: number, bounds: Object<string, import('./geometry.js').Bounds>,
 *   paints: Paint[], inks: {name: string, ink: import('./lines.js').Ink}[], block?: import('./layout.js').Rect}} Frame
 *   width and height in CSS pixels; ratio: canvas pixels a CSS pixel; finer: cells a canvas pixel along
 *   each axis; block: the part to draw, canvas pixels of the whole picture, all of it by default
 */

export class Renderer {
  /** @param {HTMLCanvasElement} canvas @throws {Error} where WebGL2 is missing */
  constructor(canvas) {
    this.canvas = canvas;
    const gl = canvas.getContext('webgl2', { antialias: false, depth: false, alpha: true, premultipliedAlpha: true });
    if (!gl) throw new Error('WebGL2 is not available');
    this.gl = gl;
    this.build();
  }

  /** Make everything that lives in the context; called again after a lost context comes back. */
  build() {
    const { gl } = this;
    this.programs = new Map();
    this.meshes = new Meshes(gl);
    this.lines = new LineSets(gl);
    this.textures = new Map();
    this.targets = {};
    this.reader = null;
    /** Counts changes of data, so that cells know when they are out of date. */
    this.version = 0;
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    this.compileUsual();
  }

  /** Compile what every picture needs while the card is idle: later, each program would wait for the drawing before it. */
  compileUsual() {
    this.program('cells', CELL_VERTEX, CELL_FRAGMENT);
    this.program('line', LINE_VERTEX, LINE_FRAGMENT);
    this.program('paint', COVER_VERTEX, PAINT_FRAGMENT);
    this.program('paint', COVER_VERTEX, PAINT_FRAGMENT, ['FINE']);
    this.program('depth', COVER_VERTEX, DEPTH_FRAGMENT);
  }

  /** @returns {boolean} whether surfaces are here */
  get isFilled() {
    return Object.keys(this.meshes.hemis).length > 0;
  }

  setMesh(hemi, sulcus) {
    this.meshes.setMesh(hemi, sulcus);
    this.version++;
  }

  setMorph(hemi, from, to) {
    this.meshes.setMorph(hemi, from, to);
    this.version++;
  }

  setFaces(hemi, faces, outside) {
    this.meshes.setFaces(hemi, faces, outside);
    this.version++;
  }

  setValues(pane, hemi, values, second) {
    this.meshes.setValues(pane, hemi, values, second);
    this.version++;
  }

  setFill(pane, hemi, classes) {
    this.meshes.setFill(pane, hemi, classes);
    this.version++;
  }

  setLines(name, hemi, segments) {
    if (this.lines.set(name, hemi, segments)) this.version++;
  }

  /** @param {string} name @param {Uint8Array} bytes @param {number} width @param {number} height @param {number} channels 3 or 4 @param {boolean} smooth */
  setTexture(name, bytes, width, height, channels, smooth) {
    const { gl } = this;
    if (!this.textures.has(name)) this.textures.set(name, newTexture(gl, smooth ? gl.LINEAR : gl.NEAREST));
    gl.bindTexture(gl.TEXTURE_2D, this.textures.get(name));
    const [inner, format] = channels === 3 ? [gl.RGB8, gl.RGB] : [gl.RGBA8, gl.RGBA];
    gl.texImage2D(gl.TEXTURE_2D, 0, inner, width, height, 0, format, gl.UNSIGNED_BYTE, bytes);
  }

  /** A program with some switches on, compiled when first wanted. */
  program(name, vertex, fragment, switches = []) {
    const key = [name, ...switches].join(' ');
    if (!this.programs.has(key)) this.programs.set(key, makeProgram(this.gl, variant(vertex, switches), variant(fragment, switches)));
    const made = this.programs.get(key);
    this.gl.useProgram(made.handle);
    return made.uniforms;
  }

  /** Draw a frame on the canvas. @param {Frame} frame */
  paint(frame) {
    const { gl, canvas } = this;
    const { width, height } = blockOf(frame);
    const target = this.cellsOf(frame, width, height);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.disable(gl.SCISSOR_TEST);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.SCISSOR_TEST);
    for (const tile of frame.tiles) {
      this.window(tile.rect, frame, 1);
      this.narrow(tile, frame);
      const u = this.takePaint(frame.paints[tile.pane], frame.finer);
      bindTexture(gl, 0, target.cells, u.uCells);
      bindTexture(gl, 1, target.ink, u.uInk);
      gl.uniform2f(u.uGrain, target.width / width, target.height / height);
      gl.drawArrays(gl.TRIANGLES, 0, 3);
    }
    gl.disable(gl.SCISSOR_TEST);
  }

  /** Take the program for a way of painting. @param {Paint} paint @param {number} finer */
  takePaint(paint, finer) {
    const { gl } = this;
    const switches = [finer === 2 && 'FINE', paint.second, paint.fill !== null && 'REGIONS'].filter(Boolean);
    const u = this.program('paint', COVER_VERTEX, PAINT_FRAGMENT, switches);
    bindTexture(gl, 2, this.textures.get(paint.lut), u.uLut);
    gl.uniform4fv(u.uRange, paint.range);
    gl.uniform1f(u.uLog, paint.log ? 1 : 0);
    gl.uniform4fv(u.uThreshold, paint.threshold);
    gl.uniform1f(u.uOpacity, paint.opacity);
    if (paint.fill === null) return u;
    bindTexture(gl, 3, this.textures.get(paint.palette), u.uPalette);
    gl.uniform1f(u.uFill, paint.fill);
    return u;
  }

  /** Names all that a frame's cells depend on. @param {Frame} frame @returns {string} */
  keyOf({ tiles, width, height, ratio, morph, block }) {
    return JSON.stringify([this.version, width, height, ratio, morph, block, tiles]);
  }

  /** Cells that show a frame's geometry; finer ones that are still right serve a coarse picture. */
  cellsOf(frame, width, height) {
    const key = this.keyOf(frame);
    const fine = this.targets[2];
    if (fine?.key === key) return fine;
    this.targets[frame.finer] ??= new Target(this.gl);
    const target = this.targets[frame.finer];
    target.resize(width * frame.finer, height * frame.finer);
    if (target.key !== key) this.drawCells(target, frame);
    target.key = key;
    return target;
  }

  drawCells(target, frame) {
    const { gl } = this;
    gl.disable(gl.SCISSOR_TEST);
    target.openCells();
    gl.enable(gl.SCISSOR_TEST);
    gl.enable(gl.DEPTH_TEST);
    gl.disable(gl.BLEND);
    for (const tile of frame.tiles) {
      this.window(tile.rect, frame, frame.finer);
      for (const body of tile.bodies) this.drawBody(tile, body, frame.morph);
    }
    gl.disable(gl.SCISSOR_TEST);
    target.openInk();
    gl.enable(gl.SCISSOR_TEST);
    this.drawInks(frame);
    gl.disable(gl.SCISSOR_TEST);
    gl.disable(gl.DEPTH_TEST);
  }

  drawBody(tile, body, morph) {
    const { filled, paired } = this.meshes.layer(tile.pane, body.hemi);
    const switches = [morph > 0 && 'MORPH', paired && 'SECOND', filled && 'REGIONS'].filter(Boolean);
    this.place(this.program('cells', CELL_VERTEX, CELL_FRAGMENT, switches), tile, body, morph);
    this.meshes.draw(tile.pane, body.hemi);
  }

  drawInks(frame) {
    const { gl } = this;
    const ratio = frame.ratio * frame.finer;
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.depthMask(false);
    const u = this.program('line', LINE_VERTEX, LINE_FRAGMENT, frame.morph > 0 ? ['MORPH'] : []);
    for (const tile of frame.tiles) {
      this.window(tile.rect, frame, frame.finer);
      gl.uniform2f(u.uPixel, 2 / (tile.rect.width * ratio), 2 / (tile.rect.height * ratio));
      for (const { name, ink } of frame.inks) this.drawInk(u, tile, name, { ...ink, width: ink.width * ratio, morph: frame.morph });
    }
    gl.depthMask(true);
    gl.disable(gl.BLEND);
  }

  drawInk(u, tile, name, { rgb, alpha, width, lift, morph }) {
    const { gl } = this;
    gl.uniform1f(u.uWidth, width);
    gl.uniform1f(u.uLift, lift);
    gl.uniform4f(u.uInk, rgb[0], rgb[1], rgb[2], alpha);
    for (const body of tile.bodies) {
      if (!this.lines.has(name, body.hemi)) continue;
      this.place(u, tile, body, morph);
      this.lines.draw(name, body.hemi);
    }
  }

  /** Restrict drawing to a tile. @param {import('./layout.js').Rect} rect @param {Frame} frame @param {number} finer pixels drawn a canvas pixel */
  window(rect, frame, finer) {
    const { gl } = this;
    const ratio = frame.ratio * finer;
    const block = blockOf(frame);
    const box = [rect.x * ratio - block.x * finer, (block.y + block.height) * finer - (rect.y + rect.height) * ratio, rect.width * ratio, rect.height * ratio];
    const [x, y, width, height] = box.map(Math.round);
    gl.viewport(x, y, width, height);
    gl.scissor(x, y, width, height);
  }

  /** Leave out pixels of a tile that no brain can reach. @param {import('./layout.js').Tile} tile @param {Frame} frame */
  narrow(tile, frame) {
    const block = blockOf(frame);
    const box = coveredRect(tile, frame.bounds);
    const left = Math.floor(box.x * frame.ratio), right = Math.ceil((box.x + box.width) * frame.ratio);
    const top = Math.floor(box.y * frame.ratio), bottom = Math.ceil((box.y + box.height) * frame.ratio);
    this.gl.scissor(left - block.x, block.y + block.height - bottom, Math.max(0, right - left), Math.max(0, bottom - top));
  }

  place(u, tile, body, morph) {
    const { gl } = this;
    gl.uniformMatrix3fv(u.uMatrix, true, body.matrix);
    gl.uniform3fv(u.uOffset, body.offset);
    gl.uniform2f(u.uScale, (2 * tile.scale) / tile.rect.width, (2 * tile.scale) / tile.rect.height);
    if (morph > 0) gl.uniform1f(u.uMorph, morph);
  }

  /**
   * Read back the depth of a frame at one pixel a CSS pixel.
   * @param {Frame} frame
   * @returns {{width: number, height: number, at: (x: number, y: number) => number}} mm towards the eye, -Infinity where nothing is
   */
  readDepth(frame) {
    const { gl } = this;
    const [width, height] = [Math.round(frame.width), Math.round(frame.height)];
    const whole = blockOf(frame);
    const target = this.cellsOf(frame, whole.width, whole.height);
    this.openReader(width, height);
    const u = this.program('depth', COVER_VERTEX, DEPTH_FRAGMENT);
    bindTexture(gl, 0, target.depth, u.uDepth);
    gl.uniform2f(u.uGrain, target.width / width, target.height / height);
    gl.viewport(0, 0, width, height);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    const pixels = new Uint8Array(width * height * 4);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    return { width, height, at: (x, y) => depthAt(pixels, width, height, Math.floor(x), Math.floor(y)) };
  }

  openReader(width, height) {
    const { gl } = this;
    this.reader ??= { frame: gl.createFramebuffer(), colour: gl.createRenderbuffer(), size: '' };
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.reader.frame);
    if (this.reader.size === `${width} ${height}`) return;
    this.reader.size = `${width} ${height}`;
    gl.bindRenderbuffer(gl.RENDERBUFFER, this.reader.colour);
    gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGBA8, width, height);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, this.reader.colour);
  }

  /** Give the context back. */
  destroy() {
    this.gl.getExtension('WEBGL_lose_context')?.loseContext();
  }
}

/** The part of the picture that a frame draws, canvas pixels. @param {Frame} frame @returns {import('./layout.js').Rect} */
function blockOf({ width, height, ratio, block }) {
  return block ?? { x: 0, y: 0, width: Math.round(width * ratio), height: Math.round(height * ratio) };
}

function depthAt(pixels, width, height, column, y) {
  const row = height - 1 - y;
  if (column < 0 || row < 0 || column >= width || row >= height) return -Infinity;
  const i = (row * width + column) * 4;
  return pixels[i + 3] ? depthFromBytes(pixels, i) : -Infinity;
}
