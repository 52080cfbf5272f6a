/**
 * A talk in one page: slides with live figures and brains, the keyboard, notes in a second window, a
 * timer. Nothing is loaded: slides, viewer and Plotly are handed in.
 * @module deck
 */

/**
 * @typedef {{title: string, caption: string, notes: string, source: string, figure?: object, brain?: string,
 *   view?: object, picture?: string}} Slide
 * @typedef {{openBrain: Function, plotly: () => any}} Renderers
 */

const LEAST_TEXT = 18;
const LEAST_LINE = 2;
const LEAST_BRAIN = 200;
/** Brains that stay alive; browsers take the graphics context of the oldest away where there are more than 16. */
const MOST_BRAINS = 8;
const KEYS = [
  ['→ Space', 'next slide'], ['←', 'slide before'], ['Home End', 'first, last'], ['F', 'full window'],
  ['N', 'speaker notes in a second window'], ['T', 'start or stop the timer'], ['0', 'timer to zero'], ['D', 'light or dark'],
  ['B', "the brain's controls"], ['Esc', 'give the keys back to the slides; leave'], ['?', 'these keys'],
];

/** @param {HTMLElement} host @param {{name: string, simulated: boolean, slides: Slide[]}} story @param {Renderers} renderers */
export function openDeck(host, story, renderers) {
  return new Deck(host, story, renderers);
}

class Deck {
  constructor(host, story, renderers) {
    this.host = host;
    this.story = story;
    this.renderers = renderers;
    this.at = 0;
    /** @type {Map<number, Promise<void>>} */
    this.drawn = new Map();
    /** @type {Map<number, any>} */
    this.brains = new Map();
    /** @type {Window | null} */
    this.notes = null;
    this.timer = new Timer(() => this.showTime());
    this.setDark(startsDark());
    this.build();
    addEventListener('keydown', (event) => this.onKey(event));
    addEventListener('hashchange', () => this.show(placeFromHash()));
    addEventListener('resize', () => this.fit());
    this.show(placeFromHash());
    Object.assign(host, { __deck: this });
  }

  get slides() { return this.story.slides; }

  build() {
    this.pages = this.slides.map((slide) => buildPage(slide));
    this.source = make('span', { className: 'deck-source' });
    this.number = make('span', {});
    this.clock = make('span', { className: 'deck-timer', title: 'T starts and stops, 0 resets' }, '0:00');
    const button = (label, text, act) => make('button', { type: 'button', title: label, ariaLabel: label, onclick: act }, text);
    this.foot = make('footer', { className: 'deck-foot' }, this.source, this.clock,
      button('Speaker notes', 'N', () => this.openNotes()), button('Keys', '?', () => this.toggleHelp()),
      button('Slide before', '‹', () => this.show(this.at - 1)), this.number, button('Next slide', '›', () => this.show(this.at + 1)));
    const empty = this.slides.length ? [] : [make('p', { className: 'deck-empty' }, 'This story has no slides yet.')];
    this.host.replaceChildren(...empty, ...this.pages, this.foot);
  }

  /** @param {number} place counted from 0; beyond an end means that end */
  show(place) {
    if (!this.slides.length) return;
    this.at = Math.max(0, Math.min(place, this.slides.length - 1));
    this.pages.forEach((page, i) => { page.hidden = i !== this.at; });
    const slide = this.slides[this.at];
    this.source.textContent = slide.source;
    this.source.classList.toggle('deck-simulated', slide.source.startsWith('SIMULATED'));
    this.number.textContent = `${this.at + 1} / ${this.slides.length}`;
    document.title = `${slide.title} · ${this.story.name}`;
    keepPlace(this.at);
    const close = this.brains.get(this.at);
    if (close) this.brains.delete(this.at) && this.brains.set(this.at, close); // the youngest again
    this.draw(this.at).then(() => this.fit());
    this.showNotes();
  }

  /** Draw a slide once; what is live stays alive while the reader goes on. @param {number} place */
  draw(place) {
    if (!this.drawn.has(place)) this.drawn.set(place, this.fill(this.slides[place], this.pages[place].querySelector('.deck-figure'), place));
    return this.drawn.get(place);
  }

  /** Give back the graphics of the brains that were shown the longest ago; they are drawn again on the way back. */
  retire() {
    const oldest = [...this.brains.keys()].filter((place) => place !== this.at);
    for (const place of oldest.slice(0, Math.max(0, this.brains.size - MOST_BRAINS))) {
      this.brains.get(place)();
      this.brains.delete(place);
      this.drawn.delete(place);
      this.pages[place].querySelector('.deck-figure').replaceChildren(picture(this.slides[place]));
    }
  }

  async fill(slide, box, place) {
    try {
      if (slide.figure) await this.plot(box, slide.figure);
      else if (slide.brain && canShowBrains()) {
        const several = (slide.view.maps ?? []).length > 1;
        const brain = make('div', { className: `cortex-viewer${several ? '' : ' deck-alone'}` });
        box.replaceChildren(brain);
        this.brains.set(place, await this.renderers.openBrain(brain, slide.brain, { ...slide.view, key: `slide${place + 1}`, least: LEAST_BRAIN }));
        this.retire();
      } else box.replaceChildren(picture(slide));
    } catch (error) {
      box.replaceChildren(...(slide.picture ? [picture(slide)] : []), make('p', {}, `This slide could not be drawn live: ${error.message}`));
    }
  }

  /** Draw a figure large enough for the back row, in the colours of the page. */
  plot(box, figure) {
    const { data = [], layout = {} } = inked(figure, this.story.inks, this.dark);
    const { width, height, ...rest } = layout;
    const shapes = (rest.shapes ?? []).map((shape) => ({ ...shape, line: thick(shape.line ?? {}, 'width') }));
    const whole = readable({ ...rest, shapes, autosize: true, font: { ...rest.font, size: LEAST_TEXT + 2 } });
    return this.renderers.plotly().react(box, data.map((trace) => readable(bolder(trace))), whole, { responsive: true, displayModeBar: false });
  }

  /** Let the shown figure fill its box, which has no size while it is hidden. */
  fit() {
    const box = this.pages[this.at]?.querySelector('.deck-figure');
    if (box?.classList.contains('js-plotly-plot')) this.renderers.plotly().Plots.resize(box);
  }

  setDark(dark) {
    this.dark = dark;
    document.documentElement.classList.toggle('dark', dark);
    for (const place of this.drawn.keys()) {
      const { figure } = this.slides[place];
      if (figure) this.plot(this.pages[place].querySelector('.deck-figure'), figure);
    }
    dispatchEvent(new Event('resize'));
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inside = event.target.closest?.('input, textarea, select, .cv-stage');
    const acts = {
      ArrowRight: () => this.show(this.at + 1), PageDown: () => this.show(this.at + 1), ' ': () => this.show(this.at + 1),
      ArrowLeft: () => this.show(this.at - 1), PageUp: () => this.show(this.at - 1),
      Home: () => this.show(0), End: () => this.show(this.slides.length - 1),
      f: () => this.toggleFull(), n: () => this.openNotes(), t: () => this.timer.toggle(), 0: () => this.timer.reset(),
      d: () => this.setDark(!this.dark), b: () => this.toggleTools(), '?': () => this.toggleHelp(), Escape: () => this.escape(inside),
    };
    const paging = ['PageDown', 'PageUp', 'Escape'].includes(event.key);
    if ((inside && !paging) || (event.key === ' ' && event.target.closest?.('button'))) return;
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** Close what is open, give the keys back to the slides, or leave. @param {HTMLElement | null} inside where a brain has the keys */
  escape(inside) {
    if (this.help?.isConnected) this.help.remove();
    else if (inside) inside.blur();
    else globalThis.dispatchEvent(new Event('deck-leave'));
  }

  toggleTools() {
    this.host.classList.toggle('deck-tools');
    dispatchEvent(new Event('resize'));
  }

  toggleFull() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen?.();
  }

  toggleHelp() {
    if (this.help?.isConnected) {
      this.help.remove();
      return;
    }
    const rows = KEYS.map(([key, what]) => make('tr', {}, make('td', {}, make('b', {}, key)), make('td', {}, what)));
    this.help = make('table', { className: 'deck-help', role: 'dialog' }, ...rows);
    this.host.append(this.help);
  }

  openNotes() {
    this.notes = globalThis.open('', 'deck-notes', 'width=720,height=560');
    if (!this.notes) return;
    this.notes.document.title = `Notes · ${this.story.name}`;
    this.notes.addEventListener('keydown', (event) => this.onKey(event));
    this.showNotes();
  }

  showNotes() {
    if (!this.notes || this.notes.closed) return;
    const { body } = this.notes.document;
    const next = this.slides[this.at + 1];
    const line = (text, style) => Object.assign(this.notes.document.createElement('p'), { textContent: text, style });
    body.style = 'font: 22px system-ui, sans-serif; margin: 24px; background: #fff; color: #1f2328';
    this.notesClock = line('', 'font-size: 20px; color: #57606a');
    body.replaceChildren(this.notesClock, line(this.slides[this.at].title, 'font-weight: 700'),
      line(this.slides[this.at].notes || 'No notes on this slide.', 'white-space: pre-wrap; line-height: 1.4'),
      line(next ? `Next: ${next.title}` : 'Last slide', 'color: #57606a'));
    this.showTime();
  }

  showTime() {
    const text = this.timer.text();
    this.clock.textContent = text;
    if (this.notesClock) this.notesClock.textContent = `${text} · slide ${this.at + 1} of ${this.slides.length}`;
  }
}

/** Seconds that a talk has taken. */
class Timer {
  /** @param {() => void} tick */
  constructor(tick) {
    this.tick = tick;
    this.passed = 0;
    /** @type {number | null} */
    this.since = null;
    setInterval(() => this.since !== null && tick(), 500);
  }

  get seconds() { return this.passed + (this.since === null ? 0 : (performance.now() - this.since) / 1000); }

  toggle() {
    [this.passed, this.since] = [this.seconds, this.since === null ? performance.now() : null];
    this.tick();
  }

  reset() {
    [this.passed, this.since] = [0, this.since === null ? null : performance.now()];
    this.tick();
  }

  text() {
    const whole = Math.floor(this.seconds);
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
  }
}

function buildPage(slide) {
  return make('section', { className: 'deck-slide', hidden: true, ariaLabel: slide.title },
    make('h1', {}, slide.title), make('div', { className: 'deck-figure' }), make('p', { className: 'deck-caption' }, slide.caption));
}

function canShowBrains() {
  const gl = document.createElement('canvas').getContext('webgl2');
  gl?.getExtension('WEBGL_lose_context')?.loseContext();
  return gl !== null;
}

function picture(slide) {
  return make('img', { src: `data:image/png;base64,${slide.picture}`, alt: slide.title });
}

/** A trace whose lines can be seen from afar. @param {any} trace */
function bolder(trace) {
  const out = trace.line ? { ...trace, line: thick(trace.line, 'width') } : { ...trace };
  for (const name of ['error_x', 'error_y']) if (trace[name]) out[name] = thick(trace[name], 'thickness');
  const { title } = trace.colorbar ?? {};
  if (title) out.colorbar = { ...trace.colorbar, title: { ...title, font: { size: LEAST_TEXT, ...title.font } } };
  return out;
}

/** A line at least as wide as can be seen. @param {any} line @param {string} name of its width */
function thick(line, name) {
  return { ...line, [name]: Math.max(line[name] ?? LEAST_LINE, LEAST_LINE) };
}

/** Raise every font of a layout that is smaller than the back row can read. @param {any} part @returns {any} */
export function readable(part) {
  if (Array.isArray(part)) return part.map(readable);
  if (part === null || typeof part !== 'object') return part;
  const out = {};
  for (const [name, value] of Object.entries(part)) {
    const isFont = /font$/i.test(name) && value && typeof value === 'object';
    out[name] = isFont && typeof value.size === 'number' ? { ...readable(value), size: Math.max(value.size, LEAST_TEXT) } : readable(value);
  }
  return out;
}

/** A figure with the neutral colours of a light or a dark page. @param {object} figure @param {{light: object, dark: object}} inks @param {boolean} dark @returns {any} */
export function inked(figure, inks, dark) {
  const [from, to] = dark ? [inks.light, inks.dark] : [inks.dark, inks.light];
  const text = Object.keys(to).reduce((all, name) => all.replaceAll(from[name], to[name]), JSON.stringify(figure));
  return JSON.parse(text);
}

/** The slide that the address names, counted from 0. */
function placeFromHash() {
  const number = Number(hashParts().get('slide'));
  return Number.isInteger(number) && number > 0 ? number - 1 : 0;
}

/** Name the slide in the address, beside what the brains keep there. @param {number} place counted from 0 */
function keepPlace(place) {
  const parts = hashParts();
  parts.set('slide', String(place + 1));
  history.replaceState(null, '', `${location.href.split('#')[0]}#${parts}`);
}

/** Whether the deck begins dark: as the page around it, else as the system. */
function startsDark() {
  const theme = hashParts().get('theme');
  return theme ? theme === 'dark' : globalThis.matchMedia?.('(prefers-color-scheme: dark)').matches ?? false;
}

function hashParts() {
  return new URLSearchParams(location.hash.slice(1));
}

/** @template {keyof HTMLElementTagNameMap} Tag @param {Tag} name @param {Object<string, any>} properties @param {...(Node|string)} children @returns {HTMLElementTagNameMap[Tag]} */
function make(name, properties, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in node) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}
