/**
 * A scene as the viewer uses it: header and blobs turned into meshes, maps and label sets.
 * @module model
 */
import { automaticRange, difference, logRange, positiveValues, sortedSizes, sortedValues, thresholdValue } from './colours.js';
import { boundsOf, mixBounds, morphPoints, vertexNormals, windingOf } from './geometry.js';
import { clamp } from './math.js';
import { dequantize } from './payload.js';

export const HEMIS = Object.freeze(['left', 'right']);

/** Hashes without which nothing can be drawn. @param {import('./types.d.ts').Header} header @param {number[]} shownMaps @returns {string[]} */
export function neededBlobs(header, shownMaps) {
  const maps = header.maps.filter((_, i) => shownMaps.includes(i)).map((m) => m.hash);
  return [header.topology, header.luts, ...header.labels.map((l) => l.hash), ...header.geometries.map((g) => g.hash), ...maps];
}

/** One map: its description and its values, exact ones apart from those that came rounded. */
export class MapData {
  /** @param {import('./types.d.ts').MapSpec} spec entry of the header @param {import('./payload.js').BlobStore} store */
  constructor(spec, store) {
    this.spec = spec;
    this.store = store;
    this.name = spec.name;
    this.centre = spec.centre ?? 0;
    this.cache = new Map();
  }

  get blob() {
    return (this.spec.exact && this.store.get(this.spec.exact)) || this.store.get(this.spec.hash);
  }

  /** True when the values here are the store's float32. */
  get isExact() {
    return !this.spec.exact || Boolean(this.store.get(this.spec.exact));
  }

  /** @param {string} hemi @returns {Float32Array | null} */
  values(hemi) {
    return this.blob?.arrays[hemi] ?? null;
  }

  /** @param {string} hemi @returns {Uint8Array | null} */
  mask(hemi) {
    return this.blob?.arrays[`${hemi}.mask`] ?? null;
  }

  /** Known from the header, before the values are here. */
  get hasMask() {
    return Boolean(this.spec.mask);
  }

  get isCategorical() {
    return this.spec.kind === 'categorical';
  }

  /** Sorted finite values, masked ones left out on demand. @param {boolean} masked @returns {Float32Array} */
  sorted(masked) {
    const key = `${masked}/${this.blob?.hash}`;
    if (!this.cache.has(key)) {
      const here = HEMIS.filter((h) => this.values(h));
      this.cache.set(key, sortedValues(here.map((h) => this.values(h)), here.map((h) => (masked ? this.mask(h) : null))));
    }
    return this.cache.get(key);
  }

  /** Sorted distances from the centre. @param {boolean} masked @returns {Float32Array} */
  sizes(masked) {
    const key = `sizes/${masked}/${this.blob?.hash}`;
    if (!this.cache.has(key)) this.cache.set(key, sortedSizes(this.sorted(masked), this.centre));
    return this.cache.get(key);
  }

  /** What the map is shown with until the user says otherwise. */
  defaultLook() {
    return defaultLook(this.spec);
  }

  /** Whether colours follow ratios; only values above 0 have a place then. @param {import('./types.d.ts').Look} look */
  isLog(look) {
    return look.log && this.spec.kind === 'sequential' && positiveValues(this.sorted(look.masked)).length > 0;
  }

  /** The range in force. @param {import('./types.d.ts').Look} look @returns {import('./colours.js').Range} */
  range(look) {
    if (this.isLog(look)) return logRange(positiveValues(this.sorted(look.masked)), look.range);
    if (look.range) return { low: look.range[0], high: look.range[1] };
    return automaticRange(this.sorted(look.masked), this.spec.kind, this.centre);
  }

  /** The cut in force; -Infinity for none. @param {import('./types.d.ts').Look} look @returns {number} */
  cut(look) {
    const sized = look.threshold.mode === 'percentile' && look.threshold.twoSided;
    return Math.fround(thresholdValue(look.threshold, sized ? this.sizes(look.masked) : this.sorted(look.masked)));
  }
}

/** What a map is shown with until the user says otherwise. @param {import('./types.d.ts').MapSpec} spec entry of the header @returns {import('./types.d.ts').Look} */
export function defaultLook(spec) {
  return {
    colours: spec.colours, range: spec.range, log: false, opacity: 1, masked: Boolean(spec.mask), ...secondLook(spec),
    threshold: spec.threshold ?? { mode: 'none', amount: 0, twoSided: spec.kind === 'diverging' },
  };
}

/** What a map's opacity follows. @param {import('./types.d.ts').MapSpec} spec @returns {{second: string, secondMap: number}} */
export function secondLook({ second }) {
  return { second: Number.isInteger(second) ? 'alpha' : 'none', secondMap: second ?? 0 };
}

/** Describes one map minus another. @param {import('./types.d.ts').MapSpec} first @param {import('./types.d.ts').MapSpec} second entries of the header @returns {import('./types.d.ts').MapSpec} */
export function differenceSpec(first, second) {
  return {
    name: `${first.name} - ${second.name}`, label: `${first.label} − ${second.label}`,
    unit: first.unit === second.unit ? first.unit : 'unlike units', kind: 'diverging', colours: 'difference', range: null, threshold: null, centre: 0,
  };
}

/** One map minus another, vertex by vertex. */
export class DifferenceMap extends MapData {
  /** @param {MapData} first @param {MapData} second */
  constructor(first, second) {
    super(differenceSpec(first.spec, second.spec), first.store);
    this.pair = [first, second];
    this.arrays = new Map();
  }

  get blob() {
    return { hash: this.pair.map((m) => m.blob?.hash).join('-'), kind: 'difference', meta: {}, arrays: {} };
  }

  get isExact() {
    return this.pair.every((m) => m.isExact);
  }

  values(hemi) {
    const [a, b] = this.pair.map((m) => m.values(hemi));
    if (!a || !b) return null;
    const key = `${hemi}/${this.blob.hash}`;
    if (!this.arrays.has(key)) this.arrays.set(key, difference(a, b));
    return this.arrays.get(key);
  }

  mask() {
    return null;
  }
}

/** Geometry of one surface in all its shapes. */
export class Surfaces {
  /** @param {import('./types.d.ts').Header} header @param {import('./payload.js').BlobStore} store */
  constructor(header, store) {
    const topology = store.get(header.topology);
    this.key = [header.topology, ...header.geometries.map((g) => g.hash)].join();
    this.shapes = header.geometries;
    this.hemis = HEMIS.filter((h) => topology.arrays[`${h}.faces`]);
    this.topology = topology;
    this.blobs = header.geometries.map((g) => store.get(g.hash));
    this.cache = new Map();
  }

  /** @param {string} hemi @returns {number} */
  vertexCount(hemi) {
    return this.topology.arrays[`${hemi}.sulcus`].length;
  }

  /** @param {string} hemi @returns {Float32Array} positive in sulci, about -1 to 1 */
  sulcus(hemi) {
    return Float32Array.from(this.topology.arrays[`${hemi}.sulcus`], (v) => (v - 128) / 64);
  }

  /** The cut face list as soon as a flat shape takes part. @param {string} hemi @param {number} shape position between shapes */
  faces(hemi, shape) {
    const { from, to, t } = this.between(shape);
    const flat = (this.shapes[from].flat && t < 1) || (this.shapes[to].flat && t > 0);
    return this.topology.arrays[flat ? `${hemi}.flat_faces` : `${hemi}.faces`];
  }

  /** Neighbouring shapes and the way between them; one shape alone where nothing morphs. @param {number} shape */
  between(shape) {
    const at = clamp(shape, 0, this.shapes.length - 1);
    const from = Math.floor(at);
    return { from, to: Math.ceil(at), t: at - from };
  }

  /** Which winding shows the outside: 1 or -1 for a closed surface, 0 for one with edges. @param {string} hemi @param {number} shape */
  outside(hemi, shape) {
    const faces = this.faces(hemi, shape);
    return windingOf(this.mesh(hemi, this.between(shape).from).points, faces);
  }

  /** How flat: 0 folded, 1 the flat map. @param {number} shape */
  flatness(shape) {
    const { from, to, t } = this.between(shape);
    return (this.shapes[from].flat ? 1 - t : 0) + (this.shapes[to].flat ? t : 0);
  }

  /** Points, normals and bounds of one shape. @param {string} hemi @param {number} index */
  mesh(hemi, index) {
    const key = `${hemi}/${index}`;
    if (!this.cache.has(key)) this.cache.set(key, this.readMesh(hemi, index));
    return this.cache.get(key);
  }

  readMesh(hemi, index) {
    const { arrays, meta } = this.blobs[index];
    const points = dequantize(arrays[hemi], meta.low[hemi], meta.step[hemi]);
    const faces = this.topology.arrays[this.shapes[index].flat ? `${hemi}.flat_faces` : `${hemi}.faces`];
    return { points, normals: vertexNormals(points, faces), bounds: boundsOf(points, faces) };
  }

  /** @param {string} hemi @param {number} shape @returns {Float32Array} */
  points(hemi, shape) {
    const { from, to, t } = this.between(shape);
    return morphPoints(this.mesh(hemi, from).points, this.mesh(hemi, to).points, t);
  }

  /** @param {string} hemi @param {number} shape */
  bounds(hemi, shape) {
    const { from, to, t } = this.between(shape);
    return mixBounds(this.mesh(hemi, from).bounds, this.mesh(hemi, to).bounds, t);
  }
}

/** Named labels of every vertex; 0 is none. */
export class LabelSet {
  /** @param {{name: string, hash: string}} entry @param {import('./payload.js').BlobStore} store */
  constructor(entry, store) {
    const blob = store.get(entry.hash);
    this.title = entry.name;
    this.names = ['', ...blob.meta.names];
    this.colours = ['#000000', ...blob.meta.colours];
    this.arrays = blob.arrays;
    this.hash = entry.hash;
  }

  /** @param {string} hemi @returns {Uint16Array | null} */
  labels(hemi) {
    return this.arrays[hemi] ?? null;
  }

  /** @param {string} hemi @param {number} vertex @returns {string} "" for none */
  nameAt(hemi, vertex) {
    return this.names[this.labels(hemi)?.[vertex] ?? 0];
  }
}
