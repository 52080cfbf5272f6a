/**
 * The viewer's own control strip and the header of each pane.
 * @module controls
 */
import { VIEWS } from './camera.js';
import { colourMenu } from './colour_menu.js';
import { choice, element, group, press, segmented, slider } from './dom.js';
import { exportMenu, helpMenu, regionMenu } from './menus.js';

const VIEW_NAMES = {
  lateral: 'Lateral', medial: 'Medial', dorsal: 'Dorsal', ventral: 'Ventral', anterior: 'Anterior', posterior: 'Posterior',
  grid: 'Lateral + medial', pair: 'Lateral + ventral',
};
const VIEW_HELP = 'Where the brain is seen from (keys 1 to 8). From below and from the front, left is on the right.';

const FIND_HELP = 'A region (V1), a vertex (left 23423) or an MNI coordinate (38 -84 12), then Enter';
const FULL = '<svg viewBox="0 0 12 12" width="12" height="12" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true"><path d="M1 4V1h3M8 1h3v3M11 8v3H8M4 11H1V8"/></svg>';
const MOST_PANES = 4;

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
    this.onEscape = (e) => {
      if (e.key === 'Escape') this.close();
    };
    this.root.addEventListener('keydown', this.onEscape);
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
    this.views.value = state.view;
    this.fit.setAttribute('aria-pressed', String(state.fit));
    press(this.hemis, state.hemis);
    press(this.tools, state.tool);
    this.shape.value = String(Math.round(state.shape));
    this.shapeSlider.value = String(state.shape);
    this.open.value = String(state.open);
    this.open.disabled = ['lateral', 'medial', 'grid', 'pair'].includes(state.view) || surfaces.hemis.length < 2;
    this.clear.classList.toggle('cv-away', this.viewer.choosing.isEmpty);  // its room stays
  }

  build() {
    const { viewer } = this;
    const { header, surfaces } = viewer;
    const shapes = header.geometries.map((g, i) => [String(i), g.label]);
    this.views = choice('View', VIEWS.map((v) => [v, VIEW_NAMES[v]]), viewer.state.view, (v) => viewer.setView(v), VIEW_HELP);
    this.fit = element('button', { type: 'button', title: 'Fit to the data, or to the whole brain (Z)', className: 'cv-fit', onclick: () => viewer.actions.fit() }, 'Fit');
    this.hemis = segmented('Hemispheres', [['both', 'L+R', 'Both hemispheres'], ['left', 'L', 'Left hemisphere'], ['right', 'R', 'Right hemisphere']], viewer.state.hemis, (h) => viewer.change({ hemis: h }));
    this.hemis.hidden = surfaces.hemis.length < 2;
    this.shape = choice('Surface', shapes, '0', (v) => viewer.morphTo(Number(v)), 'Surface shape');
    this.shapeSlider = slider('Morph between surfaces', { min: 0, max: shapes.length - 1, step: 0.01, value: 0, title: 'Morph: drag through all surfaces, from folded to flat' }, (v) => viewer.change({ shape: v }));
    this.shapeSlider.hidden = shapes.length < 2;
    this.open = slider('Open the hemispheres', { min: 0, max: 1, step: 0.01, value: 0, title: 'Open the hemispheres like a book (dorsal, ventral, anterior, posterior views)' }, (v) => viewer.change({ open: v }));
    this.tools = segmented('Mouse', [['orbit', 'Rotate', 'Drag rotates the brain; Shift or right button moves it; Ctrl + wheel zooms'], ['lasso', 'Lasso', 'Drag a line around vertices to select them; Shift adds']], 'orbit', (t) => viewer.change({ tool: t }));
    this.clear = element('button', { type: 'button', title: 'Clear the selection (Escape)', className: 'cv-away', onclick: () => viewer.choosing.clear() }, 'Clear');
    this.root.replaceChildren(
      this.views, this.fit, this.hemis,
      group('', this.shape, this.shapeSlider), group('Hinge', this.open), this.tools, this.clear,
      element('span', { className: 'cv-spring' }),
      this.finder(),
      this.menu('Regions', 'Region borders, fills and names', () => regionMenu(viewer, () => this.close())),
      this.menu('Export', 'Save a picture', () => exportMenu(viewer)),
      element('button', { type: 'button', title: 'Reset the view (0)', onclick: () => viewer.reset() }, 'Reset'),
      element('button', { type: 'button', title: 'Full window (F)', 'aria-label': 'Full window', className: 'cv-full', onclick: () => viewer.actions.fullWindow(), innerHTML: FULL }),
      this.menu('?', 'Keys and mouse', () => helpMenu()),
    );
  }

  /** The box that finds a region, a vertex or a place. */
  finder() {
    const { viewer } = this;
    const box = element('input', { type: 'search', className: 'cv-find', placeholder: 'ROI, vertex, MNI', 'aria-label': 'Find an ROI, a vertex or an MNI coordinate', title: FIND_HELP });
    box.addEventListener('keydown', (e) => {
      e.stopPropagation();
      if (e.key === 'Enter' && box.value.trim()) viewer.status.textContent = viewer.choosing.find(box.value);
    });
    return box;
  }

  /** A button that opens a panel; the panel is made anew each time. */
  menu(text, title, make, place = 'right') {
    const panel = element('div', { className: `cv-panel cv-${place}`, hidden: true, tabIndex: 0, role: 'group', 'aria-label': title });
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
    return holder;
  }

  close() {
    if (!this.openMenu) return;
    this.openMenu.panel.hidden = true;
    this.openMenu.button.setAttribute('aria-expanded', 'false');
    this.openMenu = null;
  }

  toggleHelp() {
    /** @type {HTMLElement} */ (this.root.lastElementChild.firstElementChild).click();
  }

  /** A map list and a colour menu at the head of each pane. @param {import('./layout.js').Rect[]} rects @param {import('./model.js').MapData[]} maps */
  placePaneHeaders(rects, maps) {
    const key = JSON.stringify([this.builtFor, maps.map((m) => m.name), this.viewer.state.panes, this.viewer.maps.map((m) => m.spec.label)]);
    if (this.headersFor !== key) {
      this.headersFor = key;
      const reopen = this.openInHeader();
      for (const h of this.headers) h.remove();
      this.headers = maps.map((map, i) => this.paneHeader(map, i));
      this.viewer.stage.append(...this.headers);
      reopen();
    }
    for (const [i, h] of this.headers.entries()) {
      // A choice whose map never came is still in the list when the pane is back at the map before.
      const select = /** @type {HTMLSelectElement | null} */ (h.querySelector(':scope > select'));
      if (select) select.value = String(this.viewer.state.panes[i]);
      Object.assign(h.style, { left: `${rects[i].x + 4}px`, top: `${rects[i].y + 2}px`, width: `${rects[i].width - 8}px` });
    }
  }

  /** What opens a pane's menu again after its header was made anew, with the focus where it was. */
  openInHeader() {
    const open = this.openMenu;
    const pane = this.headers.findIndex((h) => open && h.contains(open.button));
    if (!open || pane < 0) return () => {};
    const parts = ({ button, panel }) => [button, ...panel.querySelectorAll('input, select, button')];
    const root = /** @type {ShadowRoot | Document} */ (this.root.getRootNode());
    const focused = parts(open).indexOf(/** @type {any} */ (root.activeElement));
    this.close();
    return () => {
      /** @type {HTMLElement | null | undefined} */ (this.headers[pane]?.querySelector('.cv-menu > button'))?.click();
      if (this.openMenu) parts(this.openMenu)[focused]?.focus();
    };
  }

  paneHeader(map, index) {
    const { viewer } = this;
    const isDifference = map === viewer.scene.differenceMap;
    const names = viewer.maps.map((m, i) => [String(i), m.spec.label]);
    const select = choice(`Map of pane ${index + 1}`, names, String(viewer.state.panes[index]), (v) => viewer.change({ panes: viewer.state.panes.map((p, i) => (i === index ? Number(v) : p)) }));
    const { panes } = viewer.state;
    const last = index === panes.length - 1 && panes.length < MOST_PANES && viewer.maps.length > 1;
    const head = element('div', { className: 'cv-head' },
      isDifference ? element('span', { className: 'cv-title' }, map.spec.label) : select,
      this.menu('Colours', 'Colour map, range, threshold, mask, opacity, second map', () => colourMenu(viewer, index), 'left'),
      panes.length > 1 && !isDifference ? element('button', { type: 'button', title: 'Take this pane away', 'aria-label': `Take pane ${index + 1} away`, onclick: () => viewer.actions.removePane(index) }, '✕') : null,
      last && !isDifference ? compare(names, (v) => viewer.actions.addPane(Number(v))) : null);
    for (const type of ['pointerdown', 'wheel', 'dblclick']) head.addEventListener(type, (e) => e.stopPropagation());
    head.addEventListener('keydown', this.onEscape);
    return head;
  }

  destroy() {
    document.removeEventListener('pointerdown', this.closer);
  }
}

/** The list of maps that one more pane can show. @param {string[][]} names @param {(v: string) => void} add */
function compare(names, add) {
  const list = choice('+ Compare with another map', [['', '+ Compare'], ...names], '', (v) => v && add(v), 'Show another map beside');
  list.classList.add('cv-compare');
  return list;
}
