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

  cutThreshold(pane, cut) {
    const { threshold } = this.scene.look(this.scene.shownMaps()[pane]);
    return cut === null ? { ...threshold, mode: 'none' } : { ...threshold, mode: 'value', amount: cut };
  }

  setView(view) {
    this.viewer.change({ view, camera: newCamera() });
  }

  reset() {
    const { view, open, hemis } = initialState(this.scene.header);
    this.viewer.change({ view, open, hemis, camera: newCamera() });
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
    const { rect, scale, shift } = tileAt(tiles, x, y) ?? tiles[0];
    const fit = scale / camera.zoom;
    const at = [(x - rect.x - rect.width / 2 - shift) / fit, (rect.y + rect.height / 2 - y) / fit];
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
      nextShape: () => this.morphTo((Math.round(state.shape) + 1) % scene.header.geometries.length),
      openBy: (x) => viewer.change({ open: clamp(state.open + x, 0, 1) }),
      nextHemis: () => viewer.change({ hemis: NEXT_HEMIS[state.hemis] }),
      nextMap: () => viewer.change({ panes: [(state.panes[0] + 1) % scene.maps.length, ...state.panes.slice(1)] }),
      toggleCross: () => this.setCross(this.cross ? null : [width * 0.3, height * 0.45]),
      moveCross: (x, y) => this.cross !== null && this.setCross([clamp(this.cross[0] + 6 * x, 0, width), clamp(this.cross[1] + 6 * y, 0, height)]),
      selectCross: (add) => this.cross && choosing.select(viewer.pick(...this.cross), add),
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
