/**
 * Entry for a file that holds everything: unpack its own payload and show it.
 * @module offline
 */
import { readLink, writeLink } from './component.js';
import { bytesFromBase64, gunzip, joinBytePlanes, sharedStore, undoDifferences, unpack } from './payload.js';
import { CortexViewer } from './viewer.js';

/**
 * @param {HTMLElement} host
 * @param {string} text base64 of a gzip container whose arrays are in byte planes
 * @param {{key?: string, link?: string, looks?: Record<string, object>, least?: number}} view a name of its own where a page holds several; how to
 *   begin where the address says nothing: the state's short form, and how each map is painted; the least height, CSS pixels
 * @returns {Promise<() => void>} ends the viewer and gives its graphics context back
 */
export async function openOffline(host, text, { key, link = '', looks = {}, least = 380 } = {}) {
  const { header, blobs } = restore(unpack(await gunzip(bytesFromBase64(text))));
  if (key) header.key = key;
  const store = sharedStore();
  store.put(blobs);
  const tell = { select: () => {}, need: () => {}, changed: (link) => writeLink(header.key, link) };
  const viewer = new CortexViewer(host, store, tell);
  const fit = () => host.style.setProperty('--cv-height', `${Math.max(least, host.clientHeight)}px`);
  const changed = readLink(header.key);
  viewer.setScene(header, changed || link);
  if (!changed) takeLooks(viewer, looks);
  fit();
  addEventListener('resize', fit);
  return () => {
    removeEventListener('resize', fit);
    viewer.destroy();
  };
}

/** Paint each shown map as it was painted. @param {CortexViewer} viewer @param {Object<string, object>} looks by name of the map */
function takeLooks(viewer, looks) {
  for (const map of new Set([...viewer.maps, ...viewer.shownMaps()])) Object.assign(viewer.look(map), looks[map.name]);
  if (Object.keys(looks).length) viewer.applyScene();
}

/** Undo what made the arrays small. */
function restore({ header, blobs }) {
  for (const blob of blobs) {
    for (const [name, { type, stride }] of Object.entries(blob.packing ?? {})) {
      const Type = { f4: Float32Array, u4: Uint32Array, u2: Uint16Array, u1: Uint8Array, b1: Uint8Array }[type];
      const values = new Type(joinBytePlanes(blob.arrays[name], Type.BYTES_PER_ELEMENT).buffer);
      if (stride) undoDifferences(values, stride);
      blob.arrays[name] = values;
    }
  }
  return { header, blobs };
}
