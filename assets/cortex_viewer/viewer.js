/**
 * The viewer: one canvas with panes, its controls, and what happens between them.
 * @module viewer
 */
import { borderSegments, classAttributes, labelClasses, segmentPoints, visibleLabels } from './borders.js';
import { newCamera, orbited, panned, rolled, zoomed } from './camera.js';
import { isShown, rgbFromHex, writeWeighted } from './colours.js';
import { ColourBar } from './colourbar.js';
import { Controls } from './controls.js';
import { element } from './dom.js';
import { handleKey } from './keyboard.js';
import { barRect, brainRect, HEADER_HEIGHT, layoutPane, paneRects, projectPoint, rayThrough, tileAt } from './layout.js';
import { apply3, clamp } from './math.js';
import { DifferenceMap, LabelSet, MapData, neededBlobs, Surfaces } from './model.js';
import { drawCross, drawLasso, drawNames, drawRings, drawSides, drawSimulated, placeNames } from './overlay.js';
import { insidePolygon, pickVertex, selectionLists } from './picking.js';
import { downloadPicture, downloadVector } from './picture.js';
import { listenToPointer } from './pointer.js';
import { readoutLines, Readout } from './readout.js';
import { Renderer } from './renderer.js';
import { decodeState, encodeState, initialState, shownHemis } from './state.js';
import { STYLE } from './style.js';
import { roiTable } from './table.js';

const SETTLE_MS = 140;
const REFINE_MS = 250;
const MORPH_MS = 600;
const INKS = {
  halo: { rgb: [0, 0, 0], alpha: 0.6, width: 3.4, lift: 1.2 },
  roi: { rgb: [1, 1, 1], alpha: 0.95, width: 1.5, lift: 1.4 },
  marked: { rgb: [0.0, 0.86, 0.95], alpha: 1, width: 2.2, lift: 1.7 },
  selected: { rgb: [1.0, 0.32, 0.75], alpha: 1, width: 2.2, lift: 1.8 },
};

export class CortexViewer {
  /**
   * @param {HTMLElement} host
   * @param {import('./payload.js').BlobStore} store
   * @param {{select: (lists: object[]) => void, need: (hashes: string[]) => void, changed: (link: string) => void}} tell
   */
  constructor(host, store, tell) {
    Object.assign(this, { host, store, tell, bars: [], lasso: null, cross: null, names: [], frames: [] });
    this.selection = { left: new Set(), right: new Set() };
    this.lastPick = null;
    this.reduced = globalThis.matchMedia?.('(prefers-reduced-motion: reduce)').matches ?? false;
    this.buildPage();
    this.openRenderer();
    this.store.listeners.add(this.onBlobs = () => this.applyScene());
    host.__cortex = this.debugHandle();
  }

  buildPage() {
    this.canvas = element('canvas', { className: 'cv-canvas', 'aria-hidden': 'true' });
    this.overlay = element('canvas', { className: 'cv-overlay', 'aria-hidden': 'true' });
    this.stage = element('div', { className: 'cv-stage', tabIndex: 0, role: 'application', 'aria-label': 'Cortical surface. Press question mark for the keys.' }, this.canvas, this.overlay);
    this.message = element('div', { className: 'cv-message', role: 'alert', hidden: true });
    this.status = element('div', { className: 'cv-status', role: 'status', 'aria-live': 'polite' });
    this.readout = new Readout(this.stage);
    this.tableBox = element('div', { className: 'cv-table' });
    this.controls = new Controls(this);
    this.root = element('div', { className: 'cv-root' }, element('style', {}, STYLE), this.controls.root, this.stage, this.message, this.status, this.tableBox);
    this.host.append(this.root);
    this.resizer = new ResizeObserver(() => this.refreshLayout());
    this.resizer.observe(this.stage);
    this.themeWatch = globalThis.matchMedia?.('(prefers-color-scheme: dark)');
    this.themeWatch?.addEventListener('change', this.onTheme = () => this.refreshLayout());
    this.offPointer = listenToPointer(this.stage, this.pointerActions());
    this.stage.addEventListener('keydown', (e) => this.onKey(e));
  }

  openRenderer() {
    this.canvas.addEventListener('webglcontextlost', (e) => {
      e.preventDefault();
      this.lost = true;
      this.say('The graphics context was lost; waiting for the browser to give it back.');
    });
    this.canvas.addEventListener('webglcontextrestored', () => {
      this.lost = false;
      this.renderer.build();
      this.pushAll();
      this.say('');
    });
    try {
      this.renderer = new Renderer(this.canvas);
    } catch (error) {
      this.renderer = null;
      this.say(`This browser shows no 3-D graphics (${error.message}). A still picture and the table of region means stand in for the brain.`);
    }
  }

  /** Show or clear the message over the stage. @param {string} text */
  say(text) {
    this.message.replaceChildren(text, ...(text && this.fallbackPicture() ? [this.fallbackPicture()] : []));
    this.message.hidden = !text;
    this.stage.classList.toggle('cv-hidden', Boolean(text) && !this.renderer);
  }

  /** Where nothing can be drawn: ask for the still picture, show it once it is here. */
  showStill() {
    const missing = this.renderer ? [] : this.store.missing([this.header.fallback]);
    if (missing.length) this.tell.need(missing);
    this.say(this.message.firstChild?.textContent ?? '');
  }

  fallbackPicture() {
    const blob = this.header?.fallback && this.store.get(this.header.fallback);
    if (!blob) return null;
    const url = URL.createObjectURL(new Blob([blob.arrays.picture], { type: 'image/webp' }));
    return element('img', { src: url, alt: `Still picture: ${this.header.title}`, className: 'cv-still' });
  }

  // --- scene -------------------------------------------------------------------------------

  /** Take a new description; the state (camera, looks, panes) survives. @param {object} header */
  setScene(header, link = '') {
    performance.mark('cortex:scene');
    const wished = (h) => JSON.stringify((h?.view?.panes ?? []).map((i) => h.maps[i]?.name));
    if (!this.state) this.state = startingState(header, link);
    else if (wished(header) !== wished(this.header)) this.state.panes = initialState(header).panes;
    if (this.header && this.header.topology !== header.topology) {
      this.selection = { left: new Set(), right: new Set() };
      this.lastPick = null;
      this.state.shape = initialState(header).shape;
    }
    this.header = header;
    this.state.panes = this.state.panes.map((i) => clamp(i, 0, Math.max(0, header.maps.length - 1)));
    this.host.style.setProperty('--cv-height', `${header.height ?? 600}px`);
    this.applyScene();
  }

  /** Ask for what is missing; draw once everything needed is here. */
  applyScene() {
    if (!this.header) return;
    const missing = this.store.missing(neededBlobs(this.header, this.neededMaps()));
    if (missing.length) {
      this.tell.need(missing);
      return;
    }
    const key = [this.header.topology, ...this.header.geometries.map((g) => g.hash)].join();
    if (this.surfaces?.key !== key) {
      this.surfaces = new Surfaces(this.header, this.store);
      this.pushed = null;
    }
    this.readMaps();
    this.labelSets = this.header.labels.map((entry) => new LabelSet(entry, this.store));
    if (this.renderer && !this.lost) this.pushAll();
    else this.showStill();
    this.refreshTable();
    performance.mark('cortex:map-ready');
  }

  neededMaps() {
    const { panes, looks } = this.state;
    const seconds = panes.map((i) => looks[this.header.maps[i]?.name]).filter((l) => l && l.second !== 'none').map((l) => l.secondMap);
    return [...panes, ...seconds];
  }

  readMaps() {
    const old = new Map((this.maps ?? []).map((m) => [JSON.stringify(m.spec), m]));
    this.maps = this.header.maps.map((spec) => old.get(JSON.stringify(spec)) ?? new MapData(spec, this.store));
    for (const map of this.maps) this.state.looks[map.name] ??= map.defaultLook();
  }

  /** The maps of all panes, the difference last. @returns {MapData[]} */
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

  look(map) {
    return this.state.looks[map.name];
  }

  range(map) {
    const maps = this.shownMaps().filter((m) => !m.isCategorical && m !== this.differenceMap);
    if (!this.state.shared || map === this.differenceMap || !maps.includes(map)) return map.range(this.look(map));
    const ranges = maps.map((m) => m.range(this.look(m)));
    return { low: Math.min(...ranges.map((r) => r.low)), high: Math.max(...ranges.map((r) => r.high)) };
  }

  /** The second map of a look, once its values are here. */
  secondOf(map) {
    const look = this.look(map);
    const other = look.second === 'none' ? null : this.maps[look.secondMap];
    return other?.blob && other !== map ? other : null;
  }

  lut(name) {
    const { meta, arrays } = this.store.get(this.header.luts);
    const entry = meta.luts.find((l) => l.name === name) ?? meta.luts[0];
    return { ...entry, bytes: arrays[entry.name] };
  }

  // --- graphics card -----------------------------------------------------------------------

  pushAll() {
    if (!this.surfaces) return;
    const { renderer, surfaces } = this;
    if (this.pushed !== surfaces || !Object.keys(renderer.meshes).length) {
      renderer.build();
      for (const hemi of surfaces.hemis) renderer.setMesh(hemi, surfaces.sulcus(hemi));
      this.pushed = surfaces;
      this.morphKey = this.facesKey = this.valueKeys = null;
    }
    for (const { name, width, height, bytes } of this.store.get(this.header.luts).meta.luts.map((l) => this.lut(l.name))) {
      if (!renderer.textures.has(`lut/${name}`)) renderer.setTexture(`lut/${name}`, bytes, width, height, 3, height > 1);
    }
    this.pushMorph();
    this.refreshPanes();
    this.refreshBorders();
    this.refreshMarks();
    this.refreshLayout();
  }

  pushMorph() {
    const { surfaces, renderer } = this;
    const { from, to } = surfaces.between(this.state.shape);
    const facesKey = surfaces.hemis.map((h) => surfaces.faces(h, this.state.shape).length).join();
    const moved = this.morphKey !== `${from}/${to}`;
    const cut = this.facesKey !== facesKey;
    if (!moved && !cut) return;
    for (const hemi of surfaces.hemis) {
      if (moved) renderer.setMorph(hemi, surfaces.mesh(hemi, from), surfaces.mesh(hemi, to));
      if (cut) renderer.setFaces(hemi, surfaces.faces(hemi, this.state.shape));
    }
    [this.morphKey, this.facesKey] = [`${from}/${to}`, facesKey];
    this.refreshBorders();
    this.refreshMarks();
  }

  /** Values and fills of every pane; only what changed is uploaded. */
  refreshPanes() {
    if (!this.renderer) return;
    const fresh = [];
    this.shownMaps().forEach((map, pane) => {
      const second = this.secondOf(map);
      const look = this.look(map);
      const key = [map.blob?.hash, second?.blob?.hash, look.masked, this.fillKey(map)].join('|');
      fresh[pane] = key;
      if (this.valueKeys?.[pane] === key) return;
      for (const hemi of this.surfaces.hemis) {
        this.renderer.setValues(pane, hemi, this.weighted(map, second, look.masked, hemi));
        this.renderer.setFill(pane, hemi, this.fillClasses(map, pane, hemi));
      }
    });
    this.valueKeys = fresh;
  }

  weighted(map, second, masked, hemi) {
    const out = new Float32Array(this.surfaces.vertexCount(hemi) * 4);
    const mask = masked ? map.mask(hemi) : null;
    writeWeighted(out, 0, map.isCategorical ? null : map.values(hemi), mask);
    writeWeighted(out, 1, second?.values(hemi) ?? null, null);
    return out;
  }

  fillKey(map) {
    if (map.isCategorical) return `categories ${this.look(map).masked}`;
    if (this.state.labelStyle !== 'fill' || !this.labelSet()) return 'none';
    return `${this.labelSet().hash} ${this.visible().join()}`;
  }

  fillClasses(map, pane, hemi) {
    if (this.fillKey(map) === 'none') return null;
    const [labels, colours] = map.isCategorical ? this.categoryLabels(map, hemi) : [this.shownLabels(hemi), this.labelSet().colours];
    if (!labels) return null;
    const palette = new Uint8Array(256 * 4 * Math.ceil(colours.length / 256));
    colours.forEach((hex, i) => i && palette.set([...rgbFromHex(hex), 255], i * 4));
    this.renderer.setTexture(`palette/${pane}`, palette, 256, palette.length / 1024, 4, false);
    const faces = this.surfaces.topology.arrays[`${hemi}.faces`];
    return classAttributes(labels, labelClasses(faces, labels, colours.length));
  }

  categoryLabels(map, hemi) {
    const values = map.values(hemi);
    const mask = this.look(map).masked ? map.mask(hemi) : null;
    const labels = Uint16Array.from(values, (v, i) => (Number.isFinite(v) && (!mask || mask[i]) ? v + 1 : 0));
    return [labels, ['#000000', ...map.spec.categories.map((c) => c.colour)]];
  }

  // --- regions and marks -------------------------------------------------------------------

  labelSet() {
    return this.labelSets?.[this.state.labelSet] ?? null;
  }

  /** @returns {boolean[]} by label */
  visible() {
    const set = this.labelSet();
    const hidden = this.state.hidden[set.title] ?? [];
    return set.names.map((name, i) => i > 0 && !hidden.includes(name));
  }

  shownLabels(hemi) {
    const labels = this.labelSet()?.labels(hemi);
    return labels ? visibleLabels(labels, this.visible()) : null;
  }

  refreshBorders() {
    for (const hemi of this.surfaces?.hemis ?? []) {
      this.pushLines('roi', hemi, this.state.labelStyle === 'off' ? null : this.shownLabels(hemi));
    }
  }

  refreshMarks() {
    for (const hemi of this.surfaces?.hemis ?? []) {
      const marked = this.header.marked?.find((m) => m.hemi === hemi)?.vertices ?? [];
      this.pushLines('marked', hemi, this.membership(hemi, marked));
      this.pushLines('selected', hemi, this.membership(hemi, this.selection[hemi]));
    }
  }

  membership(hemi, vertices) {
    const labels = new Uint8Array(this.surfaces.vertexCount(hemi));
    let any = false;
    for (const v of vertices) { labels[v] = 1; any = true; }
    return any ? labels : null;
  }

  pushLines(name, hemi, labels) {
    if (!this.renderer || this.lost) return;
    if (!labels) return this.renderer.setLines(name, hemi, null);
    const { from, to } = this.surfaces.between(this.state.shape);
    const segments = borderSegments(this.surfaces.faces(hemi, this.state.shape), labels);
    const at = (i) => segmentPoints(segments, this.surfaces.mesh(hemi, i).points);
    return this.renderer.setLines(name, hemi, segments.ends.length ? { from: at(from), to: at(to) } : null);
  }

  // --- layout and drawing ------------------------------------------------------------------

  /** Panes, colour bars and pane headers for the present size. */
  refreshLayout() {
    if (!this.surfaces) return;
    const maps = this.shownMaps();
    const style = getComputedStyle(this.root);
    this.ink = { text: style.color, quiet: style.getPropertyValue('--cv-quiet').trim() || '#777', ground: style.backgroundColor, font: style.fontFamily };
    this.rects = paneRects(Math.max(1, maps.length), this.stageRect());
    this.controls.refresh();
    this.controls.placePaneHeaders(this.rects, maps);
    this.refreshBars(maps);
    this.requestDraw();
  }

  stageRect() {
    return { x: 0, y: 0, width: Math.max(1, this.stage.clientWidth), height: Math.max(1, this.stage.clientHeight) };
  }

  refreshBars(maps = this.shownMaps()) {
    while (this.bars.length > maps.length) this.bars.pop().remove();
    maps.forEach((map, i) => {
      this.bars[i] ??= new ColourBar(this.stage, this.barActions(i));
      this.bars[i].show(barRect(this.rects[i]), this.barSpec(map), this.ink);
    });
  }

  barActions(i) {
    return {
      setRange: (low, high) => this.changeLook(i, { range: low === null ? null : [low, high] }, true),
      setCut: (cut) => this.changeLook(i, { threshold: this.cutThreshold(this.shownMaps()[i], cut) }, false),
    };
  }

  cutThreshold(map, cut) {
    const { threshold } = this.look(map);
    return cut === null ? { ...threshold, mode: 'none' } : { ...threshold, mode: 'value', amount: cut };
  }

  /** Change how a pane's map is painted. @param {number} pane @param {object} part @param {boolean} ranges whether a shared range follows */
  changeLook(pane, part, ranges = false) {
    const maps = this.shownMaps();
    const targets = ranges && this.state.shared ? maps.filter((m) => !m.isCategorical) : [maps[pane]];
    for (const map of targets) Object.assign(this.look(map), part);
    if ('masked' in part || 'second' in part || 'secondMap' in part) {
      const missing = this.store.missing(neededBlobs(this.header, this.neededMaps()));
      if (missing.length) this.tell.need(missing);
      this.refreshPanes();
      this.refreshTable();
    }
    this.refreshBars();
    this.requestDraw();
  }

  barSpec(map) {
    const look = this.look(map);
    const cut = map.cut(look);
    const second = this.secondOf(map);
    const { twoSided } = look.threshold;
    const sorted = map.sorted(look.masked);
    const kept = Number.isFinite(cut) ? sorted.reduce((n, v) => n + (isShown(v, cut, twoSided, map.centre) ? 1 : 0), 0) : sorted.length;
    const square = second && look.second === 'plane' ? { bytes: this.lut('plane').bytes, size: this.lut('plane').width, label: second.spec.label, range: this.range(second) } : null;
    return {
      label: map.spec.label + (second && look.second === 'alpha' ? `, opacity: ${second.spec.label}` : ''), unit: map.spec.unit, kind: map.spec.kind, lut: square ? middleRow(square) : this.lut(look.colours).bytes, sorted, range: this.range(map),
      cut, twoSided, centre: map.centre, square, categories: map.spec.categories ?? null,
      shown: Number.isFinite(cut) ? `${kept.toLocaleString('en')} of ${sorted.length.toLocaleString('en')} vertices` : '',
    };
  }

  /** Tiles of all panes for a stage of a given size. @param {import('./layout.js').Rect[]} rects @returns {import('./layout.js').Tile[]} */
  tiles(rects = this.rects) {
    const { surfaces, state } = this;
    const hemis = shownHemis(state, surfaces.hemis);
    const bounds = Object.fromEntries(hemis.map((h) => [h, surfaces.bounds(h, state.shape)]));
    const seen = { view: state.view, hemis, flatness: surfaces.flatness(state.shape), open: state.open, camera: state.camera, bounds };
    return rects.flatMap((rect, i) => layoutPane(brainRect(rect), seen, i));
  }

  requestDraw() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
    clearTimeout(this.settle);
    clearTimeout(this.refine);
    this.settle = setTimeout(() => this.onSettled(), SETTLE_MS);
  }

  /** Draw; while things move at the screen's own pixels, at rest at twice as many for smooth edges. @param {number} finer */
  draw(finer = 1) {
    if (!this.renderer || this.lost || !this.surfaces || !this.stage.clientWidth) return;
    const start = performance.now();
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    const { width, height } = this.stageRect();
    this.paintBrains(this.rects, width, height, ratio * finer, null);
    this.drawOverlay(ratio);
    this.frames.push(performance.now() - start);
    if (this.frames.length > 240) this.frames.shift();
    if (!this.painted) performance.mark('cortex:first-paint');
    this.painted = true;
    this.root.dataset.painted = String(Number(this.root.dataset.painted ?? 0) + 1);
  }

  /** Draw all panes into the WebGL canvas. */
  paintBrains(rects, width, height, ratio, ground) {
    const { renderer, surfaces } = this;
    const { t } = surfaces.between(this.state.shape);
    const pixels = [Math.round(width * ratio), Math.round(height * ratio)];
    const maps = this.shownMaps();
    renderer.begin(...pixels, ground);
    for (const tile of this.tiles(rects)) {
      renderer.window(tile.rect, ratio, pixels[1]);
      renderer.drawSurface(tile, t, this.paintOf(maps[tile.pane], tile.pane));
      for (const name of ['roi', 'marked', 'selected']) {
        renderer.drawLines(tile, t, name, { ...INKS.halo, width: INKS[name].width + 1.9 }, ratio);
        renderer.drawLines(tile, t, name, INKS[name], ratio);
      }
    }
  }

  paintOf(map, pane) {
    const blank = { lut: 'lut/viridis', palette: `palette/${pane}`, range: [0, 1, 0, 1], threshold: [0, 0, 0, 0], second: 0, opacity: 0, fill: 0 };
    if (!map) return blank;
    const look = this.look(map);
    const second = this.secondOf(map);
    const range = this.range(map);
    const other = second ? this.range(second) : { low: 0, high: 1 };
    const cut = map.cut(look);
    const kind = second ? { plane: 1, alpha: 2 }[look.second] ?? 0 : 0;
    return {
      ...blank, lut: `lut/${kind === 1 ? 'plane' : this.lut(look.colours).name}`, range: [range.low, range.high, other.low, other.high],
      threshold: [Number.isFinite(cut) ? cut : 0, map.centre, look.threshold.twoSided ? 1 : 0, Number.isFinite(cut) ? 1 : 0],
      second: kind, opacity: look.opacity, fill: map.isCategorical ? look.opacity : 1,
    };
  }

  drawOverlay(ratio) {
    const { width, height } = this.stageRect();
    Object.assign(this.overlay, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    const g = this.overlay.getContext('2d');
    g.scale(ratio, ratio);
    this.writeOverlay(g, this.tiles(), this.rects);
    drawLasso(g, this.lasso);
    drawCross(g, this.cross, this.ink.text);
  }

  /** Names, sides, rings and the SIMULATED badge; also used by exports. */
  writeOverlay(g, tiles, rects) {
    const pointsOf = (hemi) => this.currentPoints(hemi);
    drawSides(g, tiles, (hemi) => this.middle(hemi), this.ink);
    if (this.state.labelStyle !== 'off' && this.state.labelNames) drawNames(g, this.namePositions(tiles), this.ink.font, rects[0].width < 480 || this.state.view === 'grid' ? 10 : 12);
    const rings = this.lastPick ? tiles.flatMap((tile) => tile.bodies.filter((b) => b.hemi === this.lastPick.hemi)
      .map((b) => projectPoint(tile, b, pointOf(pointsOf(b.hemi), this.lastPick.vertex)))
      .filter(([x, y, z]) => !this.depth || z >= this.depth.at(x, y) - 3)) : [];
    drawRings(g, rings);
    if (this.header.simulated) for (const r of rects) drawSimulated(g, r.x + r.width - 6, r.y + HEADER_HEIGHT + 4, this.ink.font);
  }

  namePositions(tiles) {
    const set = this.labelSet();
    if (!set) return [];
    return this.names.filter((n) => tiles[n.tile]?.bodies.some((b) => b.hemi === n.hemi)).map((n) => {
      const tile = tiles[n.tile];
      const [x, y] = projectPoint(tile, tile.bodies.find((b) => b.hemi === n.hemi), pointOf(this.currentPoints(n.hemi), n.vertex));
      return { text: set.names[n.label], x, y };
    });
  }

  middle(hemi) {
    const { low, high } = this.surfaces.bounds(hemi, this.state.shape);
    return low.map((x, k) => (x + high[k]) / 2);
  }

  /** Points at the present morph, kept until it changes. */
  currentPoints(hemi) {
    this.pointCache ??= {};
    const key = `${this.surfaces.key}/${this.state.shape}`;
    if (this.pointCache[hemi]?.key !== key) this.pointCache[hemi] = { key, points: this.surfaces.points(hemi, this.state.shape) };
    return this.pointCache[hemi].points;
  }

  /** After the last movement: find what is visible, place names, tell the link. */
  onSettled() {
    if (!this.renderer || this.lost || !this.surfaces || !this.rects) return;
    const tiles = this.tiles();
    const { width, height } = this.stageRect();
    this.depth = this.renderer.readDepth(tiles, Math.round(width), Math.round(height), this.surfaces.between(this.state.shape).t);
    const labelled = this.labelSet() && this.state.labelStyle !== 'off';
    this.names = labelled ? placeNames(tiles, (h) => this.shownLabels(h) ?? [], (h) => this.currentPoints(h), this.depth) : [];
    this.draw();
    clearTimeout(this.settle);
    clearTimeout(this.refine);
    this.refine = setTimeout(() => this.draw(2), REFINE_MS);
    this.tell.changed(encodeState(this.state, this.header));
    this.root.dataset.settled = String(Number(this.root.dataset.settled ?? 0) + 1);
  }

  // --- reading and selecting ---------------------------------------------------------------

  /** @param {number} x @param {number} y CSS pixels on the stage @returns {{hemi: string, vertex: number, pane: number} | null} */
  pick(x, y) {
    if (!this.surfaces || !this.rects) return null;
    const tile = tileAt(this.tiles(), x, y);
    if (!tile) return null;
    let best = null;
    for (const body of tile.bodies) {
      const { origin, direction } = rayThrough(tile, body, x, y);
      const hit = pickVertex(this.currentPoints(body.hemi), this.surfaces.faces(body.hemi, this.state.shape), origin, direction);
      if (hit && (!best || hit.distance < best.distance)) best = { ...hit, hemi: body.hemi, pane: tile.pane };
    }
    return best;
  }

  hover([x, y]) {
    const start = performance.now();
    const hit = this.pick(x, y);
    this.hit = hit;
    if (!hit) return this.readout.hide();
    this.askForExact();
    this.readout.show(readoutLines(hit, this.shownMaps(), this.labelSets, (m) => this.secondOf(m)), x, y, this.stageRect());
    this.hoverTime = performance.now() - start;
    return undefined;
  }

  /** Rounded values are on the wire: fetch the exact ones before anybody reads them. */
  askForExact() {
    const wanted = this.shownMaps().flatMap((m) => [m, this.secondOf(m)]).filter((m) => m?.spec.exact).map((m) => m.spec.exact);
    const missing = this.store.missing(wanted);
    if (missing.length) this.tell.need(missing);
  }

  select(hit, add) {
    if (!add) this.selection = { left: new Set(), right: new Set() };
    if (hit) {
      const set = this.selection[hit.hemi];
      if (add && set.has(hit.vertex)) set.delete(hit.vertex);
      else set.add(hit.vertex);
      this.lastPick = { hemi: hit.hemi, vertex: hit.vertex };
    } else this.lastPick = null;
    this.selectionChanged();
  }

  selectLasso(path, add) {
    if (!add) this.selection = { left: new Set(), right: new Set() };
    this.lasso = null;
    this.lastPick = null;
    this.onSettled();
    const tiles = this.tiles();
    const start = tileAt(tiles, ...path[0]);
    for (const body of start?.bodies ?? []) this.verticesInside(start, body, path).forEach((v) => this.selection[body.hemi].add(v));
    this.selectionChanged();
  }

  /** Visible vertices of a tile inside a polygon; tolerance in mm of depth, for slopes within a pixel. */
  verticesInside(tile, body, path, tolerance = 1.5) {
    const points = this.currentPoints(body.hemi);
    const used = new Set(this.surfaces.faces(body.hemi, this.state.shape));
    const out = [];
    for (const v of used) {
      const [x, y, z] = projectPoint(tile, body, pointOf(points, v));
      if (insidePolygon(path, x, y) && z >= this.depth.at(x, y) - tolerance) out.push(v);
    }
    return out;
  }

  selectRoi(label) {
    this.selection = { left: new Set(), right: new Set() };
    this.lastPick = null;
    for (const hemi of this.surfaces.hemis) this.labelSet().labels(hemi)?.forEach((l, v) => l === label && this.selection[hemi].add(v));
    this.selectionChanged();
  }

  clearSelection() {
    this.select(null, false);
  }

  selectionChanged() {
    const lists = selectionLists(this.selection);
    const count = lists.reduce((n, l) => n + l.vertices.length, 0);
    this.status.textContent = count ? `${count} ${count === 1 ? 'vertex' : 'vertices'} selected` : 'Selection cleared';
    this.refreshMarks();
    this.controls.refresh();
    this.requestDraw();
    this.tell.select(lists);
  }

  // --- actions -----------------------------------------------------------------------------

  /** Change parts of the state and redraw. @param {object} part */
  change(part) {
    Object.assign(this.state, part);
    if ('panes' in part || 'difference' in part) {
      const missing = this.store.missing(neededBlobs(this.header, this.neededMaps()));
      if (missing.length) this.tell.need(missing);
      if (missing.length) return;
    }
    if ('shape' in part) this.pushMorph();
    if (['panes', 'difference', 'labelStyle', 'hidden', 'labelSet'].some((k) => k in part)) this.refreshPanes();
    if (['labelStyle', 'hidden', 'labelSet'].some((k) => k in part)) this.refreshBorders();
    this.refreshLayout();
    if ('panes' in part) this.refreshTable();
  }

  setView(view) {
    this.change({ view, camera: newCamera() });
  }

  reset() {
    const start = initialState(this.header);
    this.change({ view: start.view, camera: newCamera(), open: start.open, hemis: start.hemis });
  }

  /** Morph to a shape, at once where motion is unwelcome. @param {number} target */
  morphTo(target) {
    cancelAnimationFrame(this.morphing);
    const from = this.state.shape;
    if (this.reduced || Math.abs(target - from) < 1e-6) return this.change({ shape: target });
    const start = performance.now();
    const tick = (now) => {
      const t = clamp((now - start) / MORPH_MS, 0, 1);
      const eased = t * t * (3 - 2 * t);
      this.change({ shape: t >= 1 ? target : from + (target - from) * eased });
      if (t < 1) this.morphing = requestAnimationFrame(tick);
    };
    this.morphing = requestAnimationFrame(tick);
    return undefined;
  }

  /** Millimetres a CSS pixel at zoom 1 in the tile under a point. */
  tileScale(x, y) {
    const tiles = this.tiles();
    return tileAt(tiles, x, y) ?? tiles[0];
  }

  moveCamera(camera) {
    this.state.camera = camera;
    this.readout.hide();
    this.requestDraw();
  }

  pointerActions() {
    const flat = () => this.surfaces?.flatness(this.state.shape) > 0.99;
    const pan = (dx, dy) => {
      const { scale } = this.tiles()[0];
      this.moveCamera(panned(this.state.camera, dx / scale, -dy / scale));
    };
    return {
      lasso: () => this.state.tool === 'lasso',
      orbit: (dx, dy) => (flat() ? pan(dx, dy) : this.moveCamera(orbited(this.state.camera, dx * 0.008, dy * 0.008))),
      pan,
      zoom: (factor, [x, y]) => {
        const tile = this.tileScale(x, y);
        const fit = tile.scale / this.state.camera.zoom;
        const at = [(x - tile.rect.x - tile.rect.width / 2 - tile.shift) / fit, (tile.rect.y + tile.rect.height / 2 - y) / fit];
        this.moveCamera(zoomed(this.state.camera, factor, at));
      },
      hover: (at) => this.hover(at),
      leave: () => this.readout.hide(),
      click: ([x, y], add) => {
        const hit = this.pick(x, y);
        if (hit || !add) this.select(hit, add);
      },
      lassoMove: (path) => {
        this.lasso = path;
        this.requestDraw();
      },
      lassoEnd: (path, add) => this.selectLasso(path, add),
      reset: () => this.setView(this.state.view),
    };
  }

  onKey(event) {
    if (event.target !== this.stage || !this.surfaces) return;
    if (event.key === '?') this.controls.toggleHelp();
    else if (!handleKey(event, this.keyActions())) return;
    event.preventDefault();
  }

  keyActions() {
    const { state } = this;
    const { width, height } = this.stageRect();
    return {
      pan: (x, y) => this.pointerActions().pan(x, y),
      orbitBy: (x, y) => this.moveCamera(orbited(state.camera, x, y)),
      zoomBy: (f) => this.moveCamera(zoomed(state.camera, f)),
      roll: (a) => this.moveCamera(rolled(state.camera, a)),
      setView: (view) => this.setView(view),
      reset: () => this.reset(),
      nextShape: () => this.morphTo((Math.round(state.shape) + 1) % this.header.geometries.length),
      openBy: (x) => this.change({ open: clamp(state.open + x, 0, 1) }),
      nextHemis: () => this.change({ hemis: { both: 'left', left: 'right', right: 'both' }[state.hemis] }),
      nextMap: () => this.change({ panes: [(state.panes[0] + 1) % this.maps.length, ...state.panes.slice(1)] }),
      toggleCross: () => this.setCross(this.cross ? null : [width * 0.3, height * 0.45]),
      moveCross: (x, y) => this.cross !== null && this.setCross([clamp(this.cross[0] + 6 * x, 0, width), clamp(this.cross[1] + 6 * y, 0, height)]),
      selectCross: (add) => this.cross && this.select(this.pick(...this.cross), add),
      clearSelection: () => this.clearSelection(),
    };
  }

  setCross(at) {
    this.cross = at;
    this.requestDraw();
    if (!at) this.readout.hide();
    else this.hover(at);
    const text = at ? this.readout.text() : '';
    if (at) this.status.textContent = text || 'No cortex here';
    return true;
  }

  // --- out ---------------------------------------------------------------------------------

  savePicture(options) {
    return downloadPicture(this, options);
  }

  saveVector() {
    return downloadVector(this);
  }

  refreshTable() {
    if (!this.tableBox) return;
    const open = this.tableBox.querySelector('details')?.open ?? false;
    this.tableBox.replaceChildren(roiTable(this.labelSet(), this.maps, this.surfaces.hemis, (m) => this.look(m).masked, open));
  }

  /** What tests and the benchmark may look at. */
  debugHandle() {
    return {
      viewer: this,
      project: (hemi, vertex, pane = 0) => this.screenPosition(hemi, vertex, pane),
      visibleVertices: (hemi, pane = 0) => this.visibleVertices(hemi, pane),
      frames: () => [...this.frames],
      hoverTime: () => this.hoverTime,
      drawNow: () => {
        this.draw();
        this.renderer.gl.finish();
      },
    };
  }

  /** Client pixels of a vertex, for each tile that shows its hemisphere. */
  screenPosition(hemi, vertex, pane) {
    const box = this.stage.getBoundingClientRect();
    return this.tiles().filter((t) => t.pane === pane).flatMap((tile, index) => tile.bodies.filter((b) => b.hemi === hemi).map((body) => {
      const [x, y, z] = projectPoint(tile, body, pointOf(this.currentPoints(hemi), vertex));
      return { x: box.left + x, y: box.top + y, z, tile: index, view: tile.view, rect: { ...tile.rect, x: tile.rect.x + box.left, y: tile.rect.y + box.top } };
    }));
  }

  visibleVertices(hemi, pane) {
    this.onSettled();
    return this.tiles().filter((t) => t.pane === pane).map((tile) => {
      const body = tile.bodies.find((b) => b.hemi === hemi);
      const { x, y, width, height } = tile.rect;
      if (!body) return [];
      const all = this.verticesInside(tile, body, [[x, y], [x + width, y], [x + width, y + height], [x, y + height]], 0.7);
      return all.filter((v) => this.facing(body, v) > 0.5);
    });
  }

  /** How squarely a vertex looks at the reader: 1 straight, 0 edge-on. */
  facing(body, vertex) {
    const { from, to, t } = this.surfaces.between(this.state.shape);
    const { normals } = this.surfaces.mesh(body.hemi, t < 0.5 ? from : to);
    return apply3(body.matrix, pointOf(normals, vertex))[2];
  }

  destroy() {
    cancelAnimationFrame(this.frame);
    cancelAnimationFrame(this.morphing);
    clearTimeout(this.settle);
    clearTimeout(this.refine);
    this.store.listeners.delete(this.onBlobs);
    this.themeWatch?.removeEventListener('change', this.onTheme);
    this.resizer.disconnect();
    this.offPointer();
    this.renderer?.destroy();
    this.root.remove();
    delete this.host.__cortex;
  }
}

const pointOf = (points, v) => [points[v * 3], points[v * 3 + 1], points[v * 3 + 2]];

/** What a link asks for, unless the page has chosen another map. */
function startingState(header, link) {
  const asked = decodeState(link, header);
  if (asked.panes && asked.panes[0] !== header.view?.panes?.[0]) delete asked.panes;
  return { ...initialState(header), ...asked };
}

/** The row of a two-dimensional colour map for a middling second value. */
function middleRow({ bytes, size }) {
  const start = Math.floor(size / 2) * size * 3;
  return bytes.slice(start, start + size * 3);
}
