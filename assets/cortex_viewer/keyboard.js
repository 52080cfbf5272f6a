/**
 * Every action of the mouse by keyboard, and the list of keys that the help shows.
 * @module keyboard
 */
import { VIEWS } from './camera.js';

export const KEY_HELP = Object.freeze([
  ['Arrow keys', 'turn the brain'],
  ['Shift + arrow keys', 'move the brain'],
  ['+ and −', 'zoom'],
  ['[ and ]', 'roll'],
  ['1 to 8', 'lateral, medial, dorsal, ventral, anterior, posterior, 2 × 2, lateral + ventral'],
  ['Z', 'fit to the data that are shown'],
  ['0', 'reset the view'],
  ['F', 'full window'],
  ['G', 'next surface'],
  ['O and C', 'open and close the hemispheres'],
  ['H', 'both, left or right hemisphere'],
  ['M', 'next map in the first pane'],
  ['X', 'show a reading cross; I J K L move it'],
  ['Enter', 'select the vertex under the cross (Shift adds)'],
  ['B', 'broaden the selection by its neighbours'],
  ['Escape', 'clear the selection'],
  ['Ctrl + Z, Ctrl + Shift + Z', 'undo and redo a choice'],
]);

const STEP = Math.PI / 24;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const CROSS = { j: [-1, 0], l: [1, 0], i: [0, -1], k: [0, 1] };

/**
 * Carry out a key.
 * @param {KeyboardEvent} event
 * @param {Object<string, Function>} act
 * @returns {boolean} whether the key meant something
 */
export function handleKey(event, act) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (ARROWS[key]) {
    const [x, y] = ARROWS[key];
    if (event.shiftKey) act.pan(x * 20, y * 20);
    else act.orbitBy(x * STEP, y * STEP);
    return true;
  }
  if (CROSS[key]) return act.moveCross(...CROSS[key]);
  if (key >= '1' && key <= '8') {
    act.setView(VIEWS[Number(key) - 1]);
    return true;
  }
  const simple = {
    '+': () => act.zoomBy(1.15), '=': () => act.zoomBy(1.15), '-': () => act.zoomBy(1 / 1.15),
    '[': () => act.roll(STEP), ']': () => act.roll(-STEP), 0: () => act.reset(), g: () => act.nextShape(),
    z: () => act.fit(), f: () => act.fullWindow(), o: () => act.openBy(0.1), c: () => act.openBy(-0.1), h: () => act.nextHemis(), m: () => act.nextMap(),
    x: () => act.toggleCross(), b: () => act.growSelection(), Enter: () => act.selectCross(event.shiftKey), Escape: () => act.clearSelection(),
  };
  simple[key]?.();
  return Object.hasOwn(simple, key);
}
