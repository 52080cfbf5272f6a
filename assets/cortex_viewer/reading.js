/**
 * Which vertex is where: under the pointer, inside an outline, visible, and on the screen.
 * @module reading
 */
import { zoomOf } from './dom.js';
import { projectPoint, rayThrough, tileAt } from './layout.js';
import { apply3 } from './math.js';
import { insidePolygon, pickVertex } from './picking.js';
import { readoutLines } from './readout.js';

/** @typedef {{hemi: string, vertex: number, pane: number, distance: number}} Hit */

export class Reading {
  /** @param {import('./viewer.js').CortexViewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.scene = viewer.scene;
    /** Milliseconds from the pointer to the text, the last time. */
    this.time = 0;
  }

  /** @param {number} x @param {number} y CSS pixels on the stage @returns {Hit | null} */
  pick(x, y) {
    const { drawing } = this.viewer;
    const { surfaces, state } = this.scene;
    if (!surfaces || !drawing.rects) return null;
    const tile = tileAt(drawing.tiles(), x, y);
    let best = null;
    for (const body of tile?.bodies ?? []) {
      const { origin, direction } = rayThrough(tile, body, x, y);
      const hit = pickVertex(this.scene.points(body.hemi), surfaces.faces(body.hemi, state.shape), origin, direction);
      if (hit && (!best || hit.distance < best.distance)) best = { ...hit, hemi: body.hemi, pane: tile.pane };
    }
    return best;
  }

  /** Show what lies under a point. @param {number[]} at @returns {Hit | null} */
  hover([x, y]) {
    const { readout, drawing } = this.viewer;
    const start = performance.now();
    const hit = this.pick(x, y);
    if (!hit) {
      readout.hide();
      return null;
    }
    this.askForExact();
    const lines = readoutLines(hit, this.scene.shownMaps(), this.scene.labelSets, (m) => this.scene.secondOf(m), this.scene.readAlong());
    readout.show(lines, x, y, drawing.stageRect());
    this.time = performance.now() - start;
    return hit;
  }

  /** Rounded values are on the wire: fetch the exact ones before anybody reads them. */
  askForExact() {
    const { scene } = this;
    const shown = scene.shownMaps().flatMap((m) => [m, scene.secondOf(m)]);
    const missing = scene.store.missing(shown.filter((m) => m?.spec.exact).map((m) => m.spec.exact));
    if (missing.length) this.viewer.tell.need(missing);
  }

  /**
   * Visible vertices of a tile inside a polygon.
   * @param {import('./layout.js').Tile} tile @param {import('./layout.js').Body} body @param {number[][]} path
   * @param {number} tolerance mm of depth, for slopes within a pixel
   */
  verticesInside(tile, body, path, tolerance = 1.5) {
    const { depth } = this.viewer.drawing;
    const points = this.scene.points(body.hemi);
    const used = new Set(this.scene.surfaces.faces(body.hemi, this.scene.state.shape));
    return [...used].filter((v) => {
      const [x, y, z] = projectPoint(tile, body, points.subarray(v * 3, v * 3 + 3));
      return insidePolygon(path, x, y) && z >= depth.at(x, y) - tolerance;
    });
  }

  /** Vertices that face the reader, by tile of a pane. @param {string} hemi @param {number} pane @returns {number[][]} */
  visibleVertices(hemi, pane) {
    this.viewer.onSettled();
    return this.viewer.tiles().filter((t) => t.pane === pane).map((tile) => {
      const body = tile.bodies.find((b) => b.hemi === hemi);
      const { x, y, width, height } = tile.rect;
      if (!body) return [];
      const all = this.verticesInside(tile, body, [[x, y], [x + width, y], [x + width, y + height], [x, y + height]], 0.7);
      return all.filter((v) => this.facing(body, v) > 0.5);
    });
  }

  /** How squarely a vertex looks at the reader: 1 straight, 0 edge-on. */
  facing(body, vertex) {
    const { surfaces, state } = this.scene;
    const { from, to, t } = surfaces.between(state.shape);
    const { normals } = surfaces.mesh(body.hemi, t < 0.5 ? from : to);
    return apply3(body.matrix, normals.subarray(vertex * 3, vertex * 3 + 3))[2];
  }

  /** Client pixels of a vertex, for each tile that shows its hemisphere. @param {string} hemi @param {number} vertex @param {number} pane */
  screenPosition(hemi, vertex, pane) {
    const box = this.viewer.stage.getBoundingClientRect();
    const zoom = zoomOf(this.viewer.stage);
    const tiles = this.viewer.tiles().filter((t) => t.pane === pane);
    return tiles.flatMap((tile, index) => tile.bodies.filter((b) => b.hemi === hemi).map((body) => {
      const [x, y, z] = projectPoint(tile, body, this.scene.point(hemi, vertex));
      const rect = { ...tile.rect, x: tile.rect.x * zoom + box.left, y: tile.rect.y * zoom + box.top };
      return { x: box.left + x * zoom, y: box.top + y * zoom, z, tile: index, view: tile.view, rect };
    }));
  }
}
