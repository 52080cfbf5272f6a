/**
 * Mouse and touch: orbit, pan, zoom, hover, click and lasso.
 * @module pointer
 */
import { placeIn } from './dom.js';

/**
 * @param {HTMLElement} stage
 * @param {{lasso: () => boolean, orbit: Function, pan: Function, zoom: Function, hover: Function, leave: Function,
 *   takesWheel: (e: WheelEvent) => boolean, click: Function, lassoMove: Function, lassoEnd: Function, reset: Function}} act
 * @returns {() => void} stop listening
 */
export function listenToPointer(stage, act) {
  const fingers = new Map();
  let travelled = 0;
  let path = null;
  const at = (e) => placeIn(stage, e);
  const spread = () => {
    const [a, b] = [...fingers.values()];
    return { gap: Math.hypot(a[0] - b[0], a[1] - b[1]), middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] };
  };
  const down = (e) => {
    fingers.set(e.pointerId, at(e));
    travelled = fingers.size > 1 ? Infinity : 0;
    if (act.lasso() && fingers.size === 1 && e.button === 0) path = [at(e)];
    stage.setPointerCapture(e.pointerId);
  };
  const pinch = (e) => {
    const before = spread();
    fingers.set(e.pointerId, at(e));
    const after = spread();
    act.pan(after.middle[0] - before.middle[0], after.middle[1] - before.middle[1]);
    act.zoom(after.gap / Math.max(before.gap, 1), after.middle);
  };
  const drag = (e) => {
    const [x, y] = at(e);
    const [x0, y0] = fingers.get(e.pointerId);
    fingers.set(e.pointerId, [x, y]);
    travelled += Math.abs(x - x0) + Math.abs(y - y0);
    if (path) {
      path.push([x, y]);
      act.lassoMove(path);
    } else if (travelled >= 4) {
      if (e.buttons & 6 || e.shiftKey || e.ctrlKey) act.pan(x - x0, y - y0);
      else act.orbit(x - x0, y - y0);
    }
  };
  const move = (e) => {
    if (!fingers.has(e.pointerId)) act.hover(at(e));
    else if (fingers.size === 2) pinch(e);
    else drag(e);
  };
  const up = (e) => {
    if (!fingers.delete(e.pointerId)) return;
    if (path && travelled >= 4) act.lassoEnd(path, e.shiftKey);
    else if (travelled < 4 && e.button === 0) act.click(at(e), e.shiftKey);
    path = null;
  };
  const cancel = (e) => {
    fingers.delete(e.pointerId);
    path = null;
    act.lassoMove(null);
  };
  const wheel = (e) => {
    if (!act.takesWheel(e)) return;
    e.preventDefault();
    act.zoom(Math.exp(-e.deltaY * (e.deltaMode ? 0.03 : 0.0015)), at(e));
  };
  /** @type {[string, (e: any) => void][]} */
  const list = [
    ['pointerdown', down], ['pointermove', move], ['pointerup', up], ['pointercancel', cancel],
    ['pointerleave', () => act.leave()], ['dblclick', () => act.reset()], ['contextmenu', (e) => e.preventDefault()],
  ];
  for (const [type, listener] of list) stage.addEventListener(type, listener);
  stage.addEventListener('wheel', wheel, { passive: false });
  return () => {
    for (const [type, listener] of list) stage.removeEventListener(type, listener);
    stage.removeEventListener('wheel', wheel);
  };
}
