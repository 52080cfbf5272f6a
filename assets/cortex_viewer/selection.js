/**
 * The vertices that the reader has selected: by click, lasso or region.
 * @module selection
 */
import { tileAt } from './layout.js';
import { findPlace } from './finding.js';
import { selectionLists } from './picking.js';
import { shownHemis } from './state.js';

export class Selection {
  /** @param {import('./viewer.js').CortexViewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    /** The outline being drawn, CSS pixels on the stage. @type {number[][] | null} */
    this.lasso = null;
    this.empty();
  }

  empty() {
    this.sets = { left: new Set(), right: new Set() };
    /** The vertex that was clicked last, which wears a ring. @type {{hemi: string, vertex: number} | null} */
    this.picked = null;
  }

  /** Take what the page asks for, as from a link; nothing is told, for the page knows it. @param {{hemi: string, vertices: number[]}[]} lists */
  begin(lists) {
    if (JSON.stringify(lists) === JSON.stringify(selectionLists(this.sets))) return;
    this.empty();
    for (const { hemi, vertices } of lists) this.sets[hemi] = new Set(vertices);
    const [first, ...more] = lists.flatMap(({ hemi, vertices }) => vertices.map((vertex) => ({ hemi, vertex })));
    this.picked = first && !more.length ? first : null;
    this.viewer.controls.refresh?.();
  }

  /** @returns {boolean} */
  get isEmpty() {
    return !this.sets.left.size && !this.sets.right.size;
  }

  /** @param {{hemi: string, vertex: number} | null} hit @param {boolean} add keep what is selected; a second time takes the vertex out */
  select(hit, add) {
    if (!add) this.empty();
    this.picked = hit ? { hemi: hit.hemi, vertex: hit.vertex } : null;
    if (hit) toggle(this.sets[hit.hemi], hit.vertex, add);
    this.changed();
  }

  /** @param {number[][]} path @param {boolean} add */
  selectLasso(path, add) {
    const { viewer } = this;
    if (!add) this.empty();
    this.lasso = null;
    this.picked = null;
    viewer.onSettled();
    const tile = tileAt(viewer.tiles(), path[0][0], path[0][1]);
    for (const body of tile?.bodies ?? []) {
      for (const v of viewer.reading.verticesInside(tile, body, path)) this.sets[body.hemi].add(v);
    }
    this.changed();
  }

  /** All vertices of a region of the shown set, in the hemispheres that are shown. @param {number} label */
  selectRegion(label) {
    const { scene } = this.viewer;
    this.empty();
    for (const hemi of shownHemis(scene.state, scene.surfaces.hemis)) {
      scene.labelSet().labels(hemi)?.forEach((l, v) => {
        if (l === label) this.sets[hemi].add(v);
      });
    }
    this.changed();
  }

  /** Find a region, a vertex or a place in MNI space, and select it. @param {string} text @returns {string} what was found, or why nothing was */
  find(text) {
    const { scene } = this.viewer;
    const found = findPlace(text, scene);
    if ('label' in found) this.selectRegion(found.label);
    else if ('vertex' in found) this.select({ hemi: found.hemi, vertex: found.vertex }, false);
    return found.said;
  }

  /** Add the neighbours of what is selected. */
  grow() {
    const { surfaces } = this.viewer.scene;
    for (const hemi of surfaces.hemis) addNeighbours(this.sets[hemi], surfaces.faces(hemi, 0));
    if (!this.isEmpty) this.changed();
  }

  clear() {
    this.select(null, false);
  }

  changed() {
    const { viewer } = this;
    const lists = selectionLists(this.sets);
    const count = lists.reduce((n, l) => n + l.vertices.length, 0);
    viewer.status.textContent = count ? `${count} ${count === 1 ? 'vertex' : 'vertices'} selected` : 'Selection cleared';
    if (viewer.canDraw) viewer.uploads.marks(this.sets);
    viewer.controls.refresh();
    viewer.drawing.request();
    viewer.tell.select(lists);
  }
}

/** Add all corners of the triangles that have one in a set. @param {Set<number>} set @param {ArrayLike<number>} faces */
export function addNeighbours(set, faces) {
  const before = new Set(set);
  for (let i = 0; i < faces.length && before.size; i += 3) {
    const corners = [faces[i], faces[i + 1], faces[i + 2]];
    if (corners.some((v) => before.has(v))) for (const v of corners) set.add(v);
  }
}

function toggle(set, vertex, add) {
  if (add && set.has(vertex)) set.delete(vertex);
  else set.add(vertex);
}
