/**
 * An off-screen picture of the geometry: what each pixel shows, before it is painted. While the
 * camera rests, range, threshold and colours are painted from it without touching the mesh.
 * @module target
 */
import { newTexture } from './gl.js';

export class Target {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    this.width = this.height = 0;
    /** What is drawn here; "" for nothing. */
    this.key = '';
    this.cells = newTexture(gl, gl.NEAREST);
    this.depth = newTexture(gl, gl.NEAREST);
    this.ink = newTexture(gl, gl.LINEAR);
    this.cellFrame = this.frame(this.cells);
    this.inkFrame = this.frame(this.ink);
  }

  frame(colour) {
    const { gl } = this;
    const frame = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, colour, 0);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.TEXTURE_2D, this.depth, 0);
    return frame;
  }

  /** @param {number} width @param {number} height */
  resize(width, height) {
    if (this.width === width && this.height === height) return;
    Object.assign(this, { width, height, key: '' });
    const { gl } = this;
    const make = (texture, inner, format, type) => {
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, inner, width, height, 0, format, type, null);
    };
    gl.activeTexture(gl.TEXTURE0);
    make(this.cells, gl.RGBA32UI, gl.RGBA_INTEGER, gl.UNSIGNED_INT);
    make(this.ink, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE);
    make(this.depth, gl.DEPTH_COMPONENT24, gl.DEPTH_COMPONENT, gl.UNSIGNED_INT);
  }

  /** Begin with empty cells. */
  openCells() {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.cellFrame);
    gl.clearBufferuiv(gl.COLOR, 0, [0, 0, 0, 0]);
    gl.clearBufferfv(gl.DEPTH, 0, [1]);
  }

  /** Begin with no ink; the depth of the cells stays. */
  openInk() {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.inkFrame);
    gl.clearBufferfv(gl.COLOR, 0, [0, 0, 0, 0]);
  }
}
