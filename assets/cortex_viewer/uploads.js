/**
 * Brings what the scene holds to the graphics card; only what changed since the last time is sent.
 * @module uploads
 */
import { borderSegments, segmentPoints } from './borders.js';
import { weightedPairs } from './colours.js';
import { fillKey, fillOf } from './looks.js';

export class Uploads {
  /** @param {import('./renderer.js').Renderer} renderer @param {import('./scene.js').Scene} scene */
  constructor(renderer, scene) {
    this.renderer = renderer;
    this.scene = scene;
    this.forget();
  }

  /** The card holds nothing any more. */
  forget() {
    this.surfaces = null;
    this.morphKey = this.facesKey = '';
    this.valueKeys = [];
  }

  /** @param {Object<string, Set<number>>} selection */
  all(selection) {
    const { renderer, scene } = this;
    if (this.surfaces !== scene.surfaces) {
      if (renderer.isFilled) renderer.build();
      this.forget();
      for (const hemi of scene.surfaces.hemis) renderer.setMesh(hemi, scene.surfaces.sulcus(hemi));
      this.surfaces = scene.surfaces;
    }
    this.colourMaps();
    this.morph(selection);
    this.panes();
    this.borders();
    this.marks(selection);
  }

  colourMaps() {
    const { renderer, scene } = this;
    for (const { name } of scene.store.get(scene.header.luts).meta.luts) {
      if (renderer.textures.has(`lut/${name}`)) continue;
      const { width, height, bytes } = scene.lut(name);
      renderer.setTexture(`lut/${name}`, bytes, width, height, 3, height > 1);
    }
  }

  /** The shapes at both ends of the morph, and the triangles that they are drawn with. @param {Object<string, Set<number>>} selection */
  morph(selection) {
    const { surfaces, state } = this.scene;
    const { from, to } = surfaces.between(state.shape);
    const facesKey = surfaces.hemis.map((h) => surfaces.faces(h, state.shape).length).join();
    const moved = this.morphKey !== `${from}/${to}`;
    const cut = this.facesKey !== facesKey;
    if (!moved && !cut) return;
    for (const hemi of surfaces.hemis) {
      if (moved) this.renderer.setMorph(hemi, surfaces.mesh(hemi, from), to === from ? null : surfaces.mesh(hemi, to));
      if (cut) this.renderer.setFaces(hemi, surfaces.faces(hemi, state.shape), surfaces.outside(hemi, state.shape));
    }
    [this.morphKey, this.facesKey] = [`${from}/${to}`, facesKey];
    this.borders();
    this.marks(selection);
  }

  /** Values and painted regions of every pane. */
  panes() {
    const { scene, renderer } = this;
    this.valueKeys = scene.shownMaps().map((map, pane) => {
      const second = scene.secondOf(map);
      const { masked } = scene.look(map);
      const key = [map.blob?.hash, second?.blob?.hash, masked, fillKey(scene, map)].join('|');
      if (this.valueKeys[pane] === key) return key;
      for (const hemi of scene.surfaces.hemis) {
        renderer.setValues(pane, hemi, this.pairs(map, masked, hemi), second ? this.pairs(second, false, hemi) : null);
        const fill = fillOf(scene, map, hemi);
        if (fill) renderer.setTexture(`palette/${pane}`, fill.palette, 256, fill.palette.length / 1024, 4, false);
        renderer.setFill(pane, hemi, fill?.classes ?? null);
      }
      return key;
    });
  }

  pairs(map, masked, hemi) {
    const values = map.isCategorical ? null : map.values(hemi);
    return weightedPairs(values, masked ? map.mask(hemi) : null, this.scene.surfaces.vertexCount(hemi));
  }

  /** Borders of the regions that are switched on. */
  borders() {
    const { scene } = this;
    const off = scene.state.labelStyle === 'off';
    for (const hemi of scene.surfaces.hemis) this.outline('roi', hemi, off ? null : scene.shownLabels(hemi));
  }

  /** Outlines of the vertices that the page marks and that the reader has selected. @param {Object<string, Set<number>>} selection */
  marks(selection) {
    const { header, surfaces } = this.scene;
    for (const hemi of surfaces.hemis) {
      const marked = header.marked?.find((m) => m.hemi === hemi)?.vertices ?? [];
      this.outline('marked', hemi, membership(surfaces.vertexCount(hemi), marked));
      this.outline('selected', hemi, membership(surfaces.vertexCount(hemi), selection[hemi]));
    }
  }

  outline(name, hemi, labels) {
    if (!labels) {
      this.renderer.setLines(name, hemi, null);
      return;
    }
    const { surfaces, state } = this.scene;
    const { from, to } = surfaces.between(state.shape);
    const segments = borderSegments(surfaces.faces(hemi, state.shape), labels);
    const at = (i) => segmentPoints(segments, surfaces.mesh(hemi, i).points);
    this.renderer.setLines(name, hemi, segments.ends.length ? { from: at(from), to: to === from ? null : at(to) } : null);
  }
}

/** 1 for every listed vertex; null where none is. @param {number} count @param {Iterable<number>} vertices @returns {Uint8Array | null} */
export function membership(count, vertices) {
  const labels = new Uint8Array(count);
  let any = false;
  for (const v of vertices) {
    labels[v] = 1;
    any = true;
  }
  return any ? labels : null;
}
