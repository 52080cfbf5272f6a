/**
 * Where panes and the tiles in them lie, and the transform from a hemisphere to the screen.
 * @module layout
 */
import { baseRotation, viewMatrix } from './camera.js';
import { boundsOfPoints, corners, placeHemispheres, placePoint } from './geometry.js';
import { add3, apply3, matrixFromQuaternion, multiply3, subtract3, transpose3 } from './math.js';

/** @typedef {{x: number, y: number, width: number, height: number}} Rect CSS pixels, y down */
/** @typedef {{hemi: 'left'|'right', matrix: number[], offset: number[]}} Body view = matrix * point + offset */
/** @typedef {{rect: Rect, bodies: Body[], scale: number, view: string, pane: number, shift: number, lift: number}} Tile scale: pixels a millimetre; shift, lift: pixels from the middle of rect, right and up */

/** Views of several rows, from above. */
const ROWS = Object.freeze({ grid: ['lateral', 'medial'], pair: ['lateral', 'ventral'] });
const MARGIN = 0.93, AIMED_MARGIN = 0.98;
/** Pixels between tiles whose brains are cut at their edges. */
const GAP = 3;
/** The smallest part of a brain that is aimed at, of its own size. */
const LEAST_AIM = 0.3;
/** Panes lower than this, and not so much wider that all four sides fit in a row, show a pair's underside alone. */
const LOW = 300, WIDE = 2.5;

export const HEADER_HEIGHT = 28;
export const BAR_HEIGHT = 62;

/** A size of text in own pixels, at least what the page around asks for. @param {number} size @param {{least?: number}} ink @returns {number} */
export const textSize = (size, { least = 0 }) => Math.max(size, least);

/** The part of a pane that brains may fill. @param {Rect} rect @param {number} head height of the pane's header @returns {Rect} */
export function brainRect(rect, head = HEADER_HEIGHT) {
  return { x: rect.x, y: rect.y + head, width: rect.width, height: Math.max(20, rect.height - head - BAR_HEIGHT - 8) };
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
  const rows = ROWS[view] ?? (view === 'lateral' || view === 'medial' ? [view] : null);
  if (!rows || (flatness >= 0.5 && view === 'pair')) return [{ row: 0, column: 0, rows: 1, columns: 1, hemis, view: view === 'pair' ? 'dorsal' : view }];
  const views = flatness < 0.5 ? rows : rows.slice(0, 1);
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
 *   bounds: Object<string, import('./geometry.js').Bounds>, aim?: Object<string, import('./geometry.js').Bounds> | null}} state aim: what a tile is fitted to, if not all
 * @param {number} index number of the pane
 * @returns {Tile[]}
 */
export function layoutPane(pane, state, index) {
  const view = state.view === 'pair' && pane.height < LOW && pane.width < WIDE * pane.height ? 'ventral' : state.view;
  const plans = tilePlan(view, state.hemis, state.flatness);
  const drafts = state.aim ? packTiles(pane, plans.map((plan) => draftTile(pane, plan, state))) : plans.map((plan) => draftTile(pane, plan, state));
  const fit = Math.min(...drafts.map((d) => d.fit));
  const scale = fit * state.camera.zoom;
  const widest = Math.max(...drafts.map((d) => d.width)) * fit;
  return drafts.map((draft) => {
    const [shift, lift] = state.aim ? fillShift(draft, fit) : [inwardShift(draft, widest), 0];
    return finishTile(draft, state.camera, { scale, pane: index, shift, lift });
  });
}

/** Tiles as large as what they show, in the rows of their plan or all in one row, whichever shows it larger. */
function packTiles(pane, drafts) {
  const inRows = spread(pane, drafts, (d) => [d.plan.row, d.plan.column]);
  if (drafts[0].plan.rows < 2) return inRows;
  const last = drafts[0].plan.columns - 1;
  const place = ({ plan }) => (plan.column === last && last > 0 ? 3 - plan.row : plan.row);  // outer sides outside
  const inOne = spread(pane, drafts, (d) => [0, place(d)]);
  return inOne[0].fit > inRows[0].fit ? inOne : inRows;
}

/** Give each row its height and each column its width, in proportion to what stands there. */
function spread(pane, drafts, placeOf) {
  const rows = [], columns = [];
  for (const draft of drafts) {
    const [row, column] = placeOf(draft);
    rows[row] = Math.max(rows[row] ?? 0, draft.height);
    columns[column] = Math.max(columns[column] ?? 0, draft.width);
  }
  const sum = (list) => list.reduce((total, x) => total + x, 0);
  const gap = [columns, rows].map((list) => (list.length > 1 ? GAP : 0));
  const room = [pane.width - 2 * gap[0] * columns.length, pane.height - 2 * gap[1] * rows.length];
  const fit = AIMED_MARGIN * Math.min(room[0] / sum(columns), room[1] / sum(rows));
  const along = (list, at, whole, edge) => [(whole * sum(list.slice(0, at))) / sum(list) + (2 * at + 1) * edge, (whole * list[at]) / sum(list)];
  return drafts.map((draft) => {
    const [row, column] = placeOf(draft);
    const [x, width] = along(columns, column, room[0], gap[0]);
    const [y, height] = along(rows, row, room[1], gap[1]);
    return { ...draft, fit, rect: { x: pane.x + x, y: pane.y + y, width, height } };
  });
}

/** Pixels, right and up, by which what is aimed at leaves the middle so that less of the tile stays empty. */
function fillShift({ rect, width, height, whole }, fit) {
  return [[rect.width, width, 0], [rect.height, height, 1]].map(([room, own, k]) => {
    const spare = Math.max(0, room - own * fit) / 2;
    const before = Math.max(0, room / 2 + whole.low[k] * fit), after = Math.max(0, room / 2 - whole.high[k] * fit);
    return Math.max(-spare, Math.min(spare, (after - before) / 2));
  });
}

/** Pixels by which a brain leaves the middle of its tile so that neighbours stand close together. */
function inwardShift({ rect, plan }, widest) {
  if (plan.columns < 2) return 0;
  const spare = Math.max(0, rect.width - widest * 1.1) / 2;
  return plan.column === 0 ? spare : -spare;
}

/** What of a hemisphere a tile is fitted to: all of it, or a part that is not too small. */
function aimAt(hemi, { bounds, aim }) {
  const whole = bounds[hemi], part = aim?.[hemi] ?? mirrored(aim?.[hemi === 'left' ? 'right' : 'left']);
  if (!part) return whole;
  const ends = [0, 1, 2].map((k) => {
    const middle = (part.low[k] + part.high[k]) / 2;
    const half = Math.max(0.51 * (part.high[k] - part.low[k]), (LEAST_AIM / 2) * (whole.high[k] - whole.low[k]));
    return [Math.max(whole.low[k], middle - half), Math.min(whole.high[k], middle + half)];
  });
  return { low: ends.map(([low]) => low), high: ends.map(([, high]) => high) };
}

const mirrored = (box) => box && { low: [-box.high[0], box.low[1], box.low[2]], high: [-box.low[0], box.high[1], box.high[2]] };

/** Place the hemispheres of a tile and see how large they may be. */
function draftTile(pane, plan, state) {
  const bounds = Object.fromEntries(plan.hemis.map((h) => [h, state.bounds[h]]));
  const places = placeHemispheres(bounds, plan.hemis.length > 1 ? state.open : 0, state.flatness);
  const points = plan.hemis.flatMap((h) => corners(aimAt(h, state)).map((p) => placePoint(p, places[h])));
  const world = boundsOfPoints(points);
  const centre = world.low.map((x, k) => (x + world.high[k]) / 2);
  const base = baseRotation(plan.view, plan.hemis[0], state.flatness);
  const turn = matrixFromQuaternion(base);
  const seen = boundsOfPoints(points.map((p) => apply3(turn, subtract3(p, centre))));
  const all = plan.hemis.flatMap((h) => corners(bounds[h]).map((p) => placePoint(p, places[h])));
  const whole = state.aim ? boundsOfPoints(all.map((p) => apply3(turn, subtract3(p, centre)))) : seen;
  const rect = tileRect(pane, plan);
  const width = seen.high[0] - seen.low[0], height = seen.high[1] - seen.low[1];
  return { rect, plan, places, centre, base, fit: MARGIN * Math.min(rect.width / width, rect.height / height), width, height, whole };
}

/** Fold placement, orbit and pan into one affine transform a hemisphere. */
function finishTile({ rect, plan, places, centre, base }, camera, { scale, pane, shift, lift }) {
  const view = viewMatrix(camera, base);
  const bodies = plan.hemis.map((hemi) => {
    const { angle } = places[hemi];
    const c = Math.cos(angle), s = Math.sin(angle);
    const turn = [c, -s, 0, s, c, 0, 0, 0, 1];
    const origin = placePoint([0, 0, 0], places[hemi]);
    const offset = add3(apply3(view, subtract3(origin, centre)), [camera.pan[0] + shift / scale, camera.pan[1] + lift / scale, 0]);
    return { hemi, matrix: multiply3(view, turn), offset };
  });
  return { rect, bodies, scale, view: plan.view, pane, shift, lift };
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
