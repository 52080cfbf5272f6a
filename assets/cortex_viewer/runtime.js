/**
 * Entry for Streamlit's invisible instance that carries the code: it makes ``mount`` and
 * ``capture`` known to the page once, so that the messages of the viewers themselves carry data only.
 * @module runtime
 */
import { capture, mount } from './component.js';

/** Let viewers that came first begin. */
export function announce() {
  globalThis.__cortexRuntime ??= { waiting: [] };
  const slot = globalThis.__cortexRuntime;
  Object.assign(slot, { mount, capture });
  for (const start of slot.waiting.splice(0)) start();
}
