/**
 * Pictures to keep: PNG of what is shown, SVG of the flat map.
 * @module picture
 */
import { borderSegments, segmentPoints } from './borders.js';
import { drawBar, titled } from './colourbar.js';
import { colourAt, shortText, valueAt } from './colours.js';
import { newCamera } from './camera.js';
import { barRect, projectPoint } from './layout.js';
import { barSpec } from './looks.js';
import { drawSimulated, placeNames, separateNames } from './overlay.js';
import { setResolution } from './png.js';

const TITLE_HEIGHT = 34;
const FOOT_HEIGHT = 22;
const BLOCK = 1600;
const PRINT_INK = { text: '#1a1a1a', quiet: '#5c5c5c', ground: '#ffffff', font: 'Helvetica, Arial, sans-serif' };

/**
 * Draw the present view at a chosen size with title, colour bars and provenance.
 * @param {import('./viewer.js').CortexViewer} viewer @param {{width: number, transparent: boolean}} options
 * @returns {HTMLCanvasElement}
 */
export function composePicture(viewer, { width, transparent }) {
  const { drawing, scene } = viewer;
  const stage = drawing.stageRect();
  const ratio = width / stage.width;
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: Math.round(width), height: Math.round((stage.height + TITLE_HEIGHT + FOOT_HEIGHT) * ratio) });
  const g = canvas.getContext('2d');
  g.scale(ratio, ratio);
  if (!transparent) {
    g.fillStyle = '#ffffff';
    g.fillRect(0, 0, stage.width, stage.height + TITLE_HEIGHT + FOOT_HEIGHT);
  }
  writeFrame(g, viewer, stage);
  drawBrains(g, viewer, stage, ratio);
  g.translate(0, TITLE_HEIGHT);
  drawing.writeOverlay(g, PRINT_INK);
  for (const [i, map] of scene.shownMaps().entries()) writePane(g, scene, map, { rect: drawing.rects[i], titled: drawing.rects.length > 1 });
  viewer.draw(2);
  return canvas;
}

function writePane(g, scene, map, { rect, titled: withTitle }) {
  drawBar(g, barRect(rect), barSpec(scene, map), PRINT_INK);
  if (!withTitle) return;
  g.font = `600 13px ${PRINT_INK.font}`;
  g.fillStyle = PRINT_INK.text;
  g.textAlign = 'left';
  g.textBaseline = 'alphabetic';
  g.fillText(map.spec.label, rect.x + 10, rect.y + 16);
}

/** Brains block by block, so that a large picture fits any graphics card. */
function drawBrains(g, viewer, stage, ratio) {
  const { canvas, drawing, renderer } = viewer;
  const whole = { width: Math.round(stage.width * ratio), height: Math.round(stage.height * ratio) };
  const frame = drawing.frame(drawing.rects, { width: stage.width, height: stage.height, ratio, finer: 2 });
  g.save();
  g.setTransform(1, 0, 0, 1, 0, Math.round(TITLE_HEIGHT * ratio));
  for (const block of blocks(whole, BLOCK)) {
    renderer.paint({ ...frame, block });
    g.drawImage(canvas, block.x, block.y);
  }
  g.restore();
}

/** A picture cut into blocks of at most a size. @param {{width: number, height: number}} whole @param {number} most @returns {import('./layout.js').Rect[]} */
export function blocks({ width, height }, most) {
  const out = [];
  for (let y = 0; y < height; y += most) {
    for (let x = 0; x < width; x += most) out.push({ x, y, width: Math.min(most, width - x), height: Math.min(most, height - y) });
  }
  return out;
}

function writeFrame(g, viewer, stage) {
  g.fillStyle = PRINT_INK.text;
  g.font = `600 16px ${PRINT_INK.font}`;
  g.textBaseline = 'alphabetic';
  g.fillText(viewer.header.title, 12, 23, stage.width - 140);
  g.font = `11px ${PRINT_INK.font}`;
  g.fillStyle = PRINT_INK.quiet;
  g.fillText(provenanceLine(viewer.header), 12, TITLE_HEIGHT + stage.height + 14, stage.width - 24);
  if (viewer.header.simulated) drawSimulated(g, stage.width - 8, 7, PRINT_INK);
}

/** @param {import('./types.d.ts').Header} header @returns {string} */
export function provenanceLine(header) {
  return `${header.simulated ? 'SIMULATED · ' : ''}${header.provenance}`;
}

/** @param {import('./viewer.js').CortexViewer} viewer @param {{width: number, transparent: boolean, dpi?: number}} options */
export async function downloadPicture(viewer, options) {
  const canvas = composePicture(viewer, options);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
  const tagged = setResolution(new Uint8Array(await blob.arrayBuffer()), options.dpi ?? 300);
  save(new Blob([tagged], { type: 'image/png' }), `${pictureName(viewer)}.png`);
}

/** @param {import('./viewer.js').CortexViewer} viewer */
export function downloadVector(viewer) {
  save(new Blob([composeVector(viewer)], { type: 'image/svg+xml' }), `${pictureName(viewer, 'flat')}.svg`);
}

/**
 * The flat map of the first pane: colours as an embedded picture, borders and text as vectors.
 * @param {import('./viewer.js').CortexViewer} viewer @returns {string}
 */
export function composeVector(viewer) {
  const { scene, uploads, drawing } = viewer;
  const { state } = scene;
  const kept = { ...state };
  const flat = viewer.header.geometries.findIndex((g) => g.flat);
  const [width, height] = [1200, 720];
  const rects = [{ x: 0, y: 0, width, height }];
  Object.assign(state, { shape: flat, view: 'dorsal', camera: newCamera(), panes: state.panes.slice(0, 1), difference: false });
  uploads.morph(viewer.selection);
  const frame = drawing.frame(rects, { width, height, ratio: 2, finer: 1 });
  viewer.renderer.paint({ ...frame, inks: frame.inks.filter(({ name }) => name !== 'roi') });
  const svg = vectorText(viewer, rects, { width, height, flat, raster: viewer.canvas.toDataURL('image/png') });
  Object.assign(state, kept);
  uploads.morph(viewer.selection);
  drawing.layout();
  return svg;
}

function vectorText(viewer, rects, { width, height, raster, flat }) {
  const tiles = viewer.tiles(rects);
  const map = viewer.shownMaps()[0];
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height + 60}" width="${width}" height="${height + 60}" font-family="Helvetica, Arial, sans-serif">`,
    `<title>${escapeText(viewer.header.title)}</title>`,
    `<image href="${raster}" x="0" y="0" width="${width}" height="${height}"/>`,
    viewer.scene.state.labelStyle === 'off' ? '' : `<path id="borders" d="${borderPath(viewer, tiles, flat)}" fill="none" stroke="#111111" stroke-width="1.2" stroke-linecap="round"/>`,
    ...nameTexts(viewer, tiles),
    map ? barMarkup(barSpec(viewer.scene, map), 60, height - 30) : '',
    `<text x="12" y="24" font-size="17" font-weight="600">${escapeText(viewer.header.title)}</text>`,
    viewer.header.simulated ? `<text x="${width - 12}" y="24" font-size="15" font-weight="700" fill="#b3261e" text-anchor="end">SIMULATED</text>` : '',
    `<text x="12" y="${height + 50}" font-size="11" fill="#5c5c5c">${escapeText(provenanceLine(viewer.header))}</text>`,
    '</svg>',
  ];
  return parts.filter(Boolean).join('\n');
}

function borderPath(viewer, tiles, flat) {
  return tiles.flatMap((tile) => tile.bodies.map((body) => {
    const labels = viewer.scene.shownLabels(body.hemi);
    if (!labels) return '';
    const ends = segmentPoints(borderSegments(viewer.surfaces.faces(body.hemi, flat), labels), viewer.surfaces.mesh(body.hemi, flat).points);
    const at = (i) => projectPoint(tile, body, ends.subarray(i, i + 3)).slice(0, 2).map((v) => v.toFixed(1)).join(' ');
    let path = '';
    for (let i = 0; i < ends.length; i += 6) path += `M${at(i)}L${at(i + 3)}`;
    return path;
  })).join('');
}

function nameTexts(viewer, tiles) {
  const set = viewer.scene.labelSet();
  if (!set || viewer.scene.state.labelStyle === 'off') return [];
  const everywhere = { at: () => -1e6 };
  const names = placeNames(tiles, (h) => viewer.scene.shownLabels(h) ?? [], (h) => viewer.scene.points(h), everywhere).map((n) => {
    const tile = tiles[n.tile];
    const points = viewer.scene.points(n.hemi);
    const [x, y] = projectPoint(tile, tile.bodies.find((b) => b.hemi === n.hemi), points.subarray(n.vertex * 3, n.vertex * 3 + 3));
    return { text: set.names[n.label], x, y, width: 8 * set.names[n.label].length };
  });
  return separateNames(names).map((n) => `<text x="${n.x.toFixed(1)}" y="${n.y.toFixed(1)}" font-size="13" font-weight="600" text-anchor="middle" dominant-baseline="middle" stroke="#ffffff" stroke-width="3" paint-order="stroke" fill="#111111">${escapeText(n.text)}</text>`);
}

function barMarkup(spec, x, y) {
  if (spec.categories) return spec.categories.map((c, i) => `<rect x="${x + i * 110}" y="${y}" width="12" height="12" fill="${c.colour}"/><text x="${x + i * 110 + 16}" y="${y + 11}" font-size="12">${escapeText(c.name)}</text>`).join('');
  const { low, high } = spec.range;
  const stops = Array.from({ length: 33 }, (_, i) => `<stop offset="${i / 32}" stop-color="rgb(${colourAt(spec.lut, spec.range, valueAt(spec.range, i / 32)).join(',')})"/>`).join('');
  const text = (at, anchor, value) => `<text x="${at}" y="${y + 27}" font-size="12" text-anchor="${anchor}">${shortText(value)}</text>`;
  return `<defs><linearGradient id="ramp">${stops}</linearGradient></defs><rect x="${x}" y="${y}" width="260" height="12" fill="url(#ramp)"/>`
    + `<text x="${x}" y="${y - 6}" font-size="13" font-weight="600">${escapeText(titled(spec))}</text>${text(x, 'start', low)}${text(x + 260, 'end', high)}`
    + (Number.isFinite(spec.cut) ? `<text x="${x + 275}" y="${y + 11}" font-size="12">threshold ${spec.twoSided ? '±' : ''}${shortText(spec.cut)}</text>` : '');
}

function escapeText(text) {
  return String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Map, view and run, so that no picture takes another's name. @param {import('./viewer.js').CortexViewer} viewer */
function pictureName(viewer, view = viewer.scene.state.view) {
  const { header, scene } = viewer;
  const maps = scene.shownMaps().map((map) => map.name).join('-');
  return [maps, view, header.run || header.title].map((part) => part.replace(/[^\p{L}\p{N}_-]+/gu, '-').replace(/^-|-$/g, '')).filter(Boolean).join('_').slice(0, 150) || 'cortex';
}

function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
