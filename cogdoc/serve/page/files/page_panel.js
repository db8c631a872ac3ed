// A panel that reads the page in view, or all pages, and shows the result of the page in view. What it shows is up to
// `content`: `task`, `formats`, `empty`, `render(records, page, viewer)` and `told(records, number)`.

import { announce, byId, element, showError } from "./dom.js";
import { fillSaveBar } from "./save.js";
import { pageName, words } from "./words.js";

export class PagePanel {
  #viewer;
  #content;
  #opened = null;
  #running = null;
  #active = false;
  #shown = null;
  #parts = {};

  constructor(viewer, content) {
    this.#viewer = viewer;
    this.#content = content;
    const parts = this.#parts;
    parts.title = element("h2", { class: "panel-title" });
    parts.readPage = element("button", { type: "button", class: "main read-page", onclick: () => this.#press(false) });
    parts.readAll = element("button", { type: "button", class: "quiet read-all", onclick: () => this.#press(true) });
    parts.said = element("p", { class: "waiting", hidden: true });
    parts.error = element("p", { class: "error", role: "alert", hidden: true });
    parts.body = element("div", { class: "page-result" });
    parts.scroll = element("div", { class: "panel-scroll" }, parts.said, parts.error, parts.body);
    parts.save = element("div", { class: "save", hidden: true });
    const head = element("div", { class: "panel-head" }, parts.title, element("div", { class: "panel-buttons" }, parts.readPage, parts.readAll));
    byId(`panel-${content.task}`).append(head, parts.scroll, parts.save);
    viewer.addEventListener("page", () => this.#draw());
  }

  show(opened) {
    this.#running?.abort();
    this.#running = null;
    this.#opened = opened;
    this.#shown = null;
    showError(this.#parts.error, null);
    this.translate();
  }

  /** The panel is in front, or not. The page in view is read at once. */
  activate(active) {
    this.#active = active;
    this.#viewer.clearLayer(this.#content.task);
    this.#shown = null;
    this.#draw();
    if (active && !this.#running && !this.#records.has(this.#viewer.current)) this.#read(String(this.#viewer.current));
  }

  translate() {
    fillSaveBar(this.#parts.save, this.#content.task, this.#content.formats, () => this.#opened);
    this.#shown = null;
    this.#draw();
  }

  get #records() {
    return this.#opened.records[this.#content.task];
  }

  #press(all) {
    if (this.#running) this.#running.abort();
    else this.#read(all ? null : String(this.#viewer.current));
  }

  async #read(pages) {
    const opened = this.#opened;
    const running = new AbortController();
    const { task, told } = this.#content;
    let all = 1;
    let last = null;
    const done = new Map();
    this.#running = running;
    showError(this.#parts.error, null);
    this.#say(pages ? words("readingPage", { number: pages }) : words("reading"));
    this.#draw();
    try {
      await opened.run(task, { pages }, running.signal, {
        onStart: (items) => (all = items.length),
        onRecord: (record) => {
          last = record.page.number;
          done.set(last, [...(done.get(last) ?? []), record]);
          opened.records[task].set(last, done.get(last));
          if (opened !== this.#opened) return;
          if (all > 1) this.#say(words("readSoFar", { done: done.size, all }));
          if (last === this.#viewer.current) this.#shown = null;
          this.#draw();
        },
      });
      if (opened === this.#opened && last !== null) announce(told(done.get(last), last));
    } catch (error) {
      if (opened !== this.#opened) return;
      showError(this.#parts.error, error.name === "AbortError" ? null : error.line || error.message);
    }
    if (this.#running !== running) return;
    this.#running = null;
    this.#say(null);
    this.#draw();
  }

  #say(text) {
    showError(this.#parts.said, text);
    if (text) announce(text);
  }

  #draw() {
    if (!this.#opened || !this.#active) return;
    const parts = this.#parts;
    const number = this.#viewer.current;
    const page = this.#opened.page(number);
    const records = this.#records.get(number);
    parts.title.textContent = pageName(number, page.label);
    parts.readPage.textContent = words(this.#running ? "stop" : "readPage");
    parts.readPage.hidden = !this.#running && Boolean(records);
    parts.readAll.textContent = words("readAll");
    parts.readAll.hidden = Boolean(this.#running) || this.#records.size >= this.#opened.pageCount || this.#opened.pageCount === 1;
    parts.save.hidden = !this.#records.size;
    if (this.#shown === number && records) return;
    this.#viewer.clearLayer(this.#content.task);
    this.#shown = records ? number : null;
    const empty = this.#running ? [] : [element("p", { class: "empty" }, words(this.#content.empty))];
    parts.body.replaceChildren(...(records ? this.#render(records, number) : empty));
  }

  #render(records, number) {
    const failed = records.find((record) => record.error);
    if (failed) return [element("p", { class: "error", role: "alert" }, failed.error.message)];
    return this.#content.render(records, number, this.#viewer);
  }
}
