/**
 * What there is to show and how it is looked at: the description, the maps, labels and shapes
 * that have arrived, and the state that the reader changes. It draws nothing.
 * @module scene
 */
import { visibleLabels } from './borders.js';
import { percentile } from './colours.js';
import { clamp } from './math.js';
import { DifferenceMap, LabelSet, MapData, neededBlobs, secondLook, Surfaces } from './model.js';
import { decodeState, initialState, shownHemis } from './state.js';

/** @typedef {import('./model.js').MapData} Map_ */

export class Scene {
  /** @param {import('./payload.js').BlobStore} store */
  constructor(store) {
    this.store = store;
    /** @type {import('./types.d.ts').Header | null} */
    this.header = null;
    /** @type {import('./types.d.ts').State | null} */
    this.state = null;
    /** @type {Map_[]} */
    this.maps = [];
    /** @type {LabelSet[]} */
    this.labelSets = [];
    /** @type {Surfaces | null} */
    this.surfaces = null;
    this.pointCache = {};
    /** Vertices that a fitted view is aimed at. @type {Object<string, number[]> | null} */
    this.aimed = null;
  }

  /**
   * Take a new description; camera, looks and panes stay unless the page asks for other panes.
   * @param {import('./types.d.ts').Header} header @param {string} link @param {import('./types.d.ts').Decider} decider whose map the first pane shows @returns {boolean} whether it is another surface
   */
  describe(header, link, decider = '') {
    const before = this.header;
    const moved = before !== null && before.topology !== header.topology;
    if (!this.state) this.state = startingState(header, link);
    else this.follow(before, header, decider);
    if (moved) this.state.shape = initialState(header).shape;
    if (before?.provenance !== header.provenance) this.aimed = null;
    this.state.panes = this.state.panes.map((i) => clamp(i, 0, Math.max(0, header.maps.length - 1)));
    this.header = header;
    return moved;
  }

  /** Keep the panes by name, and take what the page asks for that it did not before. */
  follow(before, header, decider) {
    const { state } = this;
    const kept = state.panes.map((i) => header.maps.findIndex((m) => m.name === before.maps[i]?.name));
    const asks = wishedPanes(header) !== wishedPanes(before);
    const fewer = (header.view?.panes ?? []).length < (before.view?.panes ?? []).length;
    const gone = !kept.length || kept.includes(-1);
    state.panes = kept;
    if (gone || (asks && (fewer || !this.showsFirst(header)))) state.panes = initialState(header).panes;
    const first = header.view?.panes?.[0];
    if (decider === 'page' && first !== undefined && measureAt(header, first) !== measureAt(header, state.panes[0])) state.panes[0] = first;
    if (decider === 'reader' && kept[0] >= 0) state.panes[0] = kept[0];
    if (state.panes.length < 2) state.difference = false;
    if (header.view?.shared !== before.view?.shared) state.shared = header.view?.shared ?? false;
  }

  /** @returns {string[]} names of the maps that the panes show */
  paneNames() {
    return this.state.panes.map((i) => this.header.maps[i]?.name ?? '');
  }

  /** Whether the panes begin with what a page asks for, so that they may stay. @param {import('./types.d.ts').Header} header */
  showsFirst(header) {
    return (header.view?.panes ?? []).every((i, k) => i === this.state.panes[k]);
  }

  /** @returns {string[]} hashes without which the present state cannot be drawn */
  missing() {
    return this.store.missing(neededBlobs(this.header, this.neededMaps()));
  }

  neededMaps() {
    const { panes, looks } = this.state;
    const seconds = panes.map((i) => looks[this.header.maps[i]?.name]).filter((l) => l && l.second !== 'none').map((l) => l.secondMap);
    return [...panes, ...seconds];
  }

  /** Turn what has arrived into surfaces, maps and label sets; what is known already stays. */
  read() {
    const { header, store } = this;
    const key = [header.topology, ...header.geometries.map((g) => g.hash)].join();
    if (this.surfaces?.key !== key) this.surfaces = new Surfaces(header, store);
    const before = new Map(this.maps.map((m) => [m.name, m.spec.second]));
    const old = new Map(this.maps.map((m) => [JSON.stringify(m.spec), m]));
    this.maps = header.maps.map((spec) => old.get(JSON.stringify(spec)) ?? new MapData(spec, store));
    for (const map of this.maps) {
      this.state.looks[map.name] ??= map.defaultLook();
      if (before.has(map.name) && before.get(map.name) !== map.spec.second) Object.assign(this.look(map), secondLook(map.spec));
    }
    this.labelSets = header.labels.map((entry) => new LabelSet(entry, store));
  }

  /** The maps of all panes, the difference last. @returns {Map_[]} */
  shownMaps() {
    const maps = this.state.panes.map((i) => this.maps[i]).filter(Boolean);
    if (!this.state.difference || maps.length < 2) return maps;
    const key = `${maps[0].name}/${maps[1].name}/${maps[0].blob?.hash}/${maps[1].blob?.hash}`;
    if (this.differenceKey !== key) {
      this.differenceMap = new DifferenceMap(maps[0], maps[1]);
      this.differenceKey = key;
    }
    this.state.looks[this.differenceMap.name] ??= this.differenceMap.defaultLook();
    return [...maps, this.differenceMap].slice(0, 4);
  }

  /** @param {Map_} map */
  look(map) {
    return this.state.looks[map.name];
  }

  /** The colour range in force, shared by all panes on demand. @param {Map_} map @returns {import('./colours.js').Range} */
  range(map) {
    const maps = this.shownMaps().filter((m) => !m.isCategorical && m !== this.differenceMap);
    if (!this.state.shared || map === this.differenceMap || !maps.includes(map)) return map.range(this.look(map));
    const { log } = map.range(this.look(map));
    const ranges = maps.map((m) => m.range(this.look(m)));
    const lows = ranges.map((r) => r.low).filter((low) => !log || low > 0);
    return { low: Math.min(...lows), high: Math.max(...ranges.map((r) => r.high)), log };
  }

  /** Maps that are read out beside the shown ones, as far as their values are here. @returns {Map_[]} */
  readAlong() {
    const wanted = this.header.readout ?? [];
    return this.maps.filter((m) => wanted.includes(m.name) && m.blob);
  }

  /** The second map of a look, once its values are here. @param {Map_} map @returns {Map_ | null} */
  secondOf(map) {
    const look = this.look(map);
    const other = look.second === 'none' ? null : this.maps[look.secondMap];
    return other?.blob && other !== map ? other : null;
  }

  /** @param {string} name @returns {{name: string, width: number, height: number, bytes: Uint8Array}} */
  lut(name) {
    const { meta, arrays } = this.store.get(this.header.luts);
    const entry = meta.luts.find((l) => l.name === name) ?? meta.luts[0];
    return { ...entry, bytes: arrays[entry.name] };
  }

  /** @returns {LabelSet | null} the set that is drawn */
  labelSet() {
    return this.labelSets[this.state.labelSet] ?? null;
  }

  /** @returns {boolean[]} by label */
  visible() {
    const set = this.labelSet();
    const hidden = this.state.hidden[set.title] ?? [];
    return set.names.map((name, i) => i > 0 && !hidden.includes(name));
  }

  /** @param {string} hemi @returns {Uint16Array | null} labels of the regions that are switched on */
  shownLabels(hemi) {
    const labels = this.labelSet()?.labels(hemi);
    return labels ? visibleLabels(labels, this.visible()) : null;
  }

  /** @returns {Object<string, import('./geometry.js').Bounds>} of the hemispheres at the present shape */
  bounds() {
    return Object.fromEntries(this.surfaces.hemis.map((h) => [h, this.surfaces.bounds(h, this.state.shape)]));
  }

  /** What decides where a pane's brains lie. */
  seen() {
    const { surfaces, state } = this;
    const hemis = shownHemis(state, surfaces.hemis);
    return { view: state.view, hemis, flatness: surfaces.flatness(state.shape), open: state.open, camera: state.camera, bounds: this.bounds(), aim: this.aim() };
  }

  /** The box around the data at the present shape, by hemisphere; null where the view is of whole brains. @returns {Object<string, import('./geometry.js').Bounds> | null} */
  aim() {
    const { state, surfaces } = this;
    if (!state.fit) return null;
    this.aimed ??= this.findAimed();
    const key = `${surfaces.key}/${state.shape}`;
    if (this.aimCache?.key !== key || this.aimCache.aimed !== this.aimed) {
      const boxes = Object.fromEntries(Object.entries(this.aimed).map(([h, vertices]) => [h, middleBox(this.points(h), vertices)]));
      this.aimCache = { key, aimed: this.aimed, boxes };
    }
    return this.aimCache.boxes;
  }

  /** Aim anew, at what the first pane shows now. */
  aimAnew() {
    this.aimed = null;
  }

  /** Vertices with a value that the first pane does not hide; a hemisphere without any is left out. */
  findAimed() {
    const [map] = this.shownMaps();
    const found = this.surfaces.hemis.map((hemi) => {
      const values = map?.values(hemi), mask = map && this.look(map).masked ? map.mask(hemi) : null;
      const vertices = [];
      values?.forEach((v, i) => {
        if (v - v === 0 && (!mask || mask[i])) vertices.push(i);
      });
      return [hemi, vertices];
    });
    return Object.fromEntries(found.filter(([, vertices]) => vertices.length));
  }

  /** Points at the present morph, kept until it changes. @param {string} hemi @returns {Float32Array} */
  points(hemi) {
    const key = `${this.surfaces.key}/${this.state.shape}`;
    if (this.pointCache[hemi]?.key !== key) this.pointCache[hemi] = { key, points: this.surfaces.points(hemi, this.state.shape) };
    return this.pointCache[hemi].points;
  }

  /** @param {string} hemi @param {number} vertex @returns {number[]} */
  point(hemi, vertex) {
    const points = this.points(hemi);
    return [points[vertex * 3], points[vertex * 3 + 1], points[vertex * 3 + 2]];
  }
}

/** The box around the middle 98 % of some points along each axis. @param {Float32Array} points @param {number[]} vertices @returns {import('./geometry.js').Bounds} */
export function middleBox(points, vertices) {
  const step = Math.ceil(vertices.length / 4000);
  const some = step > 1 ? vertices.filter((_, i) => i % step === 0) : vertices;
  const axes = [0, 1, 2].map((k) => Float32Array.from(some, (v) => points[v * 3 + k]).sort());
  return { low: axes.map((a) => percentile(a, 1)), high: axes.map((a) => percentile(a, 99)) };
}

/** What a map is of, whichever run's. @param {import('./types.d.ts').Header} header @param {number} i */
const measureAt = (header, i) => header.maps[i]?.name.split('@')[0];

const wishedPanes = (header) => JSON.stringify((header?.view?.panes ?? []).map((i) => header.maps[i]?.name));

/** What a link asks for, unless the page has chosen another map. */
function startingState(header, link) {
  const asked = decodeState(link, header);
  if (asked.panes && asked.panes[0] !== header.view?.panes?.[0]) delete asked.panes;
  return { ...initialState(header), ...asked };
}
