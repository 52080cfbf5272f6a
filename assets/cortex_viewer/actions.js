/**
 * What the reader can do: change the state, the looks and the camera, by controls, pointer and keys.
 * @module actions
 */
import { newCamera, orbited, panned, rolled, zoomed } from './camera.js';
import { tileAt } from './layout.js';
import { clamp } from './math.js';
import { initialState } from './state.js';

const MORPH_MS = 600;
const ORBIT_A_PIXEL = 0.008;
const NEXT_HEMIS = Object.freeze({ both: 'left', left: 'right', right: 'both' });

export class Actions {
  /** @param {import('./viewer.js').CortexViewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.scene = viewer.scene;
    /** Where the reading cross stands, CSS pixels on the stage. @type {number[] | null} */
    this.cross = null;
    /** A threshold that waits for the maps. @type {number | null | undefined} */
    this.wished = undefined;
    this.reduced = globalThis.matchMedia?.('(prefers-reduced-motion: reduce)').matches ?? false;
  }

  /** Change parts of the state and redraw. @param {Partial<import('./types.d.ts').State>} part */
  change(part) {
    const { viewer, scene } = this;
    const first = scene.state.panes[0];
    Object.assign(scene.state, part);
    if (scene.state.panes[0] !== first) viewer.tell.map?.(scene.header.maps[scene.state.panes[0]].name);
    if (('panes' in part || 'difference' in part) && viewer.askForMissing()) return;
    const regions = ['labelStyle', 'hidden', 'labelSet'].some((k) => k in part);
    if (viewer.canDraw) {
      if ('shape' in part) viewer.uploads.morph(viewer.choosing.sets);
      if (regions || 'panes' in part || 'difference' in part) viewer.uploads.panes();
      if (regions) viewer.uploads.borders();
    }
    viewer.drawing.layout();
    if ('panes' in part) viewer.refreshTable();
  }

  /** Change how a pane's map is painted. @param {number} pane @param {Partial<import('./types.d.ts').Look>} part @param {boolean} ranges whether a shared range follows */
  changeLook(pane, part, ranges = false) {
    const { viewer, scene } = this;
    const maps = scene.shownMaps();
    const targets = ranges && scene.state.shared ? maps.filter((m) => !m.isCategorical) : [maps[pane]];
    for (const map of targets) Object.assign(scene.look(map), part);
    const data = 'masked' in part || 'second' in part || 'secondMap' in part;
    if (data && !viewer.askForMissing()) {
      if (viewer.canDraw) viewer.uploads.panes();
      viewer.refreshTable();
    }
    viewer.drawing.showBars();
    viewer.drawing.request(false);
  }

  /** What a pane's colour bar may do. @param {number} pane */
  barActions(pane) {
    const { viewer } = this;
    return {
      setRange: (low, high) => viewer.changeLook(pane, { range: low === null ? null : [low, high] }, true),
      setCut: (cut) => viewer.changeLook(pane, { threshold: this.cutThreshold(pane, cut) }),
    };
  }

  /** Take a threshold for what the first pane shows, in all panes of that measure. @param {number | null} value */
  setThreshold(value) {
    const { scene, viewer } = this;
    const maps = scene.state ? scene.shownMaps() : [];
    this.wished = maps.length ? undefined : value;
    const own = (map) => map.name.split('@')[0];
    for (const map of maps.filter((m) => !m.isCategorical && own(m) === own(maps[0]))) {
      const twoSided = map.spec.kind === 'diverging';
      scene.look(map).threshold = value === null ? { mode: 'none', amount: 0, twoSided } : { mode: 'value', amount: value, twoSided };
    }
    if (maps.length) viewer.drawing.layout();
  }

  /** Take what was wished for before the maps were here. */
  takeWish() {
    if (this.wished !== undefined) this.setThreshold(this.wished);
  }

  /** The threshold in force in the first pane as the page counts it; null for none. @returns {number | null} */
  threshold() {
    const [map] = this.scene.shownMaps();
    if (!map || map.isCategorical) return null;
    const look = this.scene.look(map);
    const cut = map.cut(look);
    const counted = look.threshold.twoSided === (map.spec.kind === 'diverging') && map.centre === 0;
    if (!Number.isFinite(cut) || !counted) return null;
    return look.threshold.mode === 'value' ? look.threshold.amount : cut;
  }

  cutThreshold(pane, cut) {
    const { threshold } = this.scene.look(this.scene.shownMaps()[pane]);
    return cut === null ? { ...threshold, mode: 'none' } : { ...threshold, mode: 'value', amount: Number(cut.toPrecision(3)) };
  }

  /** Show one more map beside. @param {number} map */
  addPane(map) {
    this.viewer.change({ panes: [...this.scene.state.panes, map] });
  }

  /** @param {number} pane */
  removePane(pane) {
    const panes = this.scene.state.panes.filter((_, i) => i !== pane);
    this.viewer.change({ panes, difference: this.scene.state.difference && panes.length > 1 });
  }

  setView(view) {
    this.viewer.change({ view, camera: newCamera() });
  }

  reset() {
    const { view, open, hemis, fit } = initialState(this.scene.header);
    this.viewer.change({ view, open, hemis, fit, camera: newCamera() });
  }

  /** Fit the view to what the first pane shows; once more, to the whole brain. */
  fit() {
    const { scene, viewer } = this;
    const still = scene.state.fit && JSON.stringify(scene.state.camera) === JSON.stringify(newCamera());
    scene.aimAnew();
    viewer.change({ fit: !still, camera: newCamera() });
  }

  /** Give the viewer the whole window, or take it back. */
  fullWindow() {
    const { root } = this.viewer;
    if (/** @type {any} */ (root.getRootNode()).fullscreenElement === root) document.exitFullscreen();
    else root.requestFullscreen?.();
  }

  /** On a page the wheel scrolls; with Ctrl or ⌘, in full window, and in a file of its own it zooms. @param {WheelEvent} e */
  takesWheel(e) {
    const { viewer, scene } = this;
    if (!scene.surfaces) return false;
    const takes = e.ctrlKey || e.metaKey || !scene.header.framed || document.fullscreenElement !== null;
    if (!takes) viewer.status.textContent = 'Ctrl + wheel zooms';
    return takes;
  }

  /** Morph to a shape, at once where motion is unwelcome. @param {number} target */
  morphTo(target) {
    cancelAnimationFrame(this.morphing);
    const from = this.scene.state.shape;
    if (this.reduced || Math.abs(target - from) < 1e-6) {
      this.viewer.change({ shape: target });
      return;
    }
    const start = performance.now();
    const tick = (now) => {
      const t = clamp((now - start) / MORPH_MS, 0, 1);
      const eased = t * t * (3 - 2 * t);
      this.viewer.change({ shape: t >= 1 ? target : from + (target - from) * eased });
      if (t < 1) this.morphing = requestAnimationFrame(tick);
    };
    this.morphing = requestAnimationFrame(tick);
  }

  moveCamera(camera) {
    this.scene.state.camera = camera;
    this.viewer.readout.hide();
    this.viewer.drawing.request();
  }

  pan(dx, dy) {
    const { scale } = this.viewer.tiles()[0];
    this.moveCamera(panned(this.scene.state.camera, dx / scale, -dy / scale));
  }

  /** Turn by pixels; a flat map is moved instead. */
  orbit(dx, dy) {
    const { surfaces, state } = this.scene;
    if (surfaces.flatness(state.shape) > 0.99) this.pan(dx, dy);
    else this.moveCamera(orbited(state.camera, dx * ORBIT_A_PIXEL, dy * ORBIT_A_PIXEL));
  }

  /** Zoom so that the point under the pointer stays. */
  zoom(factor, [x, y]) {
    const { camera } = this.scene.state;
    const tiles = this.viewer.tiles();
    const { rect, scale, shift, lift } = tileAt(tiles, x, y) ?? tiles[0];
    const fit = scale / camera.zoom;
    const at = [(x - rect.x - rect.width / 2 - shift) / fit, (rect.y + rect.height / 2 - y - lift) / fit];
    this.moveCamera(zoomed(camera, factor, at));
  }

  pointerActions() {
    const { viewer, scene } = this;
    const { choosing } = viewer;
    const ready = (act) => (...args) => (scene.surfaces ? act(...args) : undefined);
    return {
      lasso: () => scene.state?.tool === 'lasso',
      orbit: ready((dx, dy) => this.orbit(dx, dy)),
      pan: ready((dx, dy) => this.pan(dx, dy)),
      takesWheel: (e) => this.takesWheel(e),
      zoom: ready((factor, at) => this.zoom(factor, at)),
      hover: ready((at) => viewer.hover(at)),
      leave: () => viewer.readout.hide(),
      click: ready(([x, y], add) => {
        const hit = viewer.pick(x, y);
        if (hit || !add) choosing.select(hit, add);
      }),
      lassoMove: ready((path) => {
        choosing.lasso = path;
        viewer.readout.hide();
        viewer.drawing.request();
      }),
      lassoEnd: ready((path, add) => choosing.selectLasso(path, add)),
      reset: ready(() => this.setView(scene.state.view)),
    };
  }

  keyActions() {
    const { viewer, scene } = this;
    const { state } = scene;
    const { width, height } = viewer.drawing.stageRect();
    const { choosing } = viewer;
    return {
      pan: (x, y) => this.pan(x, y),
      orbitBy: (x, y) => this.moveCamera(orbited(state.camera, x, y)),
      zoomBy: (f) => this.moveCamera(zoomed(state.camera, f)),
      roll: (a) => this.moveCamera(rolled(state.camera, a)),
      setView: (view) => this.setView(view),
      reset: () => this.reset(),
      fit: () => this.fit(),
      fullWindow: () => this.fullWindow(),
      nextShape: () => this.morphTo((Math.round(state.shape) + 1) % scene.header.geometries.length),
      openBy: (x) => viewer.change({ open: clamp(state.open + x, 0, 1) }),
      nextHemis: () => viewer.change({ hemis: NEXT_HEMIS[state.hemis] }),
      nextMap: () => viewer.change({ panes: [(state.panes[0] + 1) % scene.maps.length, ...state.panes.slice(1)] }),
      toggleCross: () => this.setCross(this.cross ? null : [width * 0.3, height * 0.45]),
      moveCross: (x, y) => this.cross !== null && this.setCross([clamp(this.cross[0] + 6 * x, 0, width), clamp(this.cross[1] + 6 * y, 0, height)]),
      selectCross: (add) => this.cross && choosing.select(viewer.pick(...this.cross), add),
      growSelection: () => choosing.grow(),
      clearSelection: () => choosing.clear(),
    };
  }

  /** @param {number[] | null} at @returns {boolean} true, for a key that meant something */
  setCross(at) {
    const { viewer } = this;
    this.cross = at;
    viewer.drawing.request();
    if (!at) viewer.readout.hide();
    else {
      viewer.hover(at);
      viewer.status.textContent = viewer.readout.text() || 'No cortex here';
    }
    return true;
  }

  destroy() {
    cancelAnimationFrame(this.morphing);
  }
}
