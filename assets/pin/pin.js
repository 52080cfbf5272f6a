/**
 * The button "Pin to story": takes the picture of a figure or a brain as it is on the page now, and
 * hands it to Python, which adds the numbers.
 * @module pin
 */

const FINER = 3;
const SVG = 'http://www.w3.org/2000/svg';
const LAYERS = 'svg.main-svg, .gl-container canvas';
/** Slides are printed on white. */
const GROUND = '#ffffff';
/** Layers that only the mouse needs. */
const PASSING = '.draglayer, .hoverlayer, .zoomlayer';
const POLL_MS = 50;
const PATIENCE_MS = 10_000;
/** @type {WeakSet<ParentNode>} those that have taken their picture without being asked */
const begun = new WeakSet();

/**
 * @param {{data: {kind: string, target: string, way?: 'describe' | 'at once'}, parentElement: ParentNode, setTriggerValue: Function}} component
 *   `describe` takes no picture, which Python has drawn anew on white; `at once` takes that, as soon as it stands
 */
export default function pin({ data, parentElement, setTriggerValue }) {
  const button = parentElement.querySelector('button');
  const said = parentElement.querySelector('[role=status]');
  const take = async () => {
    button.disabled = true;
    said.textContent = '';
    try {
      setTriggerValue('taken', { ...await look(data), address: location.href });
    } catch (error) {
      said.textContent = error.message;
      button.style.display = '';
    }
    button.disabled = false;
  };
  button.onclick = take;
  if (data.way !== 'at once' || begun.has(parentElement)) return;
  begun.add(parentElement);
  button.style.display = 'none';
  take();
}

/** @param {{kind: string, target: string, way?: string}} wanted */
async function look({ kind, target, way }) {
  if (kind === 'brain') return takeBrain(target);
  if (way === 'at once') await drawn(target);
  const plot = findPlot(target);
  const described = { size: sizeOf(plot), ...readChanges(plot) };
  return way === 'describe' ? described : { ...described, ...await takeFigure(plot) };
}

/** What the reader did to a figure: where it is zoomed to, and which traces the legend hides. @param {any} plot Plotly's element */
function readChanges({ layout = {}, data = [] }) {
  const zoomed = Object.entries(layout).filter(([name, axis]) => /^[xy]axis\d*$/.test(name) && axis.autorange === false && axis.range);
  const hidden = data.map(({ visible }, i) => (visible === 'legendonly' ? i : -1)).filter((i) => i >= 0);
  return { ranges: Object.fromEntries(zoomed.map(([name, { range }]) => [name, [...range]])), hidden };
}

/** Wait until a figure stands and has stopped changing. @param {string} target */
async function drawn(target) {
  let before = '';
  for (let waited = 0; waited < PATIENCE_MS; waited += POLL_MS) {
    const now = document.querySelector(`.${CSS.escape(target)} .js-plotly-plot`)?.innerHTML ?? '';
    if (now.includes('main-svg') && now === before) return;
    before = now;
    await new Promise((go) => setTimeout(go, POLL_MS));
  }
}

function takeBrain(key) {
  const runtime = globalThis.__cortexRuntime;
  if (!runtime?.capture) throw new Error('The brain is not drawn yet. Try again in a moment.');
  return runtime.capture(key);
}

/** @param {string} name class of the container that holds the figure @returns {Element} */
function findPlot(name) {
  const plot = document.querySelector(`.${CSS.escape(name)} .js-plotly-plot`);
  if (!plot?.querySelector(LAYERS)) throw new Error('The figure is not drawn yet. Try again in a moment.');
  return plot;
}

function sizeOf(plot) {
  const { width, height } = plot.getBoundingClientRect();
  return { width: Math.round(width), height: Math.round(height) };
}

/** Pictures of a figure that is drawn for a light page. @param {Element} plot */
async function takeFigure(plot) {
  /** @type {NodeListOf<HTMLCanvasElement | SVGElement>} */
  const found = plot.querySelectorAll(LAYERS);
  const layers = [...found];
  const size = sizeOf(plot);
  const shared = [...plot.querySelectorAll('svg.main-svg > defs')];
  const clean = layers.map((layer) => (layer instanceof HTMLCanvasElement ? layer : cleanCopy(layer, shared, size)));
  const picture = await paint(clean, size);
  const vector = clean.some((layer) => layer instanceof HTMLCanvasElement) ? null : joinLayers(clean, size);
  return { picture, vector };
}

/** A layer that shows the same outside its page. @param {SVGElement} layer @param {Element[]} shared what layers take from each other: a colour bar's ramp */
function cleanCopy(layer, shared, { width, height }) {
  const copy = /** @type {SVGElement} */ (layer.cloneNode(true));
  copy.append(...shared.filter((defs) => defs.parentNode !== layer).map((defs) => defs.cloneNode(true)));
  for (const passing of copy.querySelectorAll(PASSING)) passing.remove();
  for (const node of copy.querySelectorAll('*')) {
    for (const { name, value } of [...node.attributes]) {
      if (name.startsWith('data-')) node.removeAttribute(name);
      else if (value.includes('url(')) node.setAttribute(name, value.replace(/url\((["']?)[^"')#]*#/g, 'url($1#'));
    }
  }
  copy.setAttribute('xmlns', SVG);
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  copy.style.background = 'none';
  return copy;
}

/** @returns {Promise<string>} a PNG as a data address */
async function paint(layers, { width, height }) {
  const canvas = Object.assign(document.createElement('canvas'), { width: width * FINER, height: height * FINER });
  const g = canvas.getContext('2d');
  g.fillStyle = GROUND;
  g.fillRect(0, 0, canvas.width, canvas.height);
  for (const layer of layers) {
    const source = layer instanceof HTMLCanvasElement ? layer : await rasterise(layer, width, height);
    g.drawImage(source, 0, 0, canvas.width, canvas.height);
  }
  return canvas.toDataURL('image/png');
}

/** @param {SVGElement} layer @returns {Promise<HTMLImageElement>} */
function rasterise(layer, width, height) {
  const large = /** @type {SVGElement} */ (layer.cloneNode(true));
  large.setAttribute('viewBox', `0 0 ${width} ${height}`);
  large.setAttribute('width', String(width * FINER));
  large.setAttribute('height', String(height * FINER));
  const text = write(large);
  const image = new Image();
  return new Promise((resolve, reject) => {
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error('This browser cannot take a picture of the figure.'));
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  });
}

function joinLayers(layers, { width, height }) {
  const whole = document.createElementNS(SVG, 'svg');
  for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) whole.setAttribute(name, value);
  const paper = document.createElementNS(SVG, 'rect');
  for (const [name, value] of Object.entries({ width: '100%', height: '100%', fill: GROUND })) paper.setAttribute(name, value);
  whole.append(paper, ...layers);
  return write(whole);
}

/** A drawing as text, without the characters that XML cannot hold. @param {SVGElement} drawing */
function write(drawing) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
  return new XMLSerializer().serializeToString(drawing).replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '');
}
