/**
 * The button "Copy link": the address of what is on the page now, the viewer's part included.
 * @module copy_link
 */

/** @param {{data: {run: string}, parentElement: ParentNode}} component */
export default function copyLink({ data, parentElement }) {
  const button = parentElement.querySelector('button');
  const said = parentElement.querySelector('[role=status]');
  button.onclick = async () => {
    const address = new URL(location.href);
    // The newest run stands in no address; a link must mean the same run tomorrow.
    if (data.run && !address.searchParams.has('run')) address.searchParams.set('run', data.run);
    said.textContent = (await copy(address.href)) ? 'Copied' : address.href;
    setTimeout(() => { said.textContent = ''; }, 4000);
  };
}

/** Browsers offer the clipboard over https and on this machine only. @param {string} text */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
