/**
 * The button "Pin to story": takes the picture of a figure or a brain as it is on the page now, and
 * hands it to Python, which adds the numbers.
 * @module pin
 */

const FINER = 3;
const SVG = 'http://www.w3.org/2000/svg';
/** Layers that only the mouse needs. */
const PASSING = '.draglayer, .hoverlayer, .zoomlayer';

/** @param {{data: {kind: string, target: string}, parentElement: ParentNode, setTriggerValue: Function}} component */
export default function pin({ data, parentElement, setTriggerValue }) {
  const button = parentElement.querySelector('button');
  const said = parentElement.querySelector('[role=status]');
  button.onclick = async () => {
    button.disabled = true;
    said.textContent = '';
    try {
      const taken = data.kind === 'brain' ? takeBrain(data.target) : await takeFigure(data.target);
      setTriggerValue('taken', { ...taken, address: location.href });
    } catch (error) {
      said.textContent = error.message;
    }
    button.disabled = false;
  };
}

function takeBrain(key) {
  const runtime = globalThis.__cortexRuntime;
  if (!runtime?.capture) throw new Error('The brain is not drawn yet. Try again in a moment.');
  return runtime.capture(key);
}

/** @param {string} name class of the container that holds the figure */
async function takeFigure(name) {
  const plot = document.querySelector(`.${CSS.escape(name)} .js-plotly-plot`);
  const layers = [...(plot?.querySelectorAll('svg.main-svg, .gl-container canvas') ?? [])];
  if (!layers.length) throw new Error('The figure is not drawn yet. Try again in a moment.');
  const { width, height } = plot.getBoundingClientRect();
  const size = { width: Math.round(width), height: Math.round(height) };
  const ground = getComputedStyle(document.querySelector('.stApp') ?? document.body).backgroundColor;
  const shared = [...plot.querySelectorAll('svg.main-svg > defs')];
  const drawn = layers.map((layer) => (layer instanceof HTMLCanvasElement ? layer : cleanCopy(layer, shared, size)));
  const picture = await paint(drawn, size, ground);
  const vector = drawn.some((layer) => layer instanceof HTMLCanvasElement) ? null : joinLayers(drawn, size, ground);
  return { picture, vector };
}

/** A layer that shows the same outside its page. @param {SVGElement} layer @param {Element[]} shared what layers take from each other: a colour bar's ramp */
function cleanCopy(layer, shared, { width, height }) {
  const copy = layer.cloneNode(true);
  copy.append(...shared.filter((defs) => defs.parentNode !== layer).map((defs) => defs.cloneNode(true)));
  for (const passing of copy.querySelectorAll(PASSING)) passing.remove();
  for (const node of copy.querySelectorAll('*')) {
    for (const { name, value } of [...node.attributes]) {
      if (name.startsWith('data-')) node.removeAttribute(name);
      else if (value.includes('url(')) node.setAttribute(name, value.replace(/url\((["']?)[^"')#]*#/g, 'url($1#'));
    }
  }
  copy.setAttribute('xmlns', SVG);
  copy.setAttribute('width', width);
  copy.setAttribute('height', height);
  copy.style.background = 'none';
  return copy;
}

/** @returns {Promise<string>} a PNG as a data address */
async function paint(layers, { width, height }, ground) {
  const canvas = Object.assign(document.createElement('canvas'), { width: width * FINER, height: height * FINER });
  const g = canvas.getContext('2d');
  g.fillStyle = ground;
  g.fillRect(0, 0, canvas.width, canvas.height);
  for (const layer of layers) {
    const source = layer instanceof HTMLCanvasElement ? layer : await rasterise(layer, width, height);
    g.drawImage(source, 0, 0, canvas.width, canvas.height);
  }
  return canvas.toDataURL('image/png');
}

/** @param {SVGElement} layer @returns {Promise<HTMLImageElement>} */
function rasterise(layer, width, height) {
  const large = layer.cloneNode(true);
  large.setAttribute('viewBox', `0 0 ${width} ${height}`);
  large.setAttribute('width', width * FINER);
  large.setAttribute('height', height * FINER);
  const text = write(large);
  const image = new Image();
  return new Promise((resolve, reject) => {
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error('This browser cannot take a picture of the figure.'));
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  });
}

function joinLayers(layers, { width, height }, ground) {
  const whole = document.createElementNS(SVG, 'svg');
  for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) whole.setAttribute(name, value);
  const paper = document.createElementNS(SVG, 'rect');
  for (const [name, value] of Object.entries({ width: '100%', height: '100%', fill: ground })) paper.setAttribute(name, value);
  whole.append(paper, ...layers);
  return write(whole);
}

/** A drawing as text, without the characters that XML cannot hold. @param {SVGElement} drawing */
function write(drawing) {
  return new XMLSerializer().serializeToString(drawing).replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '');
}
