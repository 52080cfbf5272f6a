/**
 * Properties of the viewer's pure functions; each case throws where one does not hold.
 * The same cases run in node and in Chromium.
 */
import { borderSegments, classAttributes, labelClasses, nameVertices, segmentPoints, visibleLabels } from '../../assets/cortex_viewer/borders.js';
import { baseRotation, mixCamera, newCamera, orbited, VIEWS, zoomed } from '../../assets/cortex_viewer/camera.js';
import { wholeHeader } from '../../assets/cortex_viewer/component.js';
import { barDomain, logSteps, placeMarks, roundSteps } from '../../assets/cortex_viewer/colourbar.js';
import * as colours from '../../assets/cortex_viewer/colours.js';
import { findPlace } from '../../assets/cortex_viewer/finding.js';
import { adjacency, corners, placeHemispheres, placePoint, vertexNormals, windingOf } from '../../assets/cortex_viewer/geometry.js';
import { coveredRect, layoutPane, paneRects, projectPoint, rayThrough } from '../../assets/cortex_viewer/layout.js';
import { barSpec, fillKey, fillOf, paintOf } from '../../assets/cortex_viewer/looks.js';
import * as math from '../../assets/cortex_viewer/math.js';
import { defaultLook, differenceSpec } from '../../assets/cortex_viewer/model.js';
import { separateNames } from '../../assets/cortex_viewer/overlay.js';
import * as payload from '../../assets/cortex_viewer/payload.js';
import { insidePolygon, pickVertex, selectionLists } from '../../assets/cortex_viewer/picking.js';
import { middleBox, Scene } from '../../assets/cortex_viewer/scene.js';
import { variant } from '../../assets/cortex_viewer/shaders.js';
import { blocks } from '../../assets/cortex_viewer/picture.js';
import { sortFloats } from '../../assets/cortex_viewer/sorting.js';
import { decodeState, encodeState, initialState } from '../../assets/cortex_viewer/state.js';
import { roiMeans } from '../../assets/cortex_viewer/table.js';
import { addNeighbours } from '../../assets/cortex_viewer/selection.js';
import { setResolution } from '../../assets/cortex_viewer/png.js';
import { membership } from '../../assets/cortex_viewer/uploads.js';

function same(found, expected, what = '') {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what} expected ${b}, found ${a}`);
}
function near(found, expected, tolerance = 1e-6, what = '') {
  const [a, b] = [[found].flat(), [expected].flat()];
  if (a.length !== b.length || a.some((x, i) => !(Math.abs(x - b[i]) <= tolerance))) throw new Error(`${what} expected ${b}, found ${a}`);
}
function holds(truth, what) {
  if (!truth) throw new Error(what);
}
function seeded(seed) {
  let state = seed;
  return () => { state = (state * 1664525 + 1013904223) >>> 0; return state / 2 ** 32; };
}

/** Two triangles that make a square, and a tetrahedron. */
const SQUARE = { points: Float32Array.of(0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0), faces: Uint16Array.of(0, 1, 2, 0, 2, 3) };
const TETRAHEDRON = { points: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1), faces: Uint16Array.of(0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3) };
const HEADER = { geometries: [{ name: 'pial' }, { name: 'inflated' }, { name: 'flat', flat: true }], maps: [{ name: 'jne' }, { name: 'r2' }], view: { view: 'medial', geometry: 'inflated', panes: [1] } };
const BOUNDS = { left: { low: [-60, -100, -40], high: [-1, 60, 70] }, right: { low: [1, -100, -40], high: [60, 60, 70] } };

const AIM = { left: { low: [-55, -100, -35], high: [-5, -20, 40] }, right: { low: [5, -98, -35], high: [55, -15, 38] } };

/** A tetrahedron in one shape with two maps of which the second has a mask, and a label set. */
function tinyScene(without = []) {
  const side = (values) => ({ left: Float32Array.from(values) });
  const spec = (name, more = {}) => ({ name, label: name.toUpperCase(), unit: '', kind: 'sequential', hash: name, exact: null, range: [0, 4], threshold: null, centre: 0, colours: 'viridis', categories: null, mask: null, ...more });
  const ramp = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
  const luts = [{ name: 'viridis', label: 'V', width: 256, height: 1 }, { name: 'plane', label: 'P', width: 2, height: 2 }];
  const blobs = [
    { hash: 'topology', arrays: { 'left.faces': TETRAHEDRON.faces, 'left.sulcus': new Uint8Array(4).fill(128) }, meta: {} },
    { hash: 'pial', arrays: { left: Uint16Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1) }, meta: { low: { left: [0, 0, 0] }, step: { left: [1, 1, 1] } } },
    { hash: 'luts', arrays: { viridis: ramp, plane: Uint8Array.from({ length: 12 }, (_, i) => i) }, meta: { luts } },
    { hash: 'areas', arrays: { left: Uint16Array.of(0, 1, 1, 2) }, meta: { names: ['V1', 'V2'], colours: ['#102030', '#405060'] } },
    { hash: 'a', arrays: side([0, 1, 2, 3]), meta: {} },
    { hash: 'b', arrays: { ...side([4, NaN, 6, 7]), 'left.mask': Uint8Array.of(1, 1, 0, 1) }, meta: {} },
    { hash: 'tier', arrays: side([0, 1, NaN, 0]), meta: {} },
  ];
  const store = new payload.BlobStore();
  store.put(blobs.filter((b) => !without.includes(b.hash)));
  const categories = [{ name: 'low', colour: '#ff0000' }, { name: 'high', colour: '#00ff00' }];
  const header = {
    topology: 'topology', luts: 'luts', geometries: [{ name: 'pial', hash: 'pial', flat: false }], labels: [{ name: 'Areas', hash: 'areas' }],
    maps: [spec('a'), spec('b', { mask: 'significant' }), spec('tier', { kind: 'categorical', categories })], view: { view: 'dorsal', geometry: 'pial', panes: [0], labels: 'outline' },
  };
  const scene = new Scene(store);
  scene.describe(header, '');
  if (!scene.missing().length) scene.read();
  return scene;
}

export const cases = {
  'the text of a float32 reads back as the same float32': () => {
    const random = seeded(1);
    const bits = new Uint32Array(1), value = new Float32Array(bits.buffer);
    for (let i = 0; i < 5000; i++) {
      bits[0] = Math.floor(random() * 2 ** 32);
      if (!Number.isFinite(value[0])) continue;
      const back = Math.fround(Number(colours.exactText(value[0])));
      holds(Object.is(back, value[0]) || (back === 0 && value[0] === 0), `${value[0]} became ${back}`);
    }
    same(colours.exactText(Math.fround(0.1)), '0.1');
    same(colours.exactText(NaN), 'NaN');
  },
  'percentiles interpolate as numpy does': () => {
    near(colours.percentile([1, 2, 3, 4], 50), 2.5);
    near(colours.percentile([1, 2, 3, 4], 100), 4);
    holds(Number.isNaN(colours.percentile([], 50)), 'none of nothing');
  },
  'a two-sided percentile keeps the largest sizes of both signs': () => {
    const sorted = Float32Array.of(-4, -1, 0, 1, 2);
    const cut = colours.thresholdValue({ mode: 'percentile', amount: 75, twoSided: true }, colours.sortedSizes(sorted, 0));
    same([...sorted].filter((v) => colours.isShown(v, cut, true, 0)), [-4, 2]);
  },
  'no threshold shows every finite value': () => {
    const cut = colours.thresholdValue({ mode: 'none', amount: 5, twoSided: false }, [1]);
    holds(colours.isShown(-1e30, cut, false, 0) && !colours.isShown(NaN, cut, false, 0), 'finite only');
  },
  'sorted values leave out NaN and masked vertices': () => {
    same([...colours.sortedValues([Float32Array.of(3, NaN, 1), Float32Array.of(2, 9)], [null, Uint8Array.of(1, 0)])], [1, 2, 3]);
  },
  'sorting agrees with the browser for floats of every sign and size, and leaves its input alone': () => {
    const bits = Uint32Array.from({ length: 5000 }, (_, i) => Math.imul(i + 1, 2654435761));
    const values = new Float32Array(bits.buffer).filter((v) => v - v === 0);
    const with0 = Float32Array.of(...values, 0, -0, 1, -1, 3.4028234663852886e38, -1e-45);
    const before = [...with0];
    same([...sortFloats(with0)], [...with0.slice().sort()]);
    same([...with0], before);
    same([...sortFloats(new Float32Array(0))], []);
  },
  'a diverging range is symmetrical about its centre': () => {
    const { low, high } = colours.automaticRange(Float32Array.of(-1, 0, 5), 'diverging', 1);
    near(high - 1, 1 - low);
  },
  'every value of the range lies in one bin': () => {
    const counts = colours.histogram([0, 0.5, 1, 1, 2], { low: 0, high: 1 }, 4);
    same([...counts], [1, 0, 1, 2]);
  },
  'the ends of the range take the ends of the colour map': () => {
    const lut = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
    same(colours.colourAt(lut, { low: 0, high: 1 }, -3), [0, 0, 0]);
    same(colours.colourAt(lut, { low: 0, high: 1 }, 3), [255, 255, 255]);
  },
  'weighted values stand for painted vertices only': () => {
    same([...colours.weightedPairs(Float32Array.of(2, NaN, 3, Infinity), Uint8Array.of(1, 1, 0, 1), 4)], [2, 1, 0, 0, 0, 0, 0, 0]);
    same([...colours.weightedPairs(null, null, 2)], [0, 0, 0, 0]);
  },
  'differences are float32 differences, NaN where either is': () => {
    const out = colours.difference(Float32Array.of(0.3, NaN, 1), Float32Array.of(0.1, 1, 1));
    near(out[0], Math.fround(Math.fround(0.3) - Math.fround(0.1)), 0);
    holds(Number.isNaN(out[1]) && out[2] === 0, 'NaN and zero');
  },
  'rotations by quaternion and matrix agree, and come back': () => {
    const random = seeded(2);
    for (let i = 0; i < 50; i++) {
      const q = math.normalizeQuaternion([random() - 0.5, random() - 0.5, random() - 0.5, random() - 0.5]);
      const m = math.matrixFromQuaternion(q);
      near(math.multiply3(m, math.transpose3(m)), [1, 0, 0, 0, 1, 0, 0, 0, 1], 1e-9);
      near(math.matrixFromQuaternion(math.quaternionFromMatrix(m)), m, 1e-9);
    }
  },
  'lateral views mirror each other and medial ones look from the other side': () => {
    const eye = (view, hemi) => math.apply3(math.transpose3(math.matrixFromQuaternion(baseRotation(view, hemi, 0))), [0, 0, 1]);
    near(eye('lateral', 'left'), [-1, 0, 0], 1e-9);
    near(eye('lateral', 'right'), [1, 0, 0], 1e-9);
    near(eye('medial', 'left'), [1, 0, 0], 1e-9);
    near(eye('medial', 'right'), [-1, 0, 0], 1e-9);
  },
  'up is up in all views from the side, front is up from above and below': () => {
    const up = (view) => math.apply3(math.transpose3(math.matrixFromQuaternion(baseRotation(view, 'left', 0))), [0, 1, 0]);
    for (const view of ['lateral', 'medial', 'anterior', 'posterior', 'grid']) if (view !== 'grid') near(up(view), [0, 0, 1], 1e-9, view);
    for (const view of ['dorsal', 'ventral']) near(up(view), [0, 1, 0], 1e-9, view);
  },
  'the flat map is always seen from the front': () => {
    for (const view of VIEWS.filter((v) => v !== 'grid' && v !== 'pair')) near(math.matrixFromQuaternion(baseRotation(view, 'left', 1)), [1, 0, 0, 0, 1, 0, 0, 0, 1], 1e-9, view);
  },
  'zooming keeps the point under the pointer': () => {
    const before = newCamera();
    const after = zoomed(before, 2, [30, -10]);
    near([(30 / 1 - before.pan[0]), (-10 - before.pan[1])], [30 / 2 - after.pan[0], -10 / 2 - after.pan[1]], 1e-9);
  },
  'a flight ends where it should': () => {
    const end = zoomed(orbited(newCamera(), 0.4, 0.2), 3);
    near(mixCamera(newCamera(), end, 1).orbit, end.orbit, 1e-9);
    near(mixCamera(newCamera(), end, 1).zoom, 3, 1e-9);
  },
  'panes fill the stage without overlap': () => {
    for (const n of [1, 2, 3, 4]) {
      const rects = paneRects(n, { x: 0, y: 0, width: 900, height: 500 });
      near(rects.reduce((s, r) => s + r.width * r.height, 0), 900 * 500, 1e-6);
    }
  },
  'a ray through a projected point meets that point': () => {
    const camera = zoomed(orbited(newCamera(), 0.7, -0.3), 1.4, [5, 5]);
    for (const view of VIEWS) {
      const state = { view, hemis: ['left', 'right'], flatness: 0, open: 0.4, camera, bounds: BOUNDS };
      for (const tile of [null, AIM].flatMap((aim) => layoutPane({ x: 10, y: 20, width: 800, height: 500 }, { ...state, aim }, 0))) {
        for (const body of tile.bodies) {
          const point = [-20, 13, 40];
          const [x, y, z] = projectPoint(tile, body, point);
          const { origin, direction, far } = rayThrough(tile, body, x, y);
          near(origin.map((o, k) => o + direction[k] * (far - z)), point, 1e-6, view);
        }
      }
    }
  },
  'a fitted view shows all that it is aimed at, larger than the whole brain would be': () => {
    const state = { hemis: ['left', 'right'], flatness: 0, open: 0, camera: newCamera(), bounds: BOUNDS };
    for (const view of VIEWS) {
      for (const [width, height] of [[900, 500], [500, 620], [600, 280]]) {
        const pane = { x: 10, y: 20, width, height };
        const tiles = layoutPane(pane, { ...state, view, aim: AIM }, 0);
        holds(tiles[0].scale > layoutPane(pane, { ...state, view }, 0)[0].scale, `${view}: larger`);
        same(new Set(tiles.map((t) => t.scale)).size, 1, `${view}: one scale`);
        for (const { rect, bodies, ...rest } of tiles) {
          holds(rect.x >= 10 && rect.y >= 20 && rect.x + rect.width <= 10 + width + 1e-9 && rect.y + rect.height <= 20 + height + 1e-9, `${view}: tile in its pane`);
          for (const body of bodies) {
            for (const point of corners(AIM[body.hemi])) {
              const [x, y] = projectPoint({ rect, bodies, ...rest }, body, point);
              holds(x >= rect.x - 1e-6 && x <= rect.x + rect.width + 1e-6 && y >= rect.y - 1e-6 && y <= rect.y + rect.height + 1e-6, `${view} ${width}: (${x}, ${y}) outside`);
            }
          }
        }
      }
    }
  },
  'a hemisphere without data is fitted as the other one, mirrored': () => {
    const state = { view: 'pair', hemis: ['left', 'right'], flatness: 0, open: 0, camera: newCamera(), bounds: BOUNDS };
    const pane = { x: 0, y: 0, width: 900, height: 500 };
    const mirrored = { low: [5, -100, -35], high: [55, -20, 40] };
    const both = layoutPane(pane, { ...state, aim: { ...AIM, right: mirrored } }, 0), one = layoutPane(pane, { ...state, aim: { left: AIM.left } }, 0);
    same(one.map((t) => t.rect), both.map((t) => t.rect));
  },
  'the box of a fitted view leaves out the outermost hundredth along each axis': () => {
    const points = Float32Array.from({ length: 303 }, (_, i) => (i % 3 === 0 ? i / 3 : i % 3 === 1 ? -i : 7));
    const { low, high } = middleBox(points, Array.from({ length: 101 }, (_, i) => i));
    near([low[0], high[0], low[2], high[2]], [1, 99, 7, 7]);
  },
  'words find a region, a vertex and a place, or say why not': () => {
    const scene = tinyScene();
    same(findPlace('v1', scene), { label: 1, said: 'V1 selected' });
    const { hemi, vertex } = findPlace('left 2', scene);
    same([hemi, vertex], ['left', 2]);
    holds(findPlace('left 9', scene).said.startsWith('No vertex 9') && findPlace('right 0', scene).vertex === undefined, 'none there');
    holds(findPlace('1 0 0.1', scene).said.includes('no MNI'), 'no template');
    scene.header.mni = [[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 5]];
    same(findPlace('MNI 0.1, 1.8, 5', scene).vertex, 2);
    same(findPlace('0 0 −60', scene).vertex, undefined);
    holds(findPlace('nowhere', scene).said.startsWith('Nothing is named'), 'unknown');
  },
  'marks of a colour bar are round, in order, apart, and tell what is cut off': () => {
    const spec = { range: { low: 0, high: 1.21 }, sorted: Float32Array.of(-1, 0.5, 3.25), kind: 'sequential', centre: 0 };
    const marks = placeMarks(spec, (v) => v * 200, { x: 0, width: 300 }, (text) => 6 * text.length);
    const texts = marks.map((m) => m.text);
    holds(texts.includes('0') && texts.includes('1.21') && texts.includes('▸ 3.25'), texts.join());
    const sorted = marks.map((m) => [m.at, m.at + 6 * m.text.length]).sort((a, b) => a[0] - b[0]);
    for (let i = 1; i < sorted.length; i++) holds(sorted[i][0] >= sorted[i - 1][1] + 8 - 1e-9, 'apart');
    same(roundSteps(0, 1), [0.5]);
    same(roundSteps(0, 2), [0.5, 1, 1.5]);
    same(roundSteps(-0.03, 0.12), [0, 0.05, 0.1]);
    same(roundSteps(1, 1), []);
  },
  'a logarithmic range has equal steps for equal ratios': () => {
    const range = { low: 0.02, high: 50, log: true };
    for (let share = 0; share <= 1; share += 0.125) {
      const value = colours.valueAt(range, share);
      near(value, Math.exp(Math.log(0.02) + share * (Math.log(50) - Math.log(0.02))), 1e-12 * value);
      near(colours.shareOf(range, value), share, 1e-12);
    }
    same([0, -1].map((v) => colours.shareOf(range, v)), [-Infinity, -Infinity]);
    const lut = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
    same([0.001, 1, 900].map((v) => colours.colourAt(lut, range, v)[0]), [0, 128, 255]);
    const random = seeded(9);
    const sorted = Float32Array.from({ length: 500 }, () => 10 ** (4 * random() - 2)).sort();
    const slow = new Array(16).fill(0);
    for (const v of sorted) if (v >= 0.02 && v <= 50) slow[Math.min(15, Math.floor((16 * Math.log(v / 0.02)) / Math.log(2500)))]++;
    same([...colours.histogram(sorted, range, 16)], slow);
  },
  'a logarithmic range takes only ends above 0, and data in their place': () => {
    const positive = colours.positiveValues(Float32Array.of(-3, 0, 0.5, 1, 2, 8));
    same([...positive], [0.5, 1, 2, 8]);
    same(colours.logRange(positive, [0.25, 4]), { low: 0.25, high: 4, log: true });
    same(colours.logRange(positive, [0, 4]), { low: colours.percentile(positive, 1), high: 4, log: true });
    same(colours.logRange(positive, [-2, -1]), { low: colours.percentile(positive, 1), high: colours.percentile(positive, 99), log: true });
    same(colours.logRange(Float32Array.of(3), null), { low: 0.3, high: 3, log: true });
    same(logSteps(0.3, 30), [1, 10, 2, 20, 0.5, 5]);
    same(logSteps(2, 4), []);
    same(barDomain({ sorted: positive, range: { low: 1, high: 4, log: true }, kind: 'sequential', centre: 0 }), { low: colours.percentile(positive, 0.1), high: colours.percentile(positive, 99.9), log: true });
    const spec = { range: { low: 1, high: 100, log: true }, sorted: Float32Array.of(0.1, 2, 300), kind: 'sequential', centre: 0 };
    const marks = placeMarks(spec, (v) => 100 + 100 * Math.log10(v), { x: 0, width: 400 }, (text) => 6 * text.length);
    same(marks.map((m) => m.text), ['1', '100', '▸ 300', '0.1 ◂', '10', '2', '20', '5', '50']);
  },
  'a logarithmic bar leaves out and counts what is not above 0, and so does the picture': () => {
    const scene = tinyScene();
    const [map, other] = scene.maps;
    const values = [...map.values('left')];
    Object.assign(scene.look(map), { log: true, range: [0.5, 3] });
    const bare = values.filter((v) => v <= 0).length;
    holds(bare > 0, 'some are 0');
    const spec = barSpec(scene, map);
    same([spec.range, spec.note, [...spec.sorted]], [{ low: 0.5, high: 3, log: true }, `, log, ${bare} vertices ≤ 0 bare`, values.filter((v) => v > 0).sort()]);
    same([paintOf(scene, map, 0).log, paintOf(scene, map, 0).range.slice(0, 2)], [true, [0.5, 3]]);
    Object.assign(scene.state, { panes: [0, 1], shared: true });
    Object.assign(scene.look(other), { range: [0, 9] });
    same(scene.range(map), { low: 0.5, high: 9, log: true });
    map.spec.kind = 'diverging';
    same([barSpec(scene, map).note, paintOf(scene, map, 0).log], ['', false]);
  },
  'hemispheres never overlap, however far they are opened': () => {
    const wide = { left: { low: [-60, -100, -40], high: [12, 60, 70] }, right: { low: [-12, -100, -40], high: [60, 60, 70] } };
    for (const open of [0, 0.3, 1]) {
      const places = placeHemispheres(wide, open, 0);
      for (const y of [-100, 60]) holds(placePoint([12, y, 0], places.left)[0] <= placePoint([-12, y, 0], places.right)[0] + 1e-9, `open ${open}`);
    }
  },
  'normals of a flat square point up': () => {
    near([...vertexNormals(SQUARE.points, SQUARE.faces)], [0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1]);
  },
  'neighbours come from faces': () => {
    const { start, neighbours } = adjacency(4, SQUARE.faces);
    same([...new Set(neighbours.subarray(start[1], start[2]))].sort(), [0, 2]);
  },
  'a ray picks the nearest corner of the nearest face': () => {
    const hit = pickVertex(SQUARE.points, SQUARE.faces, [0.9, 0.8, 5], [0, 0, -1]);
    same(hit.vertex, 2);
    near(hit.distance, 5);
    same(pickVertex(SQUARE.points, SQUARE.faces, [2, 2, 5], [0, 0, -1]), null);
  },
  'a ray through a vertex does not slip between its triangles': () => {
    const random = seeded(8);
    const count = 7, points = new Float32Array((count + 1) * 3), faces = [];
    for (let trial = 0; trial < 300; trial++) {
      points.set([random() * 80, random() * 80, random() * 80]);
      for (let i = 1; i <= count; i++) {
        const angle = (2 * Math.PI * i) / count;
        points.set([points[0] + Math.cos(angle), points[1] + Math.sin(angle), points[2] - random() / 2], i * 3);
      }
      faces.length = 0;
      for (let i = 0; i < count; i++) faces.push(0, i + 1, ((i + 1) % count) + 1);
      const direction = math.apply3(math.matrixFromQuaternion(math.axisAngle([0.6, 0.8, 0], random() - 0.5)), [0, 0, -1]);
      const origin = [0, 1, 2].map((k) => points[k] - 500 * direction[k]);
      same(pickVertex(points, Uint16Array.from(faces), origin, direction)?.vertex, 0);
    }
  },
  'inside a polygon is inside': () => {
    const bent = [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]];
    holds(insidePolygon(bent, 0.5, 1) && !insidePolygon(bent, 2, 3), 'concave');
  },
  'selections are sorted and free of repeats': () => {
    same(selectionLists({ left: new Set([9, 2]), right: new Set() }), [{ hemi: 'left', vertices: [2, 9] }]);
  },
  'borders run through the middle of edges between labels': () => {
    const segments = borderSegments(SQUARE.faces, [1, 1, 2, 2]);
    const ends = [...segmentPoints(segments, SQUARE.points)];
    same(ends.length, 12);
    for (let i = 1; i < ends.length; i += 3) near(ends[i], 0.5);
    same(borderSegments(SQUARE.faces, [3, 3, 3, 3]).ends.length, 0);
  },
  'three labels meet in the middle of their triangle': () => {
    const segments = borderSegments(Uint16Array.of(0, 1, 2), [1, 2, 3]);
    const ends = segmentPoints(segments, SQUARE.points);
    same(ends.length / 6, 3);
    near([...ends.subarray(3, 6)], [2 / 3, 1 / 3, 0]);
  },
  'labels that touch have different classes, and classes give labels back': () => {
    const random = seeded(3);
    const side = 30, faces = [], labels = [];
    for (let i = 0; i < side * side; i++) labels.push(Math.floor(random() * 3) + 3 * (Math.floor(i / side / 10) % 2));
    for (let r = 0; r + 1 < side; r++) for (let c = 0; c + 1 < side; c++) {
      const a = r * side + c;
      faces.push(a, a + 1, a + side, a + 1, a + side + 1, a + side);
    }
    const classes = labelClasses(faces, labels, 6);
    for (let i = 0; i < faces.length; i += 3) for (const [p, q] of [[0, 1], [1, 2], [2, 0]]) {
      const [x, y] = [labels[faces[i + p]], labels[faces[i + q]]];
      if (x !== y) holds(classes[x] !== classes[y], 'touching labels share a class');
    }
    const { weights, ids } = classAttributes(labels, classes);
    labels.forEach((label, i) => same(ids[i * 8 + classes[label]], label) ?? same(weights[i * 8 + classes[label]], 255));
  },
  'hidden labels vanish': () => {
    same([...visibleLabels([0, 1, 2, 1], [false, false, true])], [0, 0, 2, 0]);
  },
  'a name stands on a member of its label': () => {
    same([...nameVertices([0, 1, 1, 1], SQUARE.points, 3)], [0, 2, -1]);
  },
  'names never overlap': () => {
    const random = seeded(4);
    const names = Array.from({ length: 40 }, () => ({ text: 'V1', x: random() * 200, y: random() * 100, width: 24 }));
    const placed = separateNames(names);
    holds(placed.length > 5, 'some remain');
    placed.forEach((a, i) => placed.slice(i + 1).forEach((b) => holds(Math.abs(a.x - b.x) >= 24 || Math.abs(a.y - b.y) >= 15, 'overlap')));
  },
  'halves become the floats that they stand for': () => {
    near([...payload.floatsFromHalves(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff))], [1, -2, 2 ** -24, 65504], 0);
    holds(Number.isNaN(payload.floatFromHalf(0x7e00)) && payload.floatFromHalf(0xfc00) === -Infinity, 'NaN and Inf');
  },
  'bits become bytes, and mask bits leave the values': () => {
    same([...payload.bytesFromBits(Uint8Array.of(0b00000101, 0b10), 10)], [1, 0, 1, 0, 0, 0, 0, 0, 0, 1]);
    const split = payload.splitMaskBits({ left: Uint16Array.of(0x3c01, 0x3c00, 0x7c01) });
    same([[...split.left], [...split['left.mask']]], [[1, 1, Infinity], [1, 0, 1]]);
  },
  'byte planes and differences can be undone': () => {
    const values = Uint16Array.of(500, 7, 65535, 3, 9, 1);
    const changed = values.slice();
    for (let i = values.length - 1; i >= 3; i--) changed[i] = values[i] - values[i - 3];
    const raw = new Uint8Array(changed.buffer);
    const planes = Uint8Array.from({ length: 12 }, (_, i) => raw[(i % 6) * 2 + Math.floor(i / 6)]);
    const back = new Uint16Array(payload.joinBytePlanes(planes, 2).buffer);
    payload.undoDifferences(back, 3);
    same([...back], [...values]);
  },
  'a store says what is missing and tells when it comes': () => {
    const store = new payload.BlobStore();
    let told = 0;
    store.listeners.add(() => { told += 1; });
    same(store.missing(['a', 'b', 'a', null]), ['a', 'b']);
    store.put([{ hash: 'a', arrays: {} }]);
    same([store.missing(['a', 'b']), told], [['b'], 1]);
  },
  'a link brings back the state that it was made of': () => {
    const state = { ...initialState(HEADER), view: 'dorsal', shape: 1.5, open: 0.25, shared: true, labelNames: false, camera: zoomed(orbited(newCamera(), 0.3, 0.1), 2, [4, 2]) };
    const back = decodeState(encodeState(state, HEADER), HEADER);
    for (const key of ['view', 'hemis', 'shape', 'open', 'panes', 'shared', 'labelStyle', 'labelNames']) same(back[key], state[key], key);
    near(back.camera.orbit, state.camera.orbit, 2e-3);
    same(decodeState('', HEADER), {});
    same(decodeState('v=nonsense&s=&q=1_2&m=gone', HEADER), {});
  },
  'a link keeps looks that were changed, the difference among them, and hidden regions': () => {
    const { state, header } = tinyScene();
    same(/[&?][kxb]=/.test(encodeState(state, header)), false, 'nothing was changed');
    Object.assign(state, { panes: [0, 1], difference: true, hidden: { Areas: ['V1'] } });
    Object.assign(state.looks.a, { colours: 'plasma', second: 'alpha', secondMap: 1, range: [1, 2], opacity: 0.5 });
    Object.assign(state.looks.b, { masked: false, log: true });
    state.looks['a - b'] = { ...defaultLook(differenceSpec(header.maps[0], header.maps[1])), threshold: { mode: 'value', amount: 0.25, twoSided: true } };
    const moved = { ...header, maps: [header.maps[2], header.maps[1], header.maps[0]] };
    const text = encodeState(state, header);
    same(decodeState(text, header).looks, { a: state.looks.a, b: state.looks.b, 'a - b': state.looks['a - b'] });
    same(decodeState(text, header).hidden, state.hidden);
    same(decodeState(text, moved).looks.a, { ...state.looks.a, secondMap: 1 });
    const scene = new Scene(tinyScene().store);
    scene.describe(header, text);
    scene.read();
    same([scene.look(scene.maps[0]).colours, scene.look(scene.shownMaps()[2]).threshold.amount], ['plasma', 0.25]);
    same([...scene.shownLabels('left')], [0, 0, 0, 2]);
  },
  'what makes no sense in the looks of a link is left out': () => {
    const { header } = tinyScene();
    const looks = (given) => decodeState(new URLSearchParams({ k: typeof given === 'string' ? given : JSON.stringify(given) }).toString(), header).looks;
    same([looks('no json'), looks('7'), looks('null'), looks({ gone: { opacity: 0 } })], [{}, {}, {}, {}]);
    const bad = { colours: 3, range: [2, 1], opacity: 7, masked: 'yes', log: 1, second: 'plane', secondMap: 'gone', threshold: { mode: 'x', amount: 1 } };
    same(looks({ a: bad }), { a: defaultLook(header.maps[0]) });
    same(looks({ a: null }), { a: defaultLook(header.maps[0]) });
    same(decodeState('x={"gone":["V1"],"Areas":["V2",3]}', header).hidden, { Areas: ['V2'] });
  },
  'counting by halves finds what counting one by one finds': () => {
    const random = seeded(5);
    const sorted = Float32Array.from({ length: 400 }, () => Math.round(random() * 40) / 8 - 2).sort();
    for (const centre of [0, 0.25]) for (const twoSided of [true, false]) for (const cut of [-9, -0.5, 0, 0.25, 1, 2.875, 9]) {
      const slow = [...sorted].filter((v) => colours.isShown(v, cut, twoSided, centre)).length;
      same(colours.countShown(sorted, cut, twoSided, centre), slow, `${centre} ${twoSided} ${cut}`);
    }
    const range = { low: -1.5, high: 2.5 };
    const slow = new Array(32).fill(0);
    for (const v of sorted) if (v >= range.low && v <= range.high) slow[Math.min(31, Math.floor((v - range.low) * 8))]++;
    same([...colours.histogram(sorted, range, 32)], slow);
  },
  'the outside of a closed surface is known by its winding': () => {
    const { points, faces } = TETRAHEDRON;
    same(windingOf(points, faces), 1);
    same(windingOf(points, faces.map((_, i) => faces[i - (i % 3) + [0, 2, 1][i % 3]])), -1);
    same(windingOf(SQUARE.points, SQUARE.faces), 0);
  },
  'every point of a brain lies in the part of its tile that is painted': () => {
    const random = seeded(6);
    const state = { view: 'dorsal', hemis: ['left', 'right'], flatness: 0, open: 0.6, camera: zoomed(orbited(newCamera(), 0.5, 0.4), 1.2), bounds: BOUNDS };
    for (const tile of layoutPane({ x: 10, y: 20, width: 400, height: 300 }, state, 0)) for (const body of tile.bodies) {
      const box = coveredRect(tile, BOUNDS);
      const { low, high } = BOUNDS[body.hemi];
      for (let i = 0; i < 200; i++) {
        const [x, y] = projectPoint(tile, body, low.map((l, k) => l + random() * (high[k] - l)));
        if (x < tile.rect.x || y < tile.rect.y || x > tile.rect.x + tile.rect.width || y > tile.rect.y + tile.rect.height) continue;
        holds(x >= box.x && y >= box.y && x <= box.x + box.width && y <= box.y + box.height, `${x} ${y}`);
      }
    }
  },
  'blocks cover a picture once': () => {
    const cut = blocks({ width: 700, height: 410 }, 200);
    same(cut.reduce((n, b) => n + b.width * b.height, 0), 700 * 410);
    holds(cut.every((b) => b.width <= 200 && b.height <= 200 && b.x + b.width <= 700 && b.y + b.height <= 410), 'inside');
    same(new Set(cut.map((b) => `${b.x} ${b.y}`)).size, cut.length);
  },
  'shader switches stand between version and text': () => {
    same(variant('#version 300 es\nvoid main() {}', ['A', 'B']), '#version 300 es\n#define A\n#define B\nvoid main() {}');
  },
  'a scene keeps camera and looks when its description changes': () => {
    const scene = tinyScene();
    scene.state.camera = zoomed(newCamera(), 2);
    scene.look(scene.maps[0]).opacity = 0.5;
    const first = scene.maps[0];
    same(scene.describe({ ...scene.header, title: 'other' }, ''), false);
    scene.read();
    holds(scene.maps[0] === first && scene.look(first).opacity === 0.5 && scene.state.camera.zoom === 2, 'kept');
    scene.describe({ ...scene.header, view: { ...scene.header.view, panes: [1] } }, '');
    same(scene.state.panes, [1]);
    same(scene.describe({ ...scene.header, topology: 'another' }, ''), true);
  },
  'the first pane follows the page once it has heard of the choice, other panes stay': () => {
    const scene = tinyScene();
    const { header } = scene;
    scene.state.panes = [1, 2];
    const again = (decider, maps = header.maps) => scene.describe({ ...scene.header, maps }, '', decider);
    again('');
    same(scene.paneNames(), ['b', 'tier']);
    again('page');
    same(scene.paneNames(), ['a', 'tier']);
    const other = { ...header.maps[0], name: 'a@other' };
    again('page', [...header.maps, other]);
    scene.state.panes = [3, 0];
    again('page', scene.header.maps);
    same(scene.paneNames(), ['a@other', 'a']);
    scene.state.panes = [1, 2];
    scene.describe({ ...scene.header, view: { ...scene.header.view, panes: [2] } }, '', 'reader');
    same(scene.paneNames()[0], 'b');
  },
  'panes are kept by name, and follow the page where it asks for others': () => {
    const scene = tinyScene();
    const { header } = scene;
    const ask = (panes, more = {}) => scene.describe({ ...scene.header, ...more, view: { ...scene.header.view, panes, ...more.view } }, '');
    ask([0, 1]);
    same(scene.paneNames(), ['a', 'b']);
    scene.state.panes = [0, 1, 2];
    ask([0, 1], { title: 'other' });
    same(scene.paneNames(), ['a', 'b', 'tier']);
    ask([1, 2], { maps: [header.maps[2], header.maps[0], header.maps[1]] });
    same(scene.paneNames(), ['a', 'b', 'tier']);
    scene.state.difference = true;
    ask([1]);
    same(scene.paneNames(), ['a']);
    same(scene.state.difference, false);
    ask([0], { maps: [header.maps[1]] });
    same(scene.paneNames(), ['b']);
    ask([0], { view: { shared: true } });
    same(scene.state.shared, true);
    scene.state.shared = false;
    ask([0], { title: 'again' });
    same(scene.state.shared, false);
  },
  'a scene says what it needs before it can be drawn': () => {
    same(tinyScene(['pial', 'a', 'b']).missing(), ['pial', 'a']);
    const scene = tinyScene(['b']);
    scene.state.looks.a.second = 'alpha';
    scene.state.looks.a.secondMap = 1;
    same(scene.missing(), ['b']);
    same(scene.secondOf(scene.maps[0]), null);
  },
  'panes share a range on demand, and a difference stands last': () => {
    const scene = tinyScene();
    Object.assign(scene.state, { panes: [0, 1], difference: true });
    const [a, b, difference] = scene.shownMaps();
    same([...difference.values('left')].map((v) => (Number.isNaN(v) ? null : v)), [-4, null, -4, -4]);
    scene.look(b).range = [2, 9];
    same(scene.range(a), { low: 0, high: 4 });
    scene.state.shared = true;
    same([scene.range(a), scene.range(b)], [{ low: 0, high: 9 }, { low: 0, high: 9 }]);
    holds(scene.range(difference).low === -scene.range(difference).high, 'a difference keeps its own');
  },
  'regions that are switched off lose their labels': () => {
    const scene = tinyScene();
    same([...scene.shownLabels('left')], [0, 1, 1, 2]);
    scene.state.hidden = { Areas: ['V1'] };
    same([...scene.shownLabels('left')], [0, 0, 0, 2]);
  },
  'bar and picture take the same threshold and range': () => {
    const scene = tinyScene();
    const [map] = scene.maps;
    scene.look(map).threshold = { mode: 'percentile', amount: 50, twoSided: false };
    const spec = barSpec(scene, map);
    same([spec.cut, spec.shown, spec.range], [1.5, '2 of 4 vertices', { low: 0, high: 4 }]);
    const paint = paintOf(scene, map, 0);
    same([paint.threshold, paint.range, paint.lut, paint.second, paint.fill], [[1.5, 0, 0, 1], [0, 4, 0, 1], 'lut/viridis', null, null]);
    same(paintOf(scene, undefined, 0).opacity, 0);
    Object.assign(scene.look(map), { second: 'plane', secondMap: 1 });
    same([paintOf(scene, map, 0).second, paintOf(scene, map, 0).lut, barSpec(scene, map).square.size], ['PLANE', 'lut/plane', 2]);
  },
  'a mask in force leaves masked vertices out of the bar': () => {
    const scene = tinyScene();
    same([...scene.maps[1].sorted(true)], [4, 7]);
    same([...scene.maps[1].sorted(false)], [4, 6, 7]);
  },
  'categories and filled regions are painted by label': () => {
    const scene = tinyScene();
    const [map, , tier] = scene.maps;
    same(fillOf(scene, map, 'left'), null);
    scene.state.labelStyle = 'fill';
    holds(fillKey(scene, map) !== '', 'regions');
    same([...fillOf(scene, map, 'left').palette.slice(0, 12)], [0, 0, 0, 0, 16, 32, 48, 255, 64, 80, 96, 255]);
    const { classes, palette } = fillOf(scene, tier, 'left');
    const labels = [0, 1, 2, 3].map((v) => Math.max(...classes.ids.subarray(v * 8, v * 8 + 8)));
    same(labels, [1, 2, 0, 1]);
    same([...palette.slice(4, 12)], [255, 0, 0, 255, 0, 255, 0, 255]);
  },
  'means of regions are those of a loop, and follow the mask': () => {
    const scene = tinyScene();
    const rows = roiMeans(scene.labelSet(), scene.maps.slice(0, 2), ['left'], (m) => m.hasMask);
    same(rows.map((r) => [r.region, ...r.cells.map((c) => c.n)]), [['V1', 2, 0], ['V2', 1, 1]]);
    near(rows.map((r) => r.cells[0].mean), [1.5, 3]);
  },
  'membership marks the listed vertices': () => {
    same([...membership(4, new Set([1, 3]))], [0, 1, 0, 1]);
    same(membership(4, []), null);
  },
  'a selection grows by the corners of its triangles': () => {
    const set = new Set([1]);
    addNeighbours(set, SQUARE.faces);
    same([...set].sort(), [0, 1, 2]);
    addNeighbours(set, SQUARE.faces);
    same([...set].sort(), [0, 1, 2, 3]);
    const none = new Set();
    addNeighbours(none, SQUARE.faces);
    same(none.size, 0);
  },
  'a picture says its resolution once, before its data': () => {
    const chunk = (name, n) => [0, 0, 0, n, ...[...name].map((c) => c.charCodeAt(0)), ...new Array(n + 4).fill(7)];
    const png = Uint8Array.of(...new Array(8).fill(1), ...chunk('IHDR', 13), ...chunk('pHYs', 9), ...chunk('IDAT', 5), ...chunk('IEND', 0));
    const out = setResolution(png, 300);
    same(out.length, png.length);
    const view = new DataView(out.buffer);
    same([view.getUint32(33), String.fromCharCode(...out.subarray(37, 41)), view.getUint32(41), view.getUint32(45), out[49]], [9, 'pHYs', 11811, 11811, 1]);
    same(view.getUint32(50), 0x78a53f76);
    same([...out.subarray(54)], [...png.subarray(54)]);
    same([...setResolution(out, 300)], [...out]);
  },
  'a message and the description that it names make a header': () => {
    const store = new payload.BlobStore();
    same(wholeHeader({ scene: 'x', key: 'k' }, store), null);
    store.put([{ hash: 'x', arrays: {}, meta: { title: 'T' } }]);
    same(wholeHeader({ scene: 'x', key: 'k' }, store), { title: 'T', scene: 'x', key: 'k' });
  },
};
