/**
 * A PNG's resolution: the chunk pHYs, which says how large a picture is in print.
 * @module png
 */

const INCH_IN_METRES = 0.0254;
/** Signature and IHDR, which a PNG begins with. */
const HEAD = 8 + 25;

/** A PNG that says its resolution, in place of what it said before. @param {Uint8Array} png @param {number} dpi @returns {Uint8Array<ArrayBuffer>} */
export function setResolution(png, dpi) {
  const chunk = new Uint8Array(21);
  const view = new DataView(chunk.buffer);
  const perMetre = Math.round(dpi / INCH_IN_METRES);
  view.setUint32(0, 9);
  chunk.set([0x70, 0x48, 0x59, 0x73], 4);  // pHYs
  view.setUint32(8, perMetre);
  view.setUint32(12, perMetre);
  chunk[16] = 1;  // pixels a metre
  view.setUint32(17, checksum(chunk.subarray(4, 17)));
  const rest = withoutResolution(png);
  const out = new Uint8Array(HEAD + chunk.length + rest.length);
  out.set(png.subarray(0, HEAD));
  out.set(chunk, HEAD);
  out.set(rest, HEAD + chunk.length);
  return out;
}

/** What follows the head, less a resolution. */
function withoutResolution(png) {
  const view = new DataView(png.buffer, png.byteOffset);
  for (let at = HEAD; at + 12 <= png.length;) {
    const end = at + 12 + view.getUint32(at);
    const name = String.fromCharCode(...png.subarray(at + 4, at + 8));
    if (name === 'pHYs') {
      const rest = new Uint8Array(png.length - HEAD - (end - at));
      rest.set(png.subarray(HEAD, at));
      rest.set(png.subarray(end), at - HEAD);
      return rest;
    }
    if (name === 'IDAT') break;
    at = end;
  }
  return png.subarray(HEAD);
}

/** CRC-32 as PNG has it. @param {Uint8Array} bytes @returns {number} */
export function checksum(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
