/**
 * What is written over the brain: region names, left and right, marks, lasso, SIMULATED.
 * @module overlay
 */
import { projectPoint, textSize } from './layout.js';

const VISIBLE_MM = 2.5;
const FEWEST = 6;
const LEAST_PIXELS = 160;

/**
 * Where the name of each visible label goes: on the seen member nearest to the middle of the seen members.
 * @param {import('./layout.js').Tile[]} tiles
 * @param {(hemi: string) => ArrayLike<number>} labelsOf @param {(hemi: string) => Float32Array} pointsOf
 * @param {{at: (x: number, y: number) => number}} depth
 * @returns {{tile: number, hemi: string, label: number, vertex: number, size: number}[]} largest first
 */
export function placeNames(tiles, labelsOf, pointsOf, depth) {
  const out = [];
  tiles.forEach((tile, index) => {
    for (const body of tile.bodies) {
      const seen = seenMembers(tile, body, labelsOf(body.hemi), pointsOf(body.hemi), depth);
      for (const [label, members] of seen) {
        if (members.length < FEWEST || extent(members, 1) * extent(members, 2) < LEAST_PIXELS) continue;
        const x = mean(members, 1), y = mean(members, 2);
        const best = members.reduce((a, b) => (distance(a, x, y) <= distance(b, x, y) ? a : b));
        out.push({ tile: index, hemi: body.hemi, label, vertex: best[0], size: members.length });
      }
    }
  });
  return out.sort((a, b) => b.size - a.size);
}

function seenMembers(tile, body, labels, points, depth) {
  const seen = new Map();
  for (let i = 0; i < labels.length; i++) {
    if (!labels[i]) continue;
    const [x, y, z] = projectPoint(tile, body, points.subarray(i * 3, i * 3 + 3));
    if (!(z >= depth.at(x, y) - VISIBLE_MM) || depth.at(x, y) === -Infinity) continue;
    if (!seen.has(labels[i])) seen.set(labels[i], []);
    seen.get(labels[i]).push([i, x, y]);
  }
  return seen;
}

const mean = (rows, k) => rows.reduce((sum, row) => sum + row[k], 0) / rows.length;
const extent = (rows, k) => rows.reduce((most, row) => Math.max(most, row[k]), -Infinity) - rows.reduce((least, row) => Math.min(least, row[k]), Infinity);
const distance = (row, x, y) => (row[1] - x) ** 2 + (row[2] - y) ** 2;

/**
 * Shift names off one another, or leave the smaller one out.
 * @param {{text: string, x: number, y: number, width: number}[]} names largest first @param {number} height
 * @returns {{text: string, x: number, y: number, anchorX: number, anchorY: number}[]}
 */
export function separateNames(names, height = 15) {
  const placed = [];
  const clash = (x, y, w) => placed.some((p) => Math.abs(p.x - x) < (p.width + w) / 2 + 3 && Math.abs(p.y - y) < height);
  for (const name of names) {
    const offsets = [[0, 0], [0, -height], [0, height], [name.width * 0.7, 0], [-name.width * 0.7, 0]];
    const free = offsets.find(([dx, dy]) => !clash(name.x + dx, name.y + dy, name.width));
    if (!free) continue;
    placed.push({ ...name, x: name.x + free[0], y: name.y + free[1], anchorX: name.x, anchorY: name.y });
  }
  return placed;
}

/** Names that are small rather than few, but never smaller than the page allows. @param {CanvasRenderingContext2D} g @param {{text: string, x: number, y: number}[]} names @param {import('./colourbar.js').Ink} ink @param {number} wanted pixels */
export function drawNames(g, names, ink, wanted) {
  const size = textSize(wanted, ink);
  g.font = `600 ${size}px ${ink.font}`;
  const measured = names.map((n) => ({ ...n, width: g.measureText(n.text).width }));
  g.textAlign = 'center';
  g.textBaseline = 'middle';
  g.lineJoin = 'round';
  for (const name of separateNames(measured, size + 2)) {
    g.strokeStyle = 'rgba(0,0,0,0.78)';
    g.lineWidth = 3.2;
    g.strokeText(name.text, name.x, name.y);
    g.fillStyle = '#ffffff';
    g.fillText(name.text, name.x, name.y);
  }
}

/** Letters that say which side is which. @param {CanvasRenderingContext2D} g @param {import('./layout.js').Tile[]} tiles @param {(hemi: string) => number[]} middleOf @param {import('./colourbar.js').Ink} ink */
export function drawSides(g, tiles, middleOf, ink) {
  g.font = `600 ${textSize(13, ink)}px ${ink.font}`;
  g.textBaseline = 'top';
  g.textAlign = 'center';
  g.lineJoin = 'round';
  const [first] = tiles;
  if (tiles.some((t) => t.pane === first.pane && t.view !== first.view)) {
    writeViews(g, tiles, ink);
    return;
  }
  const top = (tile) => Math.min(...tiles.filter((t) => t.pane === tile.pane).map((t) => t.rect.y));
  for (const tile of tiles.filter((t) => t.rect.y === top(t))) {
    for (const body of tile.bodies) {
      const [x] = projectPoint(tile, body, middleOf(body.hemi));
      const at = Math.min(tile.rect.x + tile.rect.width - 10, Math.max(tile.rect.x + 10, x));
      const side = body.hemi === 'left' ? 'L' : 'R';
      Object.assign(g, { strokeStyle: ink.ground, fillStyle: ink.quiet, lineWidth: 3 });  // a brain may fill its tile
      g.strokeText(side, at, tile.rect.y + 2);
      g.fillText(side, at, tile.rect.y + 2);
    }
  }
}

/** In panes of several views, what each tile shows. */
function writeViews(g, tiles, ink) {
  g.textAlign = 'left';
  for (const { rect, bodies, view } of tiles) {
    const side = bodies[0].hemi === 'left' ? 'L' : 'R';
    Object.assign(g, { strokeStyle: ink.ground, fillStyle: ink.text, lineWidth: 3 });
    g.strokeText(`${side} ${view}`, rect.x + 6, rect.y + 4);
    g.fillText(`${side} ${view}`, rect.x + 6, rect.y + 4);
  }
}

/** A ring around each given point. @param {CanvasRenderingContext2D} g @param {number[][]} points */
export function drawRings(g, points) {
  for (const [x, y] of points) {
    for (const { width, colour } of [{ width: 4, colour: 'rgba(0,0,0,0.8)' }, { width: 2, colour: '#ffffff' }]) {
      g.beginPath();
      g.arc(x, y, 6, 0, 2 * Math.PI);
      g.lineWidth = width;
      g.strokeStyle = colour;
      g.stroke();
    }
  }
}

/** @param {CanvasRenderingContext2D} g @param {number[][] | null} path */
export function drawLasso(g, path) {
  if (!path || path.length < 2) return;
  g.beginPath();
  for (const [x, y] of path) g.lineTo(x, y);  // the first only begins the line
  g.closePath();
  g.fillStyle = 'rgba(230,97,0,0.12)';
  g.fill();
  g.strokeStyle = '#e66100';
  g.lineWidth = 1.5;
  g.stroke();
}

/** @param {CanvasRenderingContext2D} g @param {number} x @param {number} y right and top @param {import('./colourbar.js').Ink} ink */
export function drawSimulated(g, x, y, ink) {
  g.font = `700 ${textSize(12, ink)}px ${ink.font}`;
  const width = g.measureText('SIMULATED').width + 16;
  g.fillStyle = '#b3261e';
  g.beginPath();
  g.roundRect(x - width, y, width, 20, 4);
  g.fill();
  g.fillStyle = '#ffffff';
  g.textAlign = 'center';
  g.textBaseline = 'middle';
  g.fillText('SIMULATED', x - width / 2, y + 10.5);
}

/** A cross for reading values by keyboard. @param {CanvasRenderingContext2D} g @param {number[] | null} at @param {string} colour */
export function drawCross(g, at, colour) {
  if (!at) return;
  g.strokeStyle = colour;
  g.lineWidth = 1.5;
  g.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    g.moveTo(at[0] + dx * 4, at[1] + dy * 4);
    g.lineTo(at[0] + dx * 12, at[1] + dy * 12);
  }
  g.stroke();
}
