/**
 * The container that carries a scene: u32 header length, JSON header, padding to 8 bytes, arrays.
 * Large parts are blobs named by the hash of their content; each is kept once a browser page.
 * @module payload
 */

/** @typedef {{name: string, dtype: string, offset: number, count: number}} ArrayEntry */
/** @typedef {{hash: string, kind: string, meta: any, arrays: Object<string, any>}} StoredBlob */

const ARRAY_TYPES = {
  f4: Float32Array, u4: Uint32Array, u2: Uint16Array, u1: Uint8Array, i4: Int32Array, f2: Uint16Array, b1: Uint8Array,
};

/**
 * Take a container apart.
 * @param {Uint8Array} bytes
 * @returns {{header: any, blobs: StoredBlob[], arrays: Object<string, any>}}
 */
export function unpack(bytes) {
  const own = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const length = new DataView(own.buffer, own.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(own.subarray(4, 4 + length)));
  const base = own.byteOffset + Math.ceil((4 + length) / 8) * 8;
  const read = (entries) => Object.fromEntries((entries ?? []).map((e) => [e.name, readArray(own.buffer, base, e)]));
  const blobs = (header.blobs ?? []).map((b) => ({ ...b, arrays: b.meta?.mask_bit ? splitMaskBits(read(b.arrays)) : read(b.arrays) }));
  return { header, blobs, arrays: read(header.arrays) };
}

/** @param {ArrayBufferLike} buffer @param {number} base @param {ArrayEntry} entry */
function readArray(buffer, base, entry) {
  const Type = ARRAY_TYPES[entry.dtype];
  if (!Type) throw new Error(`unknown array type ${entry.dtype}`);
  const count = entry.dtype === 'b1' ? Math.ceil(entry.count / 8) : entry.count;
  const array = new Type(buffer.slice(base + entry.offset, base + entry.offset + count * Type.BYTES_PER_ELEMENT));
  if (entry.dtype === 'b1') return bytesFromBits(array, entry.count);
  return entry.dtype === 'f2' ? floatsFromHalves(array) : array;
}

/** One byte a bit, the lowest bit first. @param {Uint8Array} bits @param {number} count @returns {Uint8Array} */
export function bytesFromBits(bits, count) {
  return Uint8Array.from({ length: count }, (_, i) => (bits[i >> 3] >> (i & 7)) & 1);
}

/** Half-precision values whose lowest bit is a mask, taken apart. @param {Object<string, Uint16Array>} arrays by hemisphere @returns {Object<string, any>} */
export function splitMaskBits(arrays) {
  return Object.fromEntries(Object.entries(arrays).flatMap(([hemi, bits]) => [
    [hemi, floatsFromHalves(bits.map((b) => b & 0xfffe))], [`${hemi}.mask`, Uint8Array.from(bits, (b) => b & 1)]]));
}

/** Half-precision bits to float32. @param {Uint16Array} halves @returns {Float32Array} */
export function floatsFromHalves(halves) {
  const out = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) out[i] = floatFromHalf(halves[i]);
  return out;
}

/** @param {number} bits @returns {number} */
export function floatFromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * Positions from whole numbers: ``low + q * step`` along each axis.
 * @param {Uint16Array} whole @param {number[]} low @param {number[]} step @returns {Float32Array}
 */
export function dequantize(whole, low, step) {
  const out = new Float32Array(whole.length);
  for (let i = 0; i < whole.length; i++) out[i] = low[i % 3] + whole[i] * step[i % 3];
  return out;
}

/** Undo the byte planes of an offline file. @param {Uint8Array} planes @param {number} size bytes an item @returns {Uint8Array} */
export function joinBytePlanes(planes, size) {
  const count = planes.length / size;
  const out = new Uint8Array(planes.length);
  for (let plane = 0; plane < size; plane++) {
    for (let i = 0; i < count; i++) out[i * size + plane] = planes[plane * count + i];
  }
  return out;
}

/** Undo differences between neighbours in an array of whole numbers, modulo its range. @param {Uint16Array|Uint32Array} values @param {number} stride */
export function undoDifferences(values, stride) {
  for (let i = stride; i < values.length; i++) values[i] += values[i - stride];
}

/** Bytes of a base64 text. @param {string} text @returns {Uint8Array<ArrayBuffer>} */
export function bytesFromBase64(text) {
  const binary = atob(text.trim());
  const out = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) out[i] = binary.charCodeAt(i);
  return out;
}

/** Inflate gzip bytes with what the browser has. @param {Uint8Array<ArrayBuffer>} bytes @returns {Promise<Uint8Array>} */
export async function gunzip(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Blobs by hash, shared by all viewers of a page; tells listeners when one arrives. */
export class BlobStore {
  constructor() {
    /** @type {Map<string, StoredBlob>} */
    this.blobs = new Map();
    this.listeners = new Set();
  }

  /** @param {StoredBlob[]} blobs */
  put(blobs) {
    for (const blob of blobs) this.blobs.set(blob.hash, blob);
    if (blobs.length) for (const listener of [...this.listeners]) listener();
  }

  /** @param {string} hash @returns {StoredBlob | undefined} */
  get(hash) {
    return this.blobs.get(hash);
  }

  /** Hashes that are not here yet. @param {string[]} hashes @returns {string[]} */
  missing(hashes) {
    return [...new Set(hashes)].filter((hash) => hash && !this.blobs.has(hash));
  }
}

/** The page's one store. @returns {BlobStore} */
export function sharedStore() {
  globalThis.__cortexBlobs ??= new BlobStore();
  return globalThis.__cortexBlobs;
}
