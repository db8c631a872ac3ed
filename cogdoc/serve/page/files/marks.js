// Boxes on pages. They repeat what the side panel says, so screen readers skip them.

import { element } from "./dom.js";

/** A box on a page, in parts of the page's size, so that it follows the zoom. */
export function mark(page, box, className, label = null) {
  const [left, top, right, bottom] = box;
  const made = element("div", { class: `mark ${className}`, "aria-hidden": "true" });
  made.style.left = `${(100 * left) / page.width}%`;
  made.style.top = `${(100 * top) / page.height}%`;
  made.style.width = `${(100 * (right - left)) / page.width}%`;
  made.style.height = `${(100 * (bottom - top)) / page.height}%`;
  if (label !== null) made.append(element("span", { class: "mark-label" }, label));
  return made;
}

/** Light up both partners when the pointer or the focus is on either of them. */
export function pair(one, other, onEnter = () => {}) {
  const light = (on) => {
    one.classList.toggle("lit", on);
    other?.classList.toggle("lit", on);
  };
  for (const each of [one, other]) {
    each?.addEventListener("pointerenter", () => light(true));
    each?.addEventListener("pointerleave", () => light(false));
  }
  one.addEventListener("focusin", () => {
    light(true);
    onEnter();
  });
  one.addEventListener("focusout", () => light(false));
  one.addEventListener("click", onEnter);
  other?.addEventListener("click", () => one.scrollIntoView({ block: "nearest" }));
}
