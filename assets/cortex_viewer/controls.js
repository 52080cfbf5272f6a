/**
 * The viewer's own control strip, its menus, and the header of each pane.
 * @module controls
 */
import { VIEWS } from './camera.js';
import { choice, element, segmented, slider, tick } from './dom.js';
import { KEY_HELP } from './keyboard.js';
import { exactText } from './colours.js';
import { clamp } from './math.js';

const VIEW_TITLES = {
  lateral: ['Lateral', 'Both hemispheres from their outer side'],
  medial: ['Medial', 'Both hemispheres from their inner side'],
  dorsal: ['Dorsal', 'From above, front of the brain up'],
  ventral: ['Ventral', 'From below, front of the brain up; left is on the right'],
  anterior: ['Anterior', 'From the front; left is on the right'],
  posterior: ['Posterior', 'From behind'],
  grid: ['2 × 2', 'Lateral above medial, left beside right'],
};

export class Controls {
  /** @param {import('./viewer.js').CortexViewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.root = element('div', { className: 'cv-strip', role: 'toolbar', 'aria-label': 'Viewer controls' });
    this.headers = [];
    this.openMenu = null;
    this.closer = (e) => {
      if (this.openMenu && !e.composedPath().includes(this.root)) this.close();
    };
    document.addEventListener('pointerdown', this.closer);
    this.root.addEventListener('keydown', (e) => {
      if (e.key === 'Escape') this.close();
    });
  }

  /** Bring the strip into line with the state; the element with focus keeps it. */
  refresh() {
    const { state, header, surfaces } = this.viewer;
    if (!surfaces) return;
    const key = JSON.stringify([header.geometries, header.maps.map((m) => m.name), surfaces.hemis, header.labels]);
    if (this.builtFor !== key) {
      this.build();
      this.builtFor = key;
    }
    press(this.views, state.view);
    press(this.hemis, state.hemis);
    press(this.tools, state.tool);
    this.shape.value = String(Math.round(state.shape));
    this.shapeSlider.value = String(state.shape);
    this.open.value = String(state.open);
    this.open.disabled = ['lateral', 'medial', 'grid'].includes(state.view) || surfaces.hemis.length < 2;
    this.clear.hidden = !this.viewer.selection.left.size && !this.viewer.selection.right.size;
  }

  build() {
    const { viewer } = this;
    const { header, surfaces } = viewer;
    const shapes = header.geometries.map((g, i) => [String(i), g.label]);
    this.views = segmented('View', VIEWS.map((v) => [v, ...VIEW_TITLES[v]]), viewer.state.view, (v) => viewer.setView(v));
    this.hemis = segmented('Hemispheres', [['both', 'L R', 'Both hemispheres'], ['left', 'L', 'Left hemisphere'], ['right', 'R', 'Right hemisphere']], viewer.state.hemis, (h) => viewer.change({ hemis: h }));
    this.hemis.hidden = surfaces.hemis.length < 2;
    this.shape = choice('Surface', shapes, '0', (v) => viewer.morphTo(Number(v)), 'Surface shape');
    this.shapeSlider = slider('Morph between surfaces', { min: 0, max: shapes.length - 1, step: 0.01, value: 0, title: 'Morph: drag through all surfaces, from folded to flat' }, (v) => viewer.change({ shape: v }));
    this.shapeSlider.hidden = shapes.length < 2;
    this.open = slider('Open the hemispheres', { min: 0, max: 1, step: 0.01, value: 0, title: 'Open the hemispheres like a book (dorsal, ventral, anterior, posterior views)' }, (v) => viewer.change({ open: v }));
    this.tools = segmented('Mouse', [['orbit', 'Turn', 'Drag turns the brain; Shift or right button moves it; wheel zooms'], ['lasso', 'Lasso', 'Drag a line around vertices to select them; Shift adds']], 'orbit', (t) => viewer.change({ tool: t }));
    this.clear = element('button', { type: 'button', title: 'Clear the selection (Escape)', onclick: () => viewer.clearSelection(), hidden: true }, 'Clear');
    this.root.replaceChildren(
      this.views, this.hemis,
      group('', this.shape, this.shapeSlider), group('Open', this.open), this.tools, this.clear,
      element('span', { className: 'cv-spring' }),
      this.menu('Regions', 'Region borders, fills and names', () => this.regionMenu()),
      this.menu('Panes', 'Maps side by side', () => this.paneMenu()),
      this.menu('Export', 'Save a picture', () => this.exportMenu()),
      element('button', { type: 'button', title: 'Reset the view (0)', 'aria-label': 'Reset the view', onclick: () => viewer.reset() }, 'Reset'),
      this.menu('?', 'Keys and mouse', () => helpMenu()),
    );
  }

  /** A button that opens a panel; the panel is made anew each time. */
  menu(text, title, make, place = 'right') {
    const panel = element('div', { className: `cv-panel cv-${place}`, hidden: true, role: 'group', 'aria-label': title });
    const button = element('button', { type: 'button', title, 'aria-haspopup': 'true', 'aria-expanded': 'false', onclick: () => toggle() }, text);
    const holder = element('div', { className: 'cv-menu' }, button, panel);
    const fill = () => panel.replaceChildren(...[make()].flat());
    const toggle = () => {
      const opening = panel.hidden;
      this.close();
      if (!opening) return;
      fill();
      panel.hidden = false;
      button.setAttribute('aria-expanded', 'true');
      this.openMenu = { panel, button };
    };
    holder.refill = fill;
    return holder;
  }

  close() {
    if (!this.openMenu) return;
    this.openMenu.panel.hidden = true;
    this.openMenu.button.setAttribute('aria-expanded', 'false');
    this.openMenu = null;
  }

  toggleHelp() {
    this.root.lastElementChild.firstElementChild.click();
  }

  regionMenu() {
    const { viewer } = this;
    const { state } = viewer;
    const set = viewer.labelSet();
    if (!set) return [element('p', {}, 'This surface comes without region labels.')];
    const sets = viewer.labelSets.map((s, i) => [String(i), s.title]);
    const hidden = state.hidden[set.title] ?? [];
    const show = (names) => viewer.change({ hidden: { ...state.hidden, [set.title]: names } });
    const rows = set.names.slice(1).map((name, i) => element('div', { className: 'cv-region' },
      tick(name, !hidden.includes(name), (on) => show((viewer.state.hidden[set.title] ?? []).filter((n) => n !== name).concat(on ? [] : [name])), `Show or hide ${name}`),
      element('span', { className: 'cv-swatch', style: `background:${set.colours[i + 1]}` }),
      element('button', { type: 'button', title: `Select all vertices of ${name}`, 'aria-label': `Select ${name}`, onclick: () => viewer.selectRoi(i + 1) }, 'select')));
    const refill = (part) => { viewer.change(part); };
    return [
      sets.length > 1 ? choice('Region set', sets, String(state.labelSet), (v) => { refill({ labelSet: Number(v) }); this.close(); }) : element('b', {}, set.title),
      segmented('Regions as', [['outline', 'Outline', 'Borders only'], ['fill', 'Fill', 'Painted regions'], ['off', 'Off', 'No regions']], state.labelStyle, (v) => { refill({ labelStyle: v }); press(this.openMenu.panel.querySelector('[aria-label="Regions as"]'), v); }),
      tick('Names', state.labelNames, (on) => refill({ labelNames: on })),
      element('div', { className: 'cv-pair' },
        element('button', { type: 'button', onclick: () => { show([]); setTicks(this.openMenu.panel, true); } }, 'all'),
        element('button', { type: 'button', onclick: () => { show(set.names.slice(1)); setTicks(this.openMenu.panel, false); } }, 'none')),
      element('div', { className: 'cv-regions-list' }, ...rows),
    ];
  }

  paneMenu() {
    const { viewer } = this;
    const { state, maps } = viewer;
    const count = (n) => {
      const panes = [...state.panes];
      while (panes.length < n) panes.push((panes[panes.length - 1] + 1) % maps.length);
      viewer.change({ panes: panes.slice(0, n), difference: state.difference && n >= 2 });
      press(this.openMenu?.panel.querySelector('[aria-label="Number of panes"]'), String(n));
    };
    const options = [1, 2, 3, 4].filter((n) => n === 1 || maps.length > 1);
    return [
      segmented('Number of panes', options.map((n) => [String(n), String(n), `${n} ${n === 1 ? 'map' : 'maps'}`]), String(state.panes.length), (v) => count(Number(v))),
      tick('One colour range for all', state.shared, (on) => viewer.change({ shared: on }), 'All panes are painted with the same range'),
      tick('Difference of the first two', state.difference, (on) => {
        if (on && viewer.state.panes.length < 2) count(2);
        viewer.change({ difference: on });
      }, 'Adds a pane with the first map minus the second'),
    ];
  }

  exportMenu() {
    const { viewer } = this;
    const width = element('input', { type: 'number', min: 400, max: 8000, step: 100, value: '2400', 'aria-label': 'Width in pixels', title: 'Width in pixels' });
    const ground = choice('Ground', [['white', 'white ground'], ['transparent', 'transparent ground']], 'white', () => {});
    const canFlat = viewer.header.geometries.some((g) => g.flat);
    return [
      element('div', { className: 'cv-pair' }, width, element('span', {}, 'pixels wide')), ground,
      element('button', { type: 'button', className: 'cv-png', onclick: () => viewer.savePicture({ width: clamp(Number(width.value) || 2400, 400, 8000), transparent: ground.value === 'transparent' }) }, 'Save PNG'),
      element('button', { type: 'button', className: 'cv-svg', disabled: !canFlat, title: canFlat ? 'Flat map with vector borders and names' : 'This surface has no flat shape', onclick: () => viewer.saveVector() }, 'Save flat map as SVG'),
    ];
  }

  /** A map list and a colour menu at the head of each pane. @param {import('./layout.js').Rect[]} rects @param {import('./model.js').MapData[]} maps */
  placePaneHeaders(rects, maps) {
    const key = JSON.stringify([this.builtFor, maps.map((m) => m.name)]);
    if (this.headersFor !== key) {
      this.headersFor = key;
      for (const h of this.headers) h.remove();
      this.headers = maps.map((map, i) => this.paneHeader(map, i));
      this.viewer.stage.append(...this.headers);
    }
    this.headers.forEach((h, i) => Object.assign(h.style, { left: `${rects[i].x + 4}px`, top: `${rects[i].y + 2}px`, width: `${rects[i].width - 8}px` }));
  }

  paneHeader(map, index) {
    const { viewer } = this;
    const isDifference = map === viewer.differenceMap;
    const names = viewer.maps.map((m, i) => [String(i), m.spec.label]);
    const select = choice(`Map of pane ${index + 1}`, names, String(viewer.state.panes[index]), (v) => viewer.change({ panes: viewer.state.panes.map((p, i) => (i === index ? Number(v) : p)) }));
    const head = element('div', { className: 'cv-head' },
      isDifference ? element('span', { className: 'cv-title' }, map.spec.label) : select,
      this.menu('Colours', 'Colour map, range, threshold, mask, opacity, second map', () => this.colourMenu(index), 'left'));
    for (const type of ['pointerdown', 'wheel', 'dblclick']) head.addEventListener(type, (e) => e.stopPropagation());
    return head;
  }

  colourMenu(index) {
    const { viewer } = this;
    const map = viewer.shownMaps()[index];
    const look = viewer.look(map);
    const set = (part, ranges) => viewer.changeLook(index, part, ranges);
    const opacity = group('Opacity', slider('Opacity', { min: 0, max: 1, step: 0.05, value: look.opacity }, (v) => set({ opacity: v })));
    const mask = map.hasMask ? tick('Only vertices in the mask', look.masked, (on) => set({ masked: on }), 'For instance the significant ones') : null;
    if (map.isCategorical) return [opacity, mask].filter(Boolean);
    const luts = viewer.store.get(viewer.header.luts).meta.luts.filter((l) => l.height === 1).map((l) => [l.name, l.label]);
    return [choice('Colour map', luts, look.colours, (v) => set({ colours: v })), ...this.rangeRow(map, look, set), ...this.thresholdRows(map, set), mask, opacity, ...this.secondRows(index, look, set)].filter(Boolean);
  }

  rangeRow(map, look, set) {
    const { low, high } = this.viewer.range(map);
    const low_ = number('Low end', Math.fround(low), () => apply());
    const high_ = number('High end', Math.fround(high), () => apply());
    const apply = () => Number(high_.value) > Number(low_.value) && set({ range: [Number(low_.value), Number(high_.value)] }, true);
    return [element('div', { className: 'cv-pair' }, 'Range', low_, high_, element('button', { type: 'button', title: 'Back to the automatic range', onclick: () => set({ range: null }, true) }, 'auto'))];
  }

  thresholdRows(map, set) {
    const look = () => this.viewer.look(map);
    const { threshold } = look();
    const amount = number('Threshold', threshold.amount, (v) => set({ threshold: { ...look().threshold, amount: v } }));
    const mode = choice('Threshold kind', [['none', 'no threshold'], ['value', 'threshold at a value'], ['percentile', 'threshold at a percentile']], threshold.mode, (v) => set({ threshold: { ...look().threshold, mode: v, amount: Number(amount.value) } }));
    const two = tick('Two-sided', threshold.twoSided, (on) => set({ threshold: { ...look().threshold, twoSided: on } }), 'Compare the distance from the centre');
    return [element('div', { className: 'cv-pair' }, mode, amount), two];
  }

  secondRows(index, look, set) {
    const others = this.viewer.maps.map((m, i) => [m, i]).filter(([m, i]) => !m.isCategorical && i !== this.viewer.state.panes[index]);
    if (!others.length || this.viewer.shownMaps()[index] === this.viewer.differenceMap) return [];
    const which = choice('Second map', others.map(([m, i]) => [String(i), m.spec.label]), String(look.secondMap), (v) => set({ secondMap: Number(v) }));
    const current = () => Number(which.value);
    const mode = choice('Second map as', [['none', 'one map'], ['plane', 'two-dimensional colours with'], ['alpha', 'opacity from']], look.second, (v) => set({ second: v, secondMap: current() }));
    return [mode, which];
  }

  destroy() {
    document.removeEventListener('pointerdown', this.closer);
  }
}

function group(text, ...children) {
  return element('label', { className: 'cv-group' }, text ? element('span', {}, text) : null, ...children);
}

function number(label, value, change) {
  return element('input', { type: 'number', step: 'any', value: exactText(Math.fround(value)), title: label, 'aria-label': label, onchange: (e) => change(Number(e.target.value)) });
}

function press(row, value) {
  for (const button of row?.children ?? []) button.setAttribute('aria-pressed', String(button.dataset.value === value));
}

function setTicks(panel, on) {
  for (const box of panel.querySelectorAll('.cv-region input')) box.checked = on;
}

function helpMenu() {
  const rows = KEY_HELP.map(([keys, what]) => element('tr', {}, element('th', { scope: 'row' }, keys), element('td', {}, what)));
  return [
    element('b', {}, 'Mouse and touch'),
    element('p', {}, 'Drag turns, Shift-drag or right-drag moves, wheel or two fingers zoom, double-click resets. Click selects a vertex, Shift-click adds one.'),
    element('b', {}, 'Keys (with the brain in focus)'),
    element('table', {}, element('tbody', {}, ...rows)),
  ];
}
