// Tabs as the ARIA practices describe them: arrow keys move between them, Tab leaves them.

import { byId } from "./dom.js";

export class Tabs {
  constructor(onSelect) {
    this.tabs = [...document.querySelectorAll("[role=tab]")];
    this.onSelect = onSelect;
    for (const tab of this.tabs) {
      tab.addEventListener("click", () => this.select(tab));
      tab.addEventListener("keydown", (event) => this.#move(event));
    }
  }

  select(tab) {
    for (const each of this.tabs) {
      const chosen = each === tab;
      each.setAttribute("aria-selected", String(chosen));
      each.tabIndex = chosen ? 0 : -1;
      byId(each.getAttribute("aria-controls")).hidden = !chosen;
    }
    this.onSelect(tab.id.replace("tab-", ""));
  }

  #move(event) {
    const index = this.tabs.indexOf(event.currentTarget);
    const last = this.tabs.length - 1;
    const target = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: last }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    const tab = this.tabs[(target + this.tabs.length) % this.tabs.length];
    this.select(tab);
    tab.focus();
  }
}
