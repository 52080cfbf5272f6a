/**
 * The menu of a pane: colour map, range, threshold, mask, opacity and the second map.
 * @module colour_menu
 */
import { exactText } from './colours.js';
import { choice, element, group, slider, tick } from './dom.js';

/** @typedef {import('./viewer.js').CortexViewer} CortexViewer */
/** @typedef {(part: Partial<import('./types.d.ts').Look>, ranges?: boolean) => void} Set_ changes the look of the pane's map */

const MODES = [['none', 'no threshold'], ['value', 'threshold at a value'], ['percentile', 'threshold at a percentile']];
const SECONDS = [['none', 'one map'], ['plane', 'two-dimensional colours with'], ['alpha', 'opacity from']];

/** @param {CortexViewer} viewer @param {number} pane @returns {HTMLElement[]} */
export function colourMenu(viewer, pane) {
  const { scene } = viewer;
  const map = scene.shownMaps()[pane];
  const look = scene.look(map);
  const set = (part, ranges) => viewer.changeLook(pane, part, ranges);
  const opacity = group('Opacity', slider('Opacity', { min: 0, max: 1, step: 0.05, value: look.opacity }, (v) => set({ opacity: v })));
  const mask = map.hasMask ? tick('Only vertices in the mask', look.masked, (on) => set({ masked: on }), 'For instance the significant ones') : null;
  const several = paneRows(viewer);
  if (map.isCategorical) return [opacity, mask, ...several].filter(Boolean);
  const { luts } = scene.store.get(scene.header.luts).meta;
  const names = luts.filter((l) => l.height === 1).map((l) => [l.name, l.label]);
  const colours = choice('Colour map', names, look.colours, (v) => set({ colours: v }));
  return [colours, ...rangeRows(scene, map, set), ...thresholdRows(look, set), mask, opacity, ...secondRows(scene, pane, set), ...several].filter(Boolean);
}

/** What holds for panes together. @param {CortexViewer} viewer */
function paneRows(viewer) {
  const { state } = viewer.scene;
  if (state.panes.length < 2) return [];
  return [
    tick('One colour range for all', state.shared, (on) => viewer.change({ shared: on }), 'All panes are painted with the same range'),
    tick('Difference of the first two', state.difference, (on) => viewer.change({ difference: on }), 'Adds a pane with the first map minus the second'),
  ];
}

/** @param {import('./scene.js').Scene} scene @param {import('./model.js').MapData} map @param {Set_} set */
function rangeRows(scene, map, set) {
  const { low, high } = scene.range(map);
  const ends = [number('Low end', low, () => apply()), number('High end', high, () => apply())];
  const change = (part) => {
    set(part, true);
    const range = scene.range(map);
    [range.low, range.high].forEach((value, i) => { ends[i].value = exactText(Math.fround(value)); });
  };
  const apply = () => {
    const [from, to] = ends.map((end) => Number(end.value));
    if (to > from) change({ range: [from, to] });
  };
  const automatic = element('button', { type: 'button', title: 'Back to the automatic range', onclick: () => change({ range: null }) }, 'auto');
  const log = tick('Logarithmic', scene.look(map).log, (on) => change({ log: on }), 'Equal steps of colour are equal ratios; values of 0 and below stay bare');
  return [element('div', { className: 'cv-pair' }, 'Range', ...ends, automatic), map.spec.kind === 'sequential' ? log : null];
}

/** @param {import('./types.d.ts').Look} look @param {Set_} set */
function thresholdRows(look, set) {
  const change = (part) => set({ threshold: { ...look.threshold, ...part } });
  const amount = number('Threshold', look.threshold.amount, (v) => change({ amount: v }));
  const mode = choice('Threshold kind', MODES, look.threshold.mode, (v) => change({ mode: v, amount: Number(amount.value) }));
  const two = tick('Two-sided', look.threshold.twoSided, (on) => change({ twoSided: on }), 'Compare the distance from the centre');
  return [element('div', { className: 'cv-pair' }, mode, amount), two];
}

/** @param {import('./scene.js').Scene} scene @param {number} pane @param {Set_} set */
function secondRows(scene, pane, set) {
  const map = scene.shownMaps()[pane];
  const look = scene.look(map);
  const others = scene.maps.map((m, i) => ({ m, i })).filter(({ m }) => !m.isCategorical && m !== map);
  if (!others.length || map === scene.differenceMap) return [];
  const chosen = others.some(({ i }) => i === look.secondMap) ? look.secondMap : others[0].i;
  const which = choice('Second map', others.map(({ m, i }) => [String(i), m.spec.label]), String(chosen), (v) => set({ secondMap: Number(v) }));
  which.disabled = look.second === 'none';
  const mode = choice('Second map as', SECONDS, look.second, (v) => {
    which.disabled = v === 'none';
    set({ second: v, secondMap: Number(which.value) });
  });
  return [mode, which];
}

function number(label, value, change) {
  return element('input', { type: 'number', step: 'any', value: exactText(Math.fround(value)), title: label, 'aria-label': label, onchange: (e) => change(Number(e.target.value)) });
}
