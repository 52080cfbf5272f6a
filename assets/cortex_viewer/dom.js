/**
 * Making elements, nothing more.
 * @module dom
 */

/**
 * An element with attributes, listeners (``onclick``…) and children.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {Object<string, any>} [props] @param {...(Node|string|null)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key in node && key !== 'list' && key !== 'role' && !key.startsWith('aria')) node[key] = value;
    else node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}

/** A labelled list of choices. @param {string} label @param {string[][]} options @param {string} value @param {(v: string) => void} change @param {string} [title] */
export function choice(label, options, value, change, title = label) {
  const list = element('select', { title, 'aria-label': label, onchange: (e) => change(e.target.value) });
  for (const [key, text] of options) list.append(element('option', { value: key, selected: key === value }, text));
  list.value = value;
  return list;
}

/** A labelled slider. @param {string} label @param {{min: number, max: number, step: number, value: number, title?: string, disabled?: boolean}} spec @param {(v: number) => void} change */
export function slider(label, spec, change) {
  return element('input', {
    type: 'range', min: spec.min, max: spec.max, step: spec.step, value: String(spec.value), disabled: spec.disabled,
    title: spec.title ?? label, 'aria-label': label, oninput: (e) => change(Number(e.target.value)),
  });
}

/** A labelled tick box. @param {string} text @param {boolean} checked @param {(v: boolean) => void} change @param {string} [title] */
export function tick(text, checked, change, title = '') {
  const box = element('input', { type: 'checkbox', checked, onchange: (e) => change(e.target.checked) });
  return element('label', { className: 'cv-tick', title }, box, text);
}

/** A row of buttons of which one is pressed. @param {string} label @param {string[][]} items key, text, title @param {string} value @param {(v: string) => void} change */
export function segmented(label, items, value, change) {
  const group = element('div', { className: 'cv-segments', role: 'group', 'aria-label': label });
  for (const [key, text, title] of items) {
    group.append(element('button', { type: 'button', title, 'aria-pressed': String(key === value), 'data-value': key, onclick: () => change(key) }, text));
  }
  return group;
}

/** A label around controls. @param {string} text "" for none @param {...Node} children @returns {HTMLElement} */
export function group(text, ...children) {
  return element('label', { className: 'cv-group' }, text ? element('span', {}, text) : null, ...children);
}

/** Show which button of a row is pressed. @param {HTMLElement | null} row @param {string} value */
export function press(row, value) {
  for (const button of row?.children ?? []) button.setAttribute('aria-pressed', String(button.getAttribute('data-value') === value));
}

/** How much larger an element is drawn than its own pixels say: slides enlarge the viewer. @param {Element} node @returns {number} */
export function zoomOf(node) {
  return node.currentCSSZoom ?? 1;
}

/** Where an event lies in an element, in the element's own pixels. @param {Element} node @param {PointerEvent | WheelEvent} event @returns {number[]} */
export function placeIn(node, { clientX, clientY }) {
  const box = node.getBoundingClientRect();
  const zoom = zoomOf(node);
  return [(clientX - box.left) / zoom, (clientY - box.top) / zoom];
}
