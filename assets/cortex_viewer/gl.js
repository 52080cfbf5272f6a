/**
 * The few WebGL2 calls that every pass needs.
 * @module gl
 */

/** @typedef {{handle: WebGLProgram, uniforms: Object<string, WebGLUniformLocation>}} Program */

/** Compile and link. @param {WebGL2RenderingContext} gl @param {string} vertexSource @param {string} fragmentSource @returns {Program} */
export function makeProgram(gl, vertexSource, fragmentSource) {
  const handle = gl.createProgram();
  const parts = [{ type: gl.VERTEX_SHADER, source: vertexSource }, { type: gl.FRAGMENT_SHADER, source: fragmentSource }];
  for (const { type, source } of parts) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(handle, shader);
  }
  gl.linkProgram(handle);
  if (!gl.getProgramParameter(handle, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(`shader: ${gl.getProgramInfoLog(handle)}`);
  return { handle, uniforms: uniformsOf(gl, handle) };
}

function uniformsOf(gl, handle) {
  const count = gl.getProgramParameter(handle, gl.ACTIVE_UNIFORMS) ?? 0;
  const names = Array.from({ length: count }, (_, i) => gl.getActiveUniform(handle, i).name);
  return Object.fromEntries(names.map((name) => [name, gl.getUniformLocation(handle, name)]));
}

/** @param {WebGL2RenderingContext} gl @param {WebGLBuffer} buffer @param {ArrayBufferView} data @param {number} [usage] */
export function upload(gl, buffer, data, usage = gl.STATIC_DRAW) {
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, data, usage);
}

/**
 * Let an attribute of the bound vertex array read from a buffer.
 * @param {WebGL2RenderingContext} gl @param {number} location @param {WebGLBuffer} buffer @param {number} size
 * @param {{type?: number, normalized?: boolean, stride?: number, offset?: number}} [how]
 */
export function attribute(gl, location, buffer, size, { type = gl.FLOAT, normalized = false, stride = 0, offset = 0 } = {}) {
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.enableVertexAttribArray(location);
  gl.vertexAttribPointer(location, size, type, normalized, stride, offset);
}

/** @param {WebGL2RenderingContext} gl @param {number} unit @param {WebGLTexture} texture @param {WebGLUniformLocation} uniform */
export function bindTexture(gl, unit, texture, uniform) {
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.uniform1i(uniform, unit);
}

/** An empty texture whose edges are clamped. @param {WebGL2RenderingContext} gl @param {number} filter @returns {WebGLTexture} left bound */
export function newTexture(gl, filter) {
  const texture = gl.createTexture();
  gl.activeTexture(gl.TEXTURE0);
  gl.bindTexture(gl.TEXTURE_2D, texture);
  for (const which of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, which, filter);
  for (const which of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, which, gl.CLAMP_TO_EDGE);
  return texture;
}
