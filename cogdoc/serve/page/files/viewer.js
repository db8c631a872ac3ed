// The pages of the document, one below the other. Pictures are loaded when they come near, and dropped when far.

import { byId, element, scrolling } from "./dom.js";
import { words } from "./words.js";

const SIDES = [400, 800, 1200, 1600, 2400, 3200, 4096]; // pixels of a picture's long side
const ZOOMS = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 4];
const MOST_PICTURES = 16;
const WIDEST = 960;

export class Viewer extends EventTarget {
  #scroller = byId("scroller");
  #document = null;
  #figures = [];
  #visible = new Set();
  #zoom = 1;
  #current = 1;
  #observer = new IntersectionObserver((entries) => this.#see(entries), {
    root: this.#scroller,
    rootMargin: "60% 0px",
  });

  constructor() {
    super();
    let waiting = false;
    this.#scroller.addEventListener("scroll", () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        this.#findCurrent();
      });
    });
    new ResizeObserver(() => this.#resize()).observe(this.#scroller);
    byId("previous-page").addEventListener("click", () => this.goTo(this.#current - 1));
    byId("next-page").addEventListener("click", () => this.goTo(this.#current + 1));
    byId("zoom-out").addEventListener("click", () => this.#step(-1));
    byId("zoom-in").addEventListener("click", () => this.#step(1));
    byId("zoom-fit").addEventListener("click", () => this.#setZoom(1));
    const field = byId("page-number");
    field.addEventListener("change", () => this.goTo(Number.parseInt(field.value, 10) || this.#current));
    field.addEventListener("focus", () => field.select());
  }

  get current() {
    return this.#current;
  }

  show(opened) {
    this.clear();
    this.#document = opened;
    this.#figures = opened.pages.map((page) => this.#figure(page));
    const notes = [];
    if (opened.pages.length < opened.pageCount)
      notes.push(words("morePages", { shown: opened.pages.length, count: opened.pageCount }));
    if (opened.described.attachments.length)
      notes.push(words("attachments", { names: opened.described.attachments.join(", ") }));
    this.#scroller.replaceChildren(...this.#figures.map((each) => each.frame), ...notes.map((note) => element("p", { class: "note" }, note)));
    this.#zoom = 1;
    this.#current = 1;
    this.#scroller.scrollTop = 0;
    this.#resize();
    for (const { frame } of this.#figures) this.#observer.observe(frame);
    this.translate();
    this.#tell();
  }

  clear() {
    this.#observer.disconnect();
    for (const figure of this.#figures) this.#unload(figure);
    this.#figures = [];
    this.#visible.clear();
    this.#scroller.replaceChildren();
  }

  /** Put the words of the language in place. */
  translate() {
    const opened = this.#document;
    if (!opened) return;
    byId("page-count").textContent = words("pageCount", { count: opened.pageCount });
    for (const { picture, page } of this.#figures)
      picture.alt = words("pagePicture", { number: page.number, count: opened.pageCount });
  }

  goTo(number) {
    const figure = this.#figures[Math.min(Math.max(number, 1), this.#figures.length) - 1];
    if (figure) this.#scroller.scrollTo({ top: figure.frame.offsetTop - 16, behavior: scrolling() });
    byId("page-number").value = this.#current;
  }

  /** Scroll until a box is in view. */
  reveal(number, box) {
    const figure = this.#figures[number - 1];
    if (!figure) return;
    const { sheet, page } = figure;
    const scale = sheet.clientHeight / page.height;
    const top = sheet.offsetTop + box[1] * scale;
    const height = (box[3] - box[1]) * scale;
    const left = sheet.offsetLeft + box[0] * scale;
    const width = (box[2] - box[0]) * scale;
    const view = this.#scroller;
    const inView = top >= view.scrollTop + 8 && top + height <= view.scrollTop + view.clientHeight - 64;
    const inWidth = left >= view.scrollLeft && left + width <= view.scrollLeft + view.clientWidth;
    if (inView && inWidth) return;
    view.scrollTo({
      top: inView ? view.scrollTop : top - Math.max(32, (view.clientHeight - height) / 3),
      left: inWidth ? view.scrollLeft : left - Math.max(16, (view.clientWidth - width) / 2),
      behavior: scrolling(),
    });
  }

  /** Where marks of one kind are put on a page; null if the page is not shown. */
  layer(number, name) {
    const figure = this.#figures[number - 1];
    if (!figure) return null;
    let layer = figure.sheet.querySelector(`:scope > .layer-${name}`);
    if (!layer) {
      layer = element("div", { class: `layer layer-${name}` });
      figure.sheet.append(layer);
    }
    return { layer, page: figure.page };
  }

  /** Remove the marks of one kind from all pages. */
  clearLayer(name) {
    for (const layer of this.#scroller.querySelectorAll(`.layer-${name}`)) layer.remove();
  }

  #figure(page) {
    const picture = element("img", { class: "picture", hidden: true, draggable: false });
    const sheet = element("div", { class: "sheet" }, picture);
    sheet.style.aspectRatio = `${page.width} / ${page.height}`;
    const label = page.label === String(page.number) ? String(page.number) : `${page.number} · ${page.label}`;
    const frame = element("figure", { class: "frame", data: { number: page.number } }, sheet, element("figcaption", { "aria-hidden": "true" }, label));
    return { frame, sheet, picture, page, side: 0, url: null, loading: null };
  }

  #see(entries) {
    for (const { target, isIntersecting } of entries) {
      const number = Number(target.dataset.number);
      if (isIntersecting) {
        this.#visible.add(number);
        this.#load(this.#figures[number - 1]);
      } else {
        this.#visible.delete(number);
        this.#figures[number - 1]?.loading?.abort();
      }
    }
    this.#dropFar();
  }

  async #load(figure) {
    const pixels = Math.max(figure.sheet.clientWidth, figure.sheet.clientHeight) * Math.min(devicePixelRatio, 2);
    const side = SIDES.find((each) => each >= pixels * 0.9) || SIDES.at(-1);
    const isComing = figure.loading?.side === side && !figure.loading.signal.aborted;
    if (side <= figure.side || isComing) return;
    figure.loading?.abort();
    const loading = Object.assign(new AbortController(), { side });
    figure.loading = loading;
    figure.sheet.classList.add("loading");
    try {
      const blob = await this.#document.picture(figure.page.number, side, loading.signal);
      if (loading.signal.aborted) return;
      if (figure.url) URL.revokeObjectURL(figure.url);
      figure.url = URL.createObjectURL(blob);
      figure.side = side;
      figure.picture.src = figure.url;
      figure.picture.hidden = false;
    } catch (error) {
      if (error.name !== "AbortError") this.#fail(figure, error);
    } finally {
      if (figure.loading === loading) {
        figure.loading = null;
        figure.sheet.classList.remove("loading");
      }
    }
  }

  #fail(figure, error) {
    figure.side = SIDES.at(-1);
    figure.sheet.append(element("p", { class: "error" }, words("pageFailed", { message: error.line || error.message })));
  }

  #unload(figure) {
    figure.loading?.abort();
    if (!figure.url) return;
    URL.revokeObjectURL(figure.url);
    Object.assign(figure, { url: null, side: 0 });
    figure.picture.hidden = true;
    figure.picture.removeAttribute("src");
  }

  #dropFar() {
    const loaded = this.#figures.filter((figure) => figure.url && !this.#visible.has(figure.page.number));
    const distance = (figure) => Math.abs(figure.page.number - this.#current);
    loaded.sort((a, b) => distance(a) - distance(b));
    for (const figure of loaded.slice(MOST_PICTURES)) this.#unload(figure);
  }

  #step(direction) {
    const nearest = ZOOMS.reduce((best, each) => (Math.abs(each - this.#zoom) < Math.abs(best - this.#zoom) ? each : best));
    const index = Math.min(Math.max(ZOOMS.indexOf(nearest) + direction, 0), ZOOMS.length - 1);
    this.#setZoom(ZOOMS[index]);
  }

  #setZoom(zoom) {
    this.#zoom = zoom;
    this.#resize();
    this.#scroller.scrollLeft = (this.#scroller.scrollWidth - this.#scroller.clientWidth) / 2;
  }

  /** Give every page its width, and keep what is in the middle of the view. */
  #resize() {
    const view = this.#scroller;
    if (!this.#figures.length || !view.clientWidth) return;
    const middle = (view.scrollTop + view.clientHeight / 2) / Math.max(1, view.scrollHeight);
    const room = Math.max(120, view.clientWidth - 48);
    for (const { frame, page } of this.#figures) {
      const byHeight = Math.max(Math.min(room, 560), 1.35 * view.clientHeight * (page.width / page.height));
      frame.style.width = `${Math.round(Math.min(room, WIDEST, byHeight) * this.#zoom)}px`;
    }
    if (view.scrollTop > 0) view.scrollTop = middle * view.scrollHeight - view.clientHeight / 2;
    byId("zoom-level").textContent = `${Math.round(this.#zoom * 100)}%`;
    for (const number of this.#visible) this.#load(this.#figures[number - 1]);
    this.#findCurrent();
  }

  #findCurrent() {
    const line = this.#scroller.scrollTop + this.#scroller.clientHeight * 0.4;
    const below = this.#figures.findIndex(({ frame }) => frame.offsetTop + frame.offsetHeight > line);
    const number = below < 0 ? this.#figures.length : below + 1;
    if (number === this.#current || !number) return;
    this.#current = number;
    this.#tell();
  }

  #tell() {
    byId("page-number").value = this.#current;
    byId("previous-page").disabled = this.#current <= 1;
    byId("next-page").disabled = this.#current >= this.#figures.length;
    this.dispatchEvent(new Event("page"));
  }
}
