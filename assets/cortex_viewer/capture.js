/**
 * What a story keeps of a viewer: the picture of this moment, and all that shows it again.
 * @module capture
 */
import { composePicture } from './picture.js';
import { encodeState } from './state.js';

const FINER = 3;
const MOST_WIDTH = 2400;

/**
 * @param {import('./viewer.js').CortexViewer} viewer
 * @returns {{picture: string, view: {link: string, looks: object, maps: string[]}}} the picture as a data address;
 *   `maps` are the names of the maps that are needed, in the scene's order, and `looks` counts second maps among them
 */
export function captureView(viewer) {
  if (!viewer.canDraw) throw new Error('This browser draws no brain that could be pinned.');
  const { scene } = viewer;
  const width = Math.min(MOST_WIDTH, Math.round(FINER * viewer.drawing.stageRect().width));
  const canvas = composePicture(viewer, { width, transparent: false });
  const shown = scene.state.panes.map((i) => scene.maps[i]);
  const needed = new Set(shown.flatMap((map) => [map, scene.secondOf(map)]).filter(Boolean));
  const kept = scene.maps.filter((map) => needed.has(map));
  const looks = Object.fromEntries(kept.map((map) => [map.name, countAmong(kept, scene, scene.look(map))]));
  return { picture: canvas.toDataURL('image/png'), view: { link: encodeState(scene.state, scene.header), looks, maps: kept.map((map) => map.name) } };
}

/** A look whose second map is counted among the maps that are kept. */
function countAmong(kept, scene, look) {
  const second = kept.indexOf(scene.maps[look.secondMap]);
  return second < 0 ? { ...look, second: 'none', secondMap: 0 } : { ...look, secondMap: second };
}
