/**
 * The text alternative: mean of every map in every region.
 * @module table
 */
import { roiSums, shortText } from './colours.js';
import { element } from './dom.js';

/**
 * Means over both hemispheres; a map whose values are not here yet is left out.
 * @param {import('./model.js').LabelSet | null} set @param {import('./model.js').MapData[]} maps @param {string[]} hemis
 * @returns {{region: string, cells: {mean: number, n: number}[]}[]}
 */
export function roiMeans(set, maps, hemis) {
  if (!set) return [];
  const count = set.names.length - 1;
  const totals = maps.map((map) => {
    const parts = hemis.filter((h) => set.labels(h)).map((h) => roiSums(map.values(h), set.labels(h), count));
    return (label) => {
      const n = parts.reduce((s, p) => s + p.n[label], 0);
      return { n, mean: n ? parts.reduce((s, p) => s + p.sum[label], 0) / n : NaN };
    };
  });
  return set.names.slice(1).map((region, i) => ({ region, cells: totals.map((t) => t(i + 1)) }));
}

/** @param {import('./model.js').LabelSet | null} set @param {import('./model.js').MapData[]} maps @param {string[]} hemis @returns {HTMLElement} */
export function roiTable(set, maps, hemis) {
  const numeric = maps.filter((m) => !m.isCategorical && hemis.every((h) => m.values(h)));
  const details = element('details', { className: 'cv-means' }, element('summary', {}, 'Region means as a table'));
  details.addEventListener('toggle', () => {
    if (details.open && details.children.length === 1) details.append(meansTable(set, numeric, hemis));
  });
  return details;
}

function meansTable(set, maps, hemis) {
  const head = element('tr', {}, element('th', { scope: 'col' }, 'Region'),
    ...maps.map((m) => element('th', { scope: 'col' }, m.spec.unit ? `${m.spec.label} (${m.spec.unit})` : m.spec.label)), element('th', { scope: 'col' }, 'n vertices'));
  const rows = roiMeans(set, maps, hemis).map(({ region, cells }) => element('tr', {}, element('th', { scope: 'row' }, region),
    ...cells.map((c) => element('td', {}, shortText(c.mean))), element('td', {}, String(Math.max(0, ...cells.map((c) => c.n))))));
  return element('table', {}, element('caption', {}, 'Mean over the vertices of both hemispheres that have a value'), element('thead', {}, head), element('tbody', {}, ...rows));
}
