/**
 * The text alternative: mean of every map in every region.
 * @module table
 */
import { roiSums, shortText } from './colours.js';
import { element } from './dom.js';

/**
 * Means over both hemispheres; a map whose values are not here yet is left out.
 * @param {import('./model.js').LabelSet | null} set @param {import('./model.js').MapData[]} maps @param {string[]} hemis
 * @param {(map: import('./model.js').MapData) => boolean} isMasked whether a map's mask is in force
 * @returns {{region: string, cells: {mean: number, n: number}[]}[]}
 */
export function roiMeans(set, maps, hemis, isMasked = () => false) {
  if (!set) return [];
  const count = set.names.length - 1;
  const totals = maps.map((map) => {
    const parts = hemis.filter((h) => set.labels(h)).map((h) => roiSums(shownValues(map, h, isMasked(map)), set.labels(h), count));
    return (label) => {
      const n = parts.reduce((s, p) => s + p.n[label], 0);
      return { n, mean: n ? parts.reduce((s, p) => s + p.sum[label], 0) / n : NaN };
    };
  });
  return set.names.slice(1).map((region, i) => ({ region, cells: totals.map((t) => t(i + 1)) }));
}

/** A hemisphere's values, NaN where the mask in force hides them. */
function shownValues(map, hemi, masked) {
  const mask = masked ? map.mask(hemi) : null;
  return mask ? map.values(hemi).map((v, i) => (mask[i] ? v : NaN)) : map.values(hemi);
}

/**
 * @param {import('./model.js').LabelSet | null} set @param {import('./model.js').MapData[]} maps @param {string[]} hemis
 * @param {(map: import('./model.js').MapData) => boolean} isMasked @param {boolean} open whether the reader has opened it
 * @returns {HTMLElement}
 */
export function roiTable(set, maps, hemis, isMasked, open = false) {
  const numeric = maps.filter((m) => !m.isCategorical && hemis.every((h) => m.values(h)));
  const details = element('details', { className: 'cv-means' }, element('summary', {}, 'Region means as a table'));
  const fill = () => details.children.length === 1 && details.append(meansTable(set, numeric, hemis, isMasked));
  details.addEventListener('toggle', () => details.open && fill());
  if (open) fill();
  details.open = open;
  return details;
}

function meansTable(set, maps, hemis, isMasked) {
  const named = (m) => (m.spec.unit ? `${m.spec.label} (${m.spec.unit})` : m.spec.label);
  const head = element('tr', {}, element('th', { scope: 'col' }, 'Region'),
    ...maps.flatMap((m) => [element('th', { scope: 'col' }, named(m)), element('th', { scope: 'col' }, 'n vertices')]));
  const rows = roiMeans(set, maps, hemis, isMasked).map(({ region, cells }) => element('tr', {}, element('th', { scope: 'row' }, region),
    ...cells.flatMap((c) => [element('td', {}, shortText(c.mean)), element('td', {}, String(c.n))])));
  return element('table', {}, element('caption', {}, meansCaption(set, maps, isMasked)), element('thead', {}, head), element('tbody', {}, ...rows));
}

/** Which vertices the means are taken over. @param {import('./model.js').LabelSet | null} set @param {import('./model.js').MapData[]} maps */
function meansCaption(set, maps, isMasked) {
  const masks = maps.map((m) => `${m.spec.label}: ${isMasked(m) && m.hasMask ? m.spec.mask ?? 'vertices in the mask' : 'all with a value'}`);
  return `Mean over the vertices of both hemispheres in each region of ${set?.title ?? 'no atlas'}. ${masks.join('; ')}. Maps not shown yet are left out.`;
}
