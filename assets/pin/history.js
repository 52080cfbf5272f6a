/**
 * The buttons "Undo" and "Redo" and their keys: Ctrl-Z and Ctrl-Shift-Z (⌘ on a Mac, or Ctrl-Y), never while text is being
 * written, nor where the brain has taken the key.
 * @module history
 */

const WRITTEN = 'input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, select, [contenteditable=true]';
/** @type {WeakMap<ParentNode, AbortController>} */
const listening = new WeakMap();

/** @param {{data: {undo: boolean, redo: boolean}, parentElement: ParentNode, setTriggerValue: Function}} component */
export default function offerHistory({ data, parentElement, setTriggerValue }) {
  listening.get(parentElement)?.abort();
  const ends = new AbortController();
  listening.set(parentElement, ends);
  for (const way of /** @type {const} */ (['undo', 'redo'])) {
    const button = /** @type {HTMLButtonElement} */ (parentElement.querySelector(`[data-way=${way}]`));
    button.disabled = !data[way];
    button.onclick = () => setTriggerValue('way', way);
  }
  document.addEventListener('keydown', (event) => {
    const way = readKey(event);
    if (!way) return;
    event.preventDefault();
    if (data[way]) setTriggerValue('way', way);
  }, { signal: ends.signal });
  return () => ends.abort();
}

/** @param {KeyboardEvent} event @returns {'undo' | 'redo' | null} */
function readKey(event) {
  const key = event.key.toLowerCase();
  if (!(event.ctrlKey || event.metaKey) || event.altKey || !['z', 'y'].includes(key) || event.defaultPrevented) return null;
  if (event.composedPath().some((node) => node instanceof Element && node.matches(WRITTEN))) return null;
  return key === 'y' || event.shiftKey ? 'redo' : 'undo';
}
