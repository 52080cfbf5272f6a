/**
 * When and where things are drawn: panes, colour bars, the picture, what is written over it, and
 * what is worked out once the picture rests.
 * @module drawing
 */
import { ColourBar } from './colourbar.js';
import { zoomOf } from './dom.js';
import { barRect, brainRect, HEADER_HEIGHT, layoutPane, paneRects, projectPoint } from './layout.js';
import { barSpec, paintOf } from './looks.js';
import { drawCross, drawLasso, drawNames, drawRings, drawSides, drawSimulated, placeNames } from './overlay.js';

const SETTLE_MS = 140;
const REFINE_MS = 250;
const FINEST_PIXELS = 6_000_000;
const HALO = { rgb: [0, 0, 0], alpha: 0.6, lift: 1.2, wider: 1.9 };
const INKS = {
  roi: { rgb: [1, 1, 1], alpha: 0.95, width: 1.5, lift: 1.4 },
  marked: { rgb: [0.0, 0.86, 0.95], alpha: 1, width: 2.2, lift: 1.7 },
  selected: { rgb: [1.0, 0.32, 0.75], alpha: 1, width: 2.2, lift: 1.8 },
};
const LINES = Object.entries(INKS).flatMap(([name, ink]) => [{ name, ink: { ...HALO, width: ink.width + HALO.wider } }, { name, ink }]);

export class Drawing {
  /** @param {import('./viewer.js').CortexViewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.scene = viewer.scene;
    /** @type {ColourBar[]} */
    this.bars = [];
    /** @type {import('./layout.js').Rect[] | null} one a pane */
    this.rects = null;
    /** @type {ReturnType<typeof placeNames>} */
    this.names = [];
    this.depth = null;
    /** Milliseconds of the last frames, without the graphics card's own work. @type {number[]} */
    this.times = [];
    this.overlayStale = true;
    this.settledKey = '';
  }

  /** @returns {import('./layout.js').Rect} */
  stageRect() {
    const { stage } = this.viewer;
    return { x: 0, y: 0, width: Math.max(1, stage.clientWidth), height: Math.max(1, stage.clientHeight) };
  }

  /** Canvas pixels a CSS pixel. */
  ratio() {
    return Math.min(2, (globalThis.devicePixelRatio || 1) * zoomOf(this.viewer.stage));
  }

  /** Tiles of all panes. @param {import('./layout.js').Rect[]} rects @returns {import('./layout.js').Tile[]} */
  tiles(rects = this.rects) {
    const seen = this.scene.seen();
    return rects.flatMap((rect, i) => layoutPane(brainRect(rect, this.ink?.head), seen, i));
  }

  /** What the renderer needs for a picture. @param {import('./layout.js').Rect[]} rects @param {{width: number, height: number, ratio: number, finer: 1 | 2}} size @returns {import('./renderer.js').Frame} */
  frame(rects, size) {
    const { scene } = this;
    const maps = scene.shownMaps();
    const paints = rects.map((_, i) => paintOf(scene, maps[i], i));
    return { ...size, tiles: this.tiles(rects), bounds: scene.bounds(), morph: scene.surfaces.between(scene.state.shape).t, paints, inks: LINES };
  }

  screenFrame(finer) {
    const { width, height } = this.stageRect();
    const ratio = this.ratio();
    const most = width * height * ratio * ratio * finer * finer;
    return this.frame(this.rects, { width, height, ratio, finer: most > FINEST_PIXELS ? 1 : finer });
  }

  /** Panes, colour bars and pane headers for the present size. */
  layout() {
    const { viewer, scene } = this;
    if (!scene.surfaces) return;
    const maps = scene.shownMaps();
    this.ink = inkOf(viewer.root);
    this.rects = paneRects(Math.max(1, maps.length), this.stageRect());
    viewer.controls.refresh();
    viewer.controls.placePaneHeaders(this.rects, maps);
    this.showBars();
    this.request();
  }

  showBars() {
    const maps = this.scene.shownMaps();
    while (this.bars.length > maps.length) this.bars.pop().remove();
    maps.forEach((map, i) => {
      this.bars[i] ??= new ColourBar(this.viewer.stage, this.viewer.actions.barActions(i));
      this.bars[i].show(barRect(this.rects[i]), barSpec(this.scene, map), this.ink);
    });
  }

  /** Draw with the next frame of the screen. @param {boolean} moved whether more than colours changed */
  request(moved = true) {
    this.overlayStale ||= moved;
    this.pending ||= requestAnimationFrame(() => this.viewer.draw());
    clearTimeout(this.settling);
    clearTimeout(this.refining);
    this.settling = setTimeout(() => this.viewer.onSettled(), SETTLE_MS);
  }

  /** Draw; while things move one cell a pixel, at rest four for smooth edges. @param {1 | 2} finer */
  draw(finer = 1) {
    const { viewer } = this;
    cancelAnimationFrame(this.pending);
    this.pending = 0;
    if (!viewer.canDraw || !viewer.stage.clientWidth) return;
    const start = performance.now();
    viewer.renderer.paint(this.screenFrame(finer));
    if (this.overlayStale) this.drawOverlay();
    this.times.push(performance.now() - start);
    if (this.times.length > 240) this.times.shift();
    const { dataset } = viewer.root;
    if (!dataset.painted) performance.mark('cortex:first-paint');
    dataset.painted ??= '1';
  }

  drawOverlay() {
    const { overlay } = this.viewer;
    const { width, height } = this.stageRect();
    const ratio = this.ratio();
    Object.assign(overlay, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    const g = overlay.getContext('2d', { willReadFrequently: true });
    g.scale(ratio, ratio);
    this.writeOverlay(g, this.ink);
    if (this.scene.header.simulated && !this.scene.header.framed) for (const r of this.rects) drawSimulated(g, r.x + r.width - 6, r.y + this.ink.head + 4, this.ink);
    drawLasso(g, this.viewer.choosing.lasso);
    drawCross(g, this.viewer.actions.cross, this.ink.text);
    this.overlayStale = false;
  }

  /** Names, sides and rings; also used by exports. @param {CanvasRenderingContext2D} g @param {import('./colourbar.js').Ink} ink */
  writeOverlay(g, ink) {
    const { scene, rects } = this;
    const tiles = this.tiles();
    drawSides(g, tiles, (hemi) => middleOf(scene.surfaces.bounds(hemi, scene.state.shape)), ink);
    const small = rects[0].width < 480 || scene.state.view === 'grid';
    if (scene.state.labelStyle !== 'off' && scene.state.labelNames) drawNames(g, this.namePositions(tiles), ink, small ? 10 : 12);
    drawRings(g, this.ringPositions(tiles));
  }

  ringPositions(tiles) {
    const { picked } = this.viewer.choosing;
    if (!picked) return [];
    return tiles.flatMap((tile) => tile.bodies.filter((b) => b.hemi === picked.hemi)
      .map((b) => projectPoint(tile, b, this.scene.point(b.hemi, picked.vertex)))
      .filter(([x, y, z]) => !this.depth || z >= this.depth.at(x, y) - 3));
  }

  namePositions(tiles) {
    const set = this.scene.labelSet();
    if (!set) return [];
    return this.names.filter((n) => tiles[n.tile]?.bodies.some((b) => b.hemi === n.hemi)).map((n) => {
      const tile = tiles[n.tile];
      const [x, y] = projectPoint(tile, tile.bodies.find((b) => b.hemi === n.hemi), this.scene.point(n.hemi, n.vertex));
      return { text: set.names[n.label], x, y };
    });
  }

  /** After the last movement: find what is visible, place names, tell the link. */
  settle() {
    const { viewer, scene } = this;
    if (!viewer.canDraw || !this.rects) return;
    const { labelStyle, labelSet, hidden } = scene.state;
    const frame = this.screenFrame(1);
    const key = JSON.stringify([viewer.renderer.keyOf(frame), labelStyle, labelSet, hidden]);
    if (key !== this.settledKey) {
      this.depth = viewer.renderer.readDepth(frame);
      const labelled = scene.labelSet() && labelStyle !== 'off';
      this.names = labelled ? placeNames(frame.tiles, (h) => scene.shownLabels(h) ?? [], (h) => scene.points(h), this.depth) : [];
      this.settledKey = key;
      this.overlayStale = true;
    }
    if (this.overlayStale) this.drawOverlay();
    clearTimeout(this.settling);
    clearTimeout(this.refining);
    this.refining = setTimeout(() => viewer.draw(2), REFINE_MS);
    viewer.onRest();
  }

  destroy() {
    cancelAnimationFrame(this.pending);
    clearTimeout(this.settling);
    clearTimeout(this.refining);
  }
}

/** Colours and font of the page around. @param {HTMLElement} root @returns {import('./colourbar.js').Ink} */
function inkOf(root) {
  const style = getComputedStyle(root);
  const quiet = style.getPropertyValue('--cv-quiet').trim() || '#777';
  const least = parseFloat(style.getPropertyValue('--cv-least')) || 0;
  const head = parseFloat(style.getPropertyValue('--cv-head'));
  return { text: style.color, quiet, ground: style.backgroundColor, font: style.fontFamily, least, head: Number.isNaN(head) ? HEADER_HEIGHT : head };
}

const middleOf = ({ low, high }) => low.map((x, k) => (x + high[k]) / 2);
