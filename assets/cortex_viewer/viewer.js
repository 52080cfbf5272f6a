/**
 * The viewer: its elements, its parts, and its life from the first description to the end. The
 * parts do the work: scene (what), uploads and drawing (picture), reading, selection, actions.
 * @module viewer
 */
import { Actions } from './actions.js';
import { Controls } from './controls.js';
import { element } from './dom.js';
import { Drawing } from './drawing.js';
import { handleKey } from './keyboard.js';
import { barSpec } from './looks.js';
import { downloadPicture, downloadVector } from './picture.js';
import { listenToPointer } from './pointer.js';
import { Reading } from './reading.js';
import { Readout } from './readout.js';
import { Renderer } from './renderer.js';
import { Scene } from './scene.js';
import { Selection } from './selection.js';
import { encodeState } from './state.js';
import { STYLE } from './style.js';
import { roiTable } from './table.js';
import { Uploads } from './uploads.js';

const STAGE_LABEL = 'Cortical surface. Press question mark for the keys.';
const LOST = 'The graphics context was lost; waiting for the browser to give it back.';

export class CortexViewer {
  /**
   * @param {HTMLElement} host
   * @param {import('./payload.js').BlobStore} store
   * @param {import('./types.d.ts').Tell} tell
   */
  constructor(host, store, tell) {
    this.host = host;
    this.store = store;
    this.tell = tell;
    /** @type {import('./reading.js').Hit | null} */
    this.hit = null;
    this.lost = false;
    this.scene = new Scene(store);
    this.choosing = new Selection(this);
    this.actions = new Actions(this);
    this.reading = new Reading(this);
    this.drawing = new Drawing(this);
    this.buildPage();
    this.listen();
    this.openRenderer();
    this.onBlobs = () => this.applyScene();
    store.listeners.add(this.onBlobs);
    Object.assign(host, { __cortex: this.debugHandle() });
  }

  buildPage() {
    this.canvas = element('canvas', { className: 'cv-canvas', 'aria-hidden': 'true' });
    this.overlay = element('canvas', { className: 'cv-overlay', 'aria-hidden': 'true' });
    this.stage = element('div', { className: 'cv-stage', tabIndex: 0, role: 'application', 'aria-label': STAGE_LABEL }, this.canvas, this.overlay);
    this.message = element('div', { className: 'cv-message', role: 'alert', hidden: true });
    this.status = element('div', { className: 'cv-status', role: 'status', 'aria-live': 'polite' });
    this.readout = new Readout(this.stage);
    this.tableBox = element('div', { className: 'cv-table' });
    this.controls = new Controls(this);
    this.root = element('div', { className: 'cv-root' }, element('style', {}, STYLE), this.controls.root, this.stage, this.message, this.status, this.tableBox);
    this.host.append(this.root);
  }

  listen() {
    this.resizer = new ResizeObserver(() => this.drawing.layout());
    this.resizer.observe(this.stage);
    this.themeWatch = globalThis.matchMedia?.('(prefers-color-scheme: dark)');
    this.onTheme = () => this.drawing.layout();
    this.themeWatch?.addEventListener('change', this.onTheme);
    this.offPointer = listenToPointer(this.stage, this.actions.pointerActions());
    this.stage.addEventListener('keydown', (e) => this.onKey(e));
  }

  openRenderer() {
    this.canvas.addEventListener('webglcontextlost', (e) => {
      e.preventDefault();
      this.lost = true;
      this.say(LOST);
    });
    this.canvas.addEventListener('webglcontextrestored', () => this.restore());
    try {
      this.renderer = new Renderer(this.canvas);
      this.uploads = new Uploads(this.renderer, this.scene);
    } catch (error) {
      this.renderer = null;
      this.say(`This browser shows no 3-D graphics (${error.message}). The table of region means stands in for the brain; to see it, switch hardware acceleration on or take another browser.`);
    }
  }

  /** The context is back: everything on the card is made anew. */
  restore() {
    this.lost = false;
    this.renderer.build();
    this.uploads.forget();
    this.say('');
    if (this.surfaces) this.upload();
  }

  /** Whether there is something to draw with and something to draw. */
  get canDraw() {
    return this.renderer !== null && !this.lost && this.scene.surfaces !== null;
  }

  /** Show or clear the message over the stage. @param {string} text */
  say(text) {
    this.message.textContent = text;
    this.message.hidden = !text;
    this.stage.classList.toggle('cv-hidden', Boolean(text) && !this.renderer);
  }

  /** Take a new description; the state (camera, looks, panes) survives, but for panes that the page asks for. @param {import('./types.d.ts').Header} header @param {string} link @param {import('./types.d.ts').Decider} decider */
  setScene(header, link = '', decider = '') {
    performance.mark('cortex:scene');
    const asked = JSON.stringify(this.header?.selected ?? []);
    if (this.scene.describe(header, link, decider)) this.choosing.empty();
    if (JSON.stringify(header.selected ?? []) !== asked) this.choosing.begin(header.selected ?? []);
    this.host.style.setProperty('--cv-height', `${header.height ?? 600}px`);
    this.applyScene();
  }

  /** Ask for what is missing; draw once everything needed is here. */
  applyScene() {
    if (!this.header || this.askForMissing()) return;
    this.scene.read();
    this.actions.takeWish();
    if (this.renderer && !this.lost) this.upload();
    this.refreshTable();
    performance.mark('cortex:map-ready');
  }

  /** @returns {boolean} whether something needed is not here yet */
  askForMissing() {
    const missing = this.scene.missing();
    if (missing.length) this.tell.need(missing);
    return missing.length > 0;
  }

  upload() {
    this.uploads.all(this.choosing.sets);
    this.drawing.layout();
  }

  refreshTable() {
    const open = this.tableBox.querySelector('details')?.open ?? false;
    const masked = (map) => this.look(map).masked;
    this.tableBox.replaceChildren(roiTable(this.scene.labelSet(), this.maps, this.surfaces.hemis, masked, open));
  }

  /** The picture rests. */
  onRest() {
    this.tell.threshold?.(this.actions.threshold());
    this.tell.changed(encodeState(this.state, this.header));
    const { dataset } = this.root;
    dataset.settled = String(Number(dataset.settled ?? 0) + 1);
  }

  onKey(event) {
    if (event.target !== this.stage || !this.surfaces) return;
    if (event.key === '?') this.controls.toggleHelp();
    else if (!handleKey(event, this.keyActions())) return;
    event.preventDefault();
  }

  // What controls, exports and tests ask of the whole.

  get header() { return this.scene.header; }
  get state() { return this.scene.state; }
  get maps() { return this.scene.maps; }
  get surfaces() { return this.scene.surfaces; }
  get selection() { return this.choosing.sets; }
  shownMaps() { return this.scene.shownMaps(); }
  look(map) { return this.scene.look(map); }
  range(map) { return this.scene.range(map); }
  lut(name) { return this.scene.lut(name); }
  barSpec(map) { return barSpec(this.scene, map); }
  tiles(rects) { return this.drawing.tiles(rects); }
  draw(finer) { this.drawing.draw(finer); }
  onSettled() { this.drawing.settle(); }
  change(part) { this.actions.change(part); }
  changeLook(pane, part, ranges) { this.actions.changeLook(pane, part, ranges); }
  setView(view) { this.actions.setView(view); }
  morphTo(shape) { this.actions.morphTo(shape); }
  reset() { this.actions.reset(); }
  keyActions() { return this.actions.keyActions(); }
  pick(x, y) { return this.reading.pick(x, y); }
  hover(at) { this.hit = this.reading.hover(at); }
  savePicture(options) { return downloadPicture(this, options); }
  saveVector() { return downloadVector(this); }

  /** What tests and the benchmark may look at. */
  debugHandle() {
    return {
      viewer: this,
      project: (hemi, vertex, pane = 0) => this.reading.screenPosition(hemi, vertex, pane),
      visibleVertices: (hemi, pane = 0) => this.reading.visibleVertices(hemi, pane),
      frames: () => [...this.drawing.times],
      hoverTime: () => this.reading.time,
      drawNow: () => {
        this.draw();
        this.renderer.gl.finish();
      },
    };
  }

  destroy() {
    this.drawing.destroy();
    this.actions.destroy();
    this.controls.destroy();
    this.store.listeners.delete(this.onBlobs);
    this.themeWatch?.removeEventListener('change', this.onTheme);
    this.resizer.disconnect();
    this.offPointer();
    this.renderer?.destroy();
    this.root.remove();
    Reflect.deleteProperty(this.host, '__cortex');
  }
}
