/**
 * Where panes and the tiles in them lie, and the transform from a hemisphere to the screen.
 * @module layout
 */
import { baseRotation, viewMatrix } from './camera.js';
import { boundsOfPoints, corners, placeHemispheres, placePoint } from './geometry.js';
import { add3, apply3, matrixFromQuaternion, multiply3, subtract3, transpose3 } from './math.js';

/** @typedef {{x: number, y: number, width: number, height: number}} Rect CSS pixels, y down */
/** @typedef {{hemi: 'left'|'right', matrix: number[], offset: number[]}} Body view = matrix * point + offset */
/** @typedef {{rect: Rect, bodies: Body[], scale: number, view: string, pane: number, shift: number}} Tile scale: pixels a millimetre; shift: pixels from the middle of rect */

export const HEADER_HEIGHT = 28;
export const BAR_HEIGHT = 62;

/** A size of text in own pixels, at least what the page around asks for. @param {number} size @param {{least?: number}} ink @returns {number} */
export const textSize = (size, { least = 0 }) => Math.max(size, least);

/** The part of a pane that brains may fill. @param {Rect} rect @returns {Rect} */
export function brainRect(rect) {
  return { x: rect.x, y: rect.y + HEADER_HEIGHT, width: rect.width, height: Math.max(20, rect.height - HEADER_HEIGHT - BAR_HEIGHT - 8) };
}

/** Where a pane's colour bar lies. @param {Rect} rect @returns {Rect} */
export function barRect(rect) {
  const width = Math.max(80, Math.min(380, rect.width - 32));
  return { x: rect.x + (rect.width - width) / 2, y: rect.y + rect.height - BAR_HEIGHT - 2, width, height: BAR_HEIGHT };
}

/** Side by side up to three, else two rows. @param {number} count @param {Rect} stage @returns {Rect[]} */
export function paneRects(count, stage) {
  const columns = count === 4 || (count === 2 && stage.width < stage.height) ? (count === 4 ? 2 : 1) : count;
  const rows = Math.ceil(count / columns);
  const width = stage.width / columns;
  const height = stage.height / rows;
  return Array.from({ length: count }, (_, i) => ({
    x: stage.x + (i % columns) * width, y: stage.y + Math.floor(i / columns) * height, width, height,
  }));
}

/**
 * Which hemispheres are seen from where in each part of a pane.
 * @param {string} view @param {string[]} hemis @param {number} flatness
 * @returns {{row: number, column: number, rows: number, columns: number, hemis: string[], view: string}[]}
 */
export function tilePlan(view, hemis, flatness) {
  const paired = view === 'lateral' || view === 'medial' || view === 'grid';
  if (!paired) return [{ row: 0, column: 0, rows: 1, columns: 1, hemis, view }];
  const views = view === 'grid' && flatness < 0.5 ? ['lateral', 'medial'] : [view === 'grid' ? 'lateral' : view];
  return views.flatMap((v, row) => hemis.map((hemi, column) => ({
    row, column, rows: views.length, columns: hemis.length, hemis: [hemi], view: v,
  })));
}

/** @param {Rect} pane @param {{row: number, column: number, rows: number, columns: number}} plan @returns {Rect} */
function tileRect(pane, { row, column, rows, columns }) {
  const width = pane.width / columns, height = pane.height / rows;
  return { x: pane.x + column * width, y: pane.y + row * height, width, height };
}

/**
 * All tiles of a pane, at one scale.
 * @param {Rect} pane
 * @param {{view: string, hemis: string[], flatness: number, open: number, camera: import('./camera.js').Camera,
 *   bounds: Object<string, import('./geometry.js').Bounds>}} state
 * @param {number} index number of the pane
 * @returns {Tile[]}
 */
export function layoutPane(pane, state, index) {
  const drafts = tilePlan(state.view, state.hemis, state.flatness).map((plan) => draftTile(pane, plan, state));
  const fit = Math.min(...drafts.map((d) => d.fit));
  const scale = fit * state.camera.zoom;
  const widest = Math.max(...drafts.map((d) => d.width)) * fit;
  return drafts.map((draft) => finishTile(draft, state.camera, { scale, pane: index, shift: inwardShift(draft, widest) }));
}

/** Pixels by which a brain leaves the middle of its tile so that neighbours stand close together. */
function inwardShift({ rect, plan }, widest) {
  if (plan.columns < 2) return 0;
  const spare = Math.max(0, rect.width - widest * 1.1) / 2;
  return plan.column === 0 ? spare : -spare;
}

/** Place the hemispheres of a tile and see how large they may be. */
function draftTile(pane, plan, state) {
  const bounds = Object.fromEntries(plan.hemis.map((h) => [h, state.bounds[h]]));
  const places = placeHemispheres(bounds, plan.hemis.length > 1 ? state.open : 0, state.flatness);
  const points = plan.hemis.flatMap((h) => corners(bounds[h]).map((p) => placePoint(p, places[h])));
  const world = boundsOfPoints(points);
  const centre = world.low.map((x, k) => (x + world.high[k]) / 2);
  const base = baseRotation(plan.view, plan.hemis[0], state.flatness);
  const turn = matrixFromQuaternion(base);
  const seen = boundsOfPoints(points.map((p) => apply3(turn, subtract3(p, centre))));
  const rect = tileRect(pane, plan);
  const margin = 0.93;
  const fit = margin * Math.min(rect.width / (seen.high[0] - seen.low[0]), rect.height / (seen.high[1] - seen.low[1]));
  return { rect, plan, places, centre, base, fit, width: seen.high[0] - seen.low[0] };
}

/** Fold placement, orbit and pan into one affine transform a hemisphere. */
function finishTile({ rect, plan, places, centre, base }, camera, { scale, pane, shift }) {
  const view = viewMatrix(camera, base);
  const bodies = plan.hemis.map((hemi) => {
    const { angle } = places[hemi];
    const c = Math.cos(angle), s = Math.sin(angle);
    const turn = [c, -s, 0, s, c, 0, 0, 0, 1];
    const origin = placePoint([0, 0, 0], places[hemi]);
    const offset = add3(apply3(view, subtract3(origin, centre)), [camera.pan[0] + shift / scale, camera.pan[1], 0]);
    return { hemi, matrix: multiply3(view, turn), offset };
  });
  return { rect, bodies, scale, view: plan.view, pane, shift };
}

/** Screen position in CSS pixels and depth in mm (larger is nearer). @param {Tile} tile @param {Body} body @param {ArrayLike<number>} point @returns {number[]} */
export function projectPoint(tile, body, point) {
  const v = add3(apply3(body.matrix, [point[0], point[1], point[2]]), body.offset);
  const { x, y, width, height } = tile.rect;
  return [x + width / 2 + v[0] * tile.scale, y + height / 2 - v[1] * tile.scale, v[2]];
}

/** The part of a tile that its bodies can cover, with room for lines. @param {Tile} tile @param {Object<string, import('./geometry.js').Bounds>} bounds by hemisphere @returns {Rect} */
export function coveredRect(tile, bounds) {
  const points = tile.bodies.flatMap((body) => corners(bounds[body.hemi]).map((p) => projectPoint(tile, body, p)));
  const { low, high } = boundsOfPoints(points);
  const room = 6;
  const { rect } = tile;
  const x = Math.max(rect.x, low[0] - room), y = Math.max(rect.y, low[1] - room);
  return { x, y, width: Math.max(0, Math.min(rect.x + rect.width, high[0] + room) - x), height: Math.max(0, Math.min(rect.y + rect.height, high[1] + room) - y) };
}

/** The line of sight through a pixel, in the hemisphere's own coordinates. @param {Tile} tile @param {Body} body @param {number} px @param {number} py */
export function rayThrough(tile, body, px, py) {
  const { x, y, width, height } = tile.rect;
  const far = 1000;
  const seen = [(px - x - width / 2) / tile.scale, (y + height / 2 - py) / tile.scale, far];
  const back = transpose3(body.matrix);
  return { origin: apply3(back, subtract3(seen, body.offset)), direction: apply3(back, [0, 0, -1]), far };
}

/** @param {Tile[]} tiles @param {number} px @param {number} py @returns {Tile | undefined} */
export function tileAt(tiles, px, py) {
  return tiles.find(({ rect: r }) => px >= r.x && px < r.x + r.width && py >= r.y && py < r.y + r.height);
}
