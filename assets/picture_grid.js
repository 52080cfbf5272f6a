/**
 * A grid of pictures that are buttons: reached by Tab, pressed by Space or Enter, named by their
 * alternative text. Whatever text comes with a picture is shown as it is written.
 */

/** @param {{data: {pictures: {row: number, source: string, caption: string, alt: string, pressed: boolean}[]}, parentElement: ParentNode, setTriggerValue: Function}} component */
export default function show({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector('.jne-gallery');
  const focused = parentElement.querySelector(':focus')?.getAttribute('data-row');
  grid.replaceChildren(...data.pictures.map((picture) => cell(picture, setTriggerValue)));
  /** @type {HTMLElement | null} */
  const again = focused ? grid.querySelector(`[data-row="${focused}"]`) : null;
  again?.focus();
}

function cell({ row, source, caption, alt, pressed }, setTriggerValue) {
  const button = document.createElement('button');
  button.type = 'button';
  button.dataset.row = String(row);
  button.setAttribute('aria-pressed', String(pressed));
  button.addEventListener('click', () => setTriggerValue('chosen', row));
  const image = document.createElement('img');
  image.src = source;
  image.alt = alt;
  image.title = alt;
  const text = document.createElement('span');
  text.textContent = caption;
  text.setAttribute('aria-hidden', 'true');
  button.append(image, text);
  return button;
}
