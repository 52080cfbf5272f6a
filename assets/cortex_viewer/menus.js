/**
 * What the menus of the control strip hold: regions, panes, export and help. Each is made anew
 * when it opens.
 * @module menus
 */
import { choice, element, press, segmented, tick } from './dom.js';
import { KEY_HELP } from './keyboard.js';
import { clamp } from './math.js';

/** @typedef {import('./viewer.js').CortexViewer} CortexViewer */

/** @param {CortexViewer} viewer @param {() => void} close @returns {HTMLElement[]} */
export function regionMenu(viewer, close) {
  const { scene, state } = viewer;
  const set = scene.labelSet();
  if (!set) return [element('p', {}, 'This surface comes without region labels.')];
  const hidden = () => viewer.state.hidden[set.title] ?? [];
  const hide = (names) => viewer.change({ hidden: { ...viewer.state.hidden, [set.title]: names } });
  const list = element('div', { className: 'cv-regions-list' }, ...set.names.slice(1).map((name, i) => regionRow(viewer, set, i + 1, {
    shown: !hidden().includes(name),
    show: (on) => hide(hidden().filter((n) => n !== name).concat(on ? [] : [name])),
  })));
  const all = (on) => {
    hide(on ? [] : set.names.slice(1));
    for (const box of list.querySelectorAll('input')) box.checked = on;
  };
  const style = segmented('Regions as', [['outline', 'Outline', 'Borders only'], ['fill', 'Fill', 'Painted regions'], ['off', 'Off', 'No regions']], state.labelStyle, (v) => {
    viewer.change({ labelStyle: v });
    press(style, v);
  });
  return [
    setChoice(viewer, set, close), style,
    tick('Names', state.labelNames, (on) => viewer.change({ labelNames: on })),
    element('div', { className: 'cv-pair' },
      element('button', { type: 'button', onclick: () => all(true) }, 'all'),
      element('button', { type: 'button', onclick: () => all(false) }, 'none')),
    list,
  ];
}

function setChoice(viewer, set, close) {
  const sets = viewer.scene.labelSets.map((s, i) => [String(i), s.title]);
  if (sets.length < 2) return element('b', {}, set.title);
  return choice('Region set', sets, String(viewer.state.labelSet), (v) => {
    viewer.change({ labelSet: Number(v) });
    close();
  });
}

function regionRow(viewer, set, label, { shown, show }) {
  const name = set.names[label];
  return element('div', { className: 'cv-region' },
    tick(name, shown, show, `Show or hide ${name}`),
    element('span', { className: 'cv-swatch', style: `background:${set.colours[label]}` }),
    element('button', { type: 'button', title: `Select all vertices of ${name}`, 'aria-label': `Select ${name}`, onclick: () => viewer.choosing.selectRegion(label) }, 'select'));
}

/** @param {CortexViewer} viewer @returns {HTMLElement[]} */
export function exportMenu(viewer) {
  const width = element('input', { type: 'number', min: 400, max: 8000, step: 100, value: '2400', 'aria-label': 'Width in pixels', title: 'Width in pixels' });
  const dpi = choice('Resolution', [['300', '300 dpi'], ['600', '600 dpi'], ['150', '150 dpi'], ['96', '96 dpi']], '300', () => tellSize());
  const size = element('span', { className: 'cv-size' });
  const wide = () => clamp(Number(width.value) || 2400, 400, 8000);
  const tellSize = () => { size.textContent = `${(wide() / Number(dpi.value) * 2.54).toFixed(1)} cm wide in print`; };
  width.addEventListener('input', tellSize);
  tellSize();
  const ground = choice('Ground', [['white', 'white ground'], ['transparent', 'transparent ground']], 'white', () => {});
  const canFlat = viewer.header.geometries.some((g) => g.flat);
  const drawn = { disabled: !viewer.renderer };
  const save = () => viewer.savePicture({ width: wide(), transparent: ground.value === 'transparent', dpi: Number(dpi.value) });
  return [
    element('div', { className: 'cv-pair' }, width, element('span', {}, 'pixels wide')), element('div', { className: 'cv-pair' }, dpi, size), ground,
    element('button', { type: 'button', className: 'cv-png', onclick: save, ...drawn }, 'Save PNG'),
    element('button', {
      type: 'button', className: 'cv-svg', disabled: !canFlat || !viewer.renderer, onclick: () => viewer.saveVector(),
      title: canFlat ? 'Flat map with vector borders and names' : 'This surface has no flat shape',
    }, 'Save flat map as SVG'),
  ];
}

/** @returns {HTMLElement[]} */
export function helpMenu() {
  const rows = KEY_HELP.map(([keys, what]) => element('tr', {}, element('th', { scope: 'row' }, keys), element('td', {}, what)));
  return [
    element('b', {}, 'Mouse and touch'),
    element('p', {}, 'Drag rotates, Shift-drag or right-drag moves, Ctrl-wheel or two fingers zoom, double-click resets. Click selects a vertex, Shift-click adds one.'),
    element('b', {}, 'Keys (with the brain in focus)'),
    element('table', {}, element('tbody', {}, ...rows)),
  ];
}
