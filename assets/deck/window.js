/**
 * The deck in the whole window of the dashboard: a frame above everything, which goes when asked to.
 * @module window
 */

/** @type {WeakMap<Node, {close: () => void, deck: string, component: object}>} */
const windows = new WeakMap();

/** @param {{data: {deck: string, name: string, dark: boolean, slide: number}, parentElement: Node, setTriggerValue: Function}} component */
export default function show(component) {
  const { data, parentElement } = component;
  const before = windows.get(parentElement);
  if (before?.deck === data.deck) before.component = component;
  else {
    before?.close();
    windows.set(parentElement, open(component));
  }
  return () => {
    windows.get(parentElement)?.close();
    windows.delete(parentElement);
  };
}

function open(component) {
  const { data, parentElement } = component;
  const host = Object.assign(document.createElement('div'), { className: 'jne-window' });
  const address = URL.createObjectURL(new Blob([data.deck], { type: 'text/html;charset=utf-8' }));
  const frame = Object.assign(document.createElement('iframe'), { src: `${address}#theme=${data.dark ? 'dark' : 'light'}&slide=${data.slide}`, title: data.name, allow: 'fullscreen' });
  const opened = { deck: data.deck, component, close: () => { host.remove(); URL.revokeObjectURL(address); } };
  const leave = () => opened.component.setTriggerValue('left', true);
  const button = Object.assign(document.createElement('button'), { type: 'button', textContent: '✕', title: 'Back to the page (Escape)', onclick: leave });
  button.setAttribute('aria-label', 'Back to the page');
  host.addEventListener('keydown', (event) => { if (event.key === 'Escape') leave(); });
  frame.onload = () => {
    frame.contentWindow.addEventListener('deck-leave', leave);
    frame.contentWindow.focus();
  };
  host.append(frame, button);
  parentElement.appendChild(host);
  return opened;
}
