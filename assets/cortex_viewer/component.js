/**
 * How Streamlit's component lifecycle drives a viewer. Streamlit calls ``mount`` for every message;
 * the element stays the same while the key stays, and so does the viewer in it.
 * @module component
 */
import { captureView } from './capture.js';
import { sharedStore, unpack } from './payload.js';
import { CortexViewer } from './viewer.js';

/**
 * @typedef {{setTriggerValue: Function, setStateValue: Function}} Page
 * @typedef {{viewer?: CortexViewer, tell?: Page, key?: string, reportsMap?: boolean, asked: string, sent: string, wished: string, map?: string, toldMap?: string, told: number, heard: number, threshold?: number | null, waits?: boolean}} Instance
 */
/** @type {WeakMap<Node, Instance>} */
const instances = new WeakMap();
/** @type {Map<string, CortexViewer>} viewers on the page by their key */
const shown = new Map();
const LINK = 'brain';

/** What a story keeps of the viewer of a key. @param {string} key @returns {ReturnType<typeof captureView>} */
export function capture(key) {
  const viewer = shown.get(key);
  if (!viewer?.surfaces) throw new Error('The brain is not drawn yet. Try again in a moment.');
  return captureView(viewer);
}

/**
 * @param {{data: Uint8Array, parentElement: Node, setTriggerValue: Function, setStateValue: Function}} component
 * @returns {() => void} called when Streamlit takes the element away
 */
export function mount({ data, parentElement, setTriggerValue, setStateValue }) {
  const { header: message, blobs } = unpack(data);
  const store = sharedStore();
  let instance = instances.get(parentElement);
  if (!instance) {
    instance = { asked: '', sent: '', wished: '', told: 0, heard: 0 };
    instances.set(parentElement, instance);
    const host = document.createElement('div');
    host.className = 'cortex-viewer';
    parentElement.appendChild(host);
    instance.viewer = new CortexViewer(host, store, tellThrough(instance));
  }
  instance.key = message.key;
  shown.set(message.key, instance.viewer);
  instance.reportsMap = message.report_map === true;
  instance.threshold ??= null;
  instance.tell = { setTriggerValue, setStateValue };
  store.put(blobs);
  if (blobs.length) instance.asked = '';
  const header = wholeHeader(message, store);
  if (header) {
    instance.viewer.setScene(header, readLink(message.key), decides(instance, message));
    const wished = JSON.stringify(header.selected ?? []);
    if (wished !== instance.wished) instance.sent = instance.wished = wished;
    instance.map = header.maps[header.view.panes[0]]?.name;
    takeThreshold(instance, message.threshold ?? null);
    const first = instance.viewer.scene.paneNames()[0];
    if (first !== instance.map) instance.viewer.tell.map(first);
  } else instance.viewer.tell.need([message.scene]);
  return () => {
    instance.viewer.destroy();
    if (shown.get(instance.key) === instance.viewer) shown.delete(instance.key);
    instances.delete(parentElement);
  };
}

/** A message with the part of the description that it names. @param {import('./types.d.ts').Header} message @param {import('./payload.js').BlobStore} store @returns {import('./types.d.ts').Header | null} null while that part is not here */
export function wholeHeader(message, store) {
  const description = store.get(message.scene);
  return description ? { ...description.meta, ...message } : null;
}

/**
 * Whose map the first pane shows: the reader's newest choice until the page has heard of it, from then
 * on the page's, which may have moved on meanwhile; "" where the page could not take the choice.
 * @param {Instance} instance @param {import('./types.d.ts').Header} message @returns {import('./types.d.ts').Decider}
 */
function decides(instance, message) {
  if (!instance.reportsMap) return '';
  instance.heard = message.heard ?? 0;
  if (instance.heard < instance.told) return 'reader';
  instance.told = instance.heard;
  return message.taken === false ? '' : 'page';
}

/** Follow the page's threshold, unless the reader has changed it since and the page has not heard. @param {Instance} instance @param {number | null} wished */
function takeThreshold(instance, wished) {
  if (!instance.reportsMap) return;
  if (wished === instance.threshold) instance.waits = false;
  else if (!instance.waits) {
    instance.threshold = wished;
    instance.viewer.actions.setThreshold(wished);
  }
}

/** What a viewer tells goes to the page. @param {Instance} instance @returns {import('./types.d.ts').Tell} */
function tellThrough(instance) {
  return {
    select: (lists) => {
      const text = JSON.stringify(lists);
      if (text === instance.sent) return;
      instance.sent = text;
      instance.tell.setStateValue('selection', lists);
    },
    need: (hashes) => {
      // The page's answer to the reader's choice of a map brings that map.
      if (instance.heard < instance.told) return;
      const text = [...hashes].sort().join();
      if (text === instance.asked) return;
      instance.asked = text;
      instance.tell.setTriggerValue('need', hashes);
    },
    map: (name) => {
      // A page that keeps its own map is told once, not at every message; counted, so that a map
      // chosen again after the page went back from it is news.
      const known = instance.heard < instance.told ? instance.toldMap : instance.map;
      if (!instance.reportsMap || name === known) return;
      instance.toldMap = name;
      instance.told += 1;
      instance.tell.setStateValue('map', { name, told: instance.told });
    },
    threshold: (value) => {
      if (!instance.reportsMap || value === instance.threshold) return;
      Object.assign(instance, { threshold: value, waits: true });
      instance.tell.setStateValue('threshold', value);
    },
    changed: (link) => writeLink(instance.key, link),
  };
}

/** The viewer's part of the page address. @param {string} key @returns {string} */
export function readLink(key) {
  return new URLSearchParams(location.hash.slice(1)).get(`${LINK}-${key}`) ?? '';
}

/** Keep the address in step without a new entry in the history. @param {string} key @param {string} link */
export function writeLink(key, link) {
  const all = new URLSearchParams(location.hash.slice(1));
  if (all.get(`${LINK}-${key}`) === link) return;
  all.set(`${LINK}-${key}`, link);
  history.replaceState(history.state, '', `${location.href.split('#')[0]}#${all}`);
}
