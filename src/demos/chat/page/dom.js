/** Small helps for the DOM. Whatever came from the network goes in as text, here and nowhere else. */

/** @returns {HTMLElement} */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no #${id}`);
  return element;
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {...(string | Node)} children strings become text
 */
export function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className !== "") element.className = className;
  element.append(...children);
  return element;
}

/** A name or a text of somebody: whichever way it is written, what stands beside it stays in place. */
export function isolated(text, className = "") {
  return make("bdi", className, text);
}

/** Sets the text only if it is another: what is announced is not announced twice. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes the children of `parent` those of `items`, in this order. Elements of keys that were there
 * stay the same elements, so that the one with the focus keeps it.
 *
 * @template T
 * @param {HTMLElement} parent
 * @param {T[]} items
 * @param {{ key: (item: T) => string, create: (item: T) => HTMLElement,
 *   update: (element: HTMLElement, item: T) => void }} how
 */
export function reconcile(parent, items, { key, create, update }) {
  const byKey = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const wanted = new Set(items.map(key));
  for (const [name, child] of byKey) if (!wanted.has(name)) child.remove();
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = key(item);
    let element = byKey.get(name);
    if (element === undefined) {
      element = create(item);
      element.dataset.key = name;
    }
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
    update(element, item);
  }
}

/** One of eight colours for a name, the same on every page. */
export function hueOf(name) {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)) >>> 0;
  return `hue-${hash % 8}`;
}
