/**
 * What a story keeps of a viewer: the picture of this moment, and all that shows it again.
 * @module capture
 */
import { composePicture } from './picture.js';
import { encodeState } from './state.js';

const FINER = 3;
const MOST_WIDTH = 2400;
/** Shapes that travel with every pin, beside those that are shown. */
const USUAL = ['pial', 'inflated', 'flat'];

/**
 * @param {import('./viewer.js').CortexViewer} viewer
 * @returns {{picture: string, view: {link: string, looks: object, maps: string[], shapes: string[]}}} the picture as a data
 *   address; `maps` and `shapes` name what is needed, in the scene's order, and `looks` and `link` count among those; `looks`
 *   has a difference's too
 */
export function captureView(viewer) {
  if (!viewer.canDraw) throw new Error('This browser draws no brain that could be pinned.');
  const { scene } = viewer;
  const width = Math.min(MOST_WIDTH, Math.round(FINER * viewer.drawing.stageRect().width));
  const canvas = composePicture(viewer, { width, transparent: false });
  const shown = scene.shownMaps();
  const sources = scene.state.panes.map((i) => scene.maps[i]);
  const needed = new Set([...sources, ...shown.map((map) => scene.secondOf(map))]);
  const kept = scene.maps.filter((map) => needed.has(map));
  const painted = new Set([...kept, ...shown]);  // a difference is no map of the scene's own
  const looks = Object.fromEntries([...painted].map((map) => [map.name, countAmong(kept, scene, scene.look(map))]));
  const { shapes, shape } = neededShapes(scene);
  const link = encodeState({ ...scene.state, shape }, scene.header);
  return { picture: canvas.toDataURL('image/png'), view: { link, looks, maps: kept.map((map) => map.name), shapes } };
}

/** Names of the shapes to keep, and where among them the present one lies. */
function neededShapes({ header, state }) {
  const below = Math.floor(state.shape), above = Math.ceil(state.shape);
  const kept = header.geometries.filter(({ name }, i) => i === below || i === above || USUAL.includes(name));
  return { shapes: kept.map(({ name }) => name), shape: kept.indexOf(header.geometries[below]) + state.shape - below };
}

/** A look whose second map is counted among the maps that are kept. */
function countAmong(kept, scene, look) {
  const second = kept.indexOf(scene.maps[look.secondMap]);
  return second < 0 ? { ...look, second: 'none', secondMap: 0 } : { ...look, secondMap: second };
}
