// Questions and their answers, newest last, with the answer's box on its page.

import { announce, byId, element, icon, showError } from "./dom.js";
import { mark } from "./marks.js";
import { fillSaveBar } from "./save.js";
import { valueText } from "./value_text.js";
import { confidenceText, flagText, pageName, sureness, words } from "./words.js";

const TARGET = "M8 2v3m0 6v3m6-6h-3M5 8H2m9 0a3 3 0 1 1-6 0 3 3 0 0 1 6 0";

export class AskPanel {
  #viewer;
  #opened = null;
  #entries = [];
  #running = null;
  #field = byId("question");

  constructor(viewer) {
    this.#viewer = viewer;
    byId("question-form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#running) this.#running.abort();
      else this.#ask(this.#field.value.trim());
    });
    this.#field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      if (!this.#running) this.#ask(this.#field.value.trim());
    });
    this.#field.addEventListener("input", () => this.#grow());
  }

  show(opened) {
    this.#running?.abort();
    this.#opened = opened;
    this.#entries = [];
    byId("answers").replaceChildren();
    this.#field.value = "";
    this.#grow();
    showError(byId("ask-error"), null);
    this.translate();
  }

  translate() {
    for (const entry of this.#entries) this.#fill(entry);
    fillSaveBar(byId("ask-save"), "ask", ["md", "json", "csv", "text"], () => this.#opened);
    this.#update();
  }

  #update() {
    byId("ask-empty").hidden = this.#entries.length > 0;
    byId("ask-save").hidden = !this.#opened?.records.ask.length;
    byId("ask-button").textContent = words(this.#running ? "stop" : "askButton");
  }

  #grow() {
    this.#field.style.height = "auto";
    this.#field.style.height = `${Math.min(this.#field.scrollHeight, 160)}px`;
  }

  async #ask(question) {
    showError(byId("ask-error"), null);
    if (!question) {
      this.#field.focus();
      return;
    }
    const opened = this.#opened;
    const entry = { question, record: null, text: "", page: null, failed: null, element: element("li", { class: "entry" }) };
    this.#entries.push(entry);
    byId("answers").append(entry.element);
    this.#field.value = "";
    this.#grow();
    this.#running = new AbortController();
    this.#fill(entry);
    this.#update();
    announce(words("thinking"));
    this.#scrollToEnd();
    try {
      await opened.run("ask", { question }, this.#running.signal, {
        onText: (piece) => this.#addText(entry, piece),
        onRecord: (record) => {
          entry.record = record;
          opened.records.ask.push(record);
        },
      });
    } catch (error) {
      entry.failed = error.name === "AbortError" ? words("stopped") : error.line || error.message;
    }
    this.#running = null;
    if (opened !== this.#opened) return;
    this.#fill(entry);
    this.#update();
    this.#scrollToEnd();
    this.#announceAnswer(entry);
    const evidence = entry.record?.answer?.evidence ?? [];
    if (evidence.length) this.#showOnPage(evidence);
    else this.#viewer.clearLayer("answer");
  }

  /** A piece of text while a model writes; it looks at one page after the other. */
  #addText(entry, { page, text }) {
    if (entry.page !== page) Object.assign(entry, { page, text: "" });
    entry.text += text;
    const place = entry.element.querySelector(".draft");
    if (place) place.textContent = entry.text;
    else this.#fill(entry);
    entry.element.querySelector(".draft-page").textContent = words("thinkingPage", { number: page });
    this.#scrollToEnd();
  }

  #scrollToEnd() {
    const view = byId("ask-scroll");
    view.scrollTop = view.scrollHeight;
  }

  #announceAnswer({ record, failed }) {
    if (!record || failed) return;
    const answer = record.answer;
    if (record.error) announce(record.error.message);
    else if (!answer.found) announce(words("notFound"));
    else announce(words("answerIs", { text: answer.text, sure: sureness(answer) }));
  }

  #fill(entry) {
    const parts = [element("h3", { class: "asked" }, entry.question)];
    if (entry.failed) parts.push(element("p", { class: "error", role: "alert" }, entry.failed));
    else if (!entry.record) parts.push(...this.#waiting(entry));
    else if (entry.record.error) parts.push(element("p", { class: "error", role: "alert" }, entry.record.error.message));
    else parts.push(...this.#answer(entry.record));
    entry.element.replaceChildren(...parts);
  }

  #waiting(entry) {
    if (!entry.text) return [element("p", { class: "waiting" }, words("thinking"))];
    return [element("p", { class: "answer draft" }, entry.text), element("p", { class: "waiting draft-page" })];
  }

  #answer(record) {
    const { answer } = record;
    const parts = [];
    if (!answer.found) {
      const percent = answer.p_answerable === null ? null : Math.round(answer.p_answerable * 100);
      const more = percent === null ? words("notFoundMore") : words("notFoundLikely", { percent });
      parts.push(element("p", { class: "answer none" }, words("notFound")), element("p", { class: "sure" }, more));
    } else {
      parts.push(
        element("p", { class: "answer", dir: "auto" }, answer.text),
        valueText(answer) ? element("p", { class: "in-full" }, valueText(answer)) : "",
        element("p", { class: answer.certainty === "unsure" ? "sure low" : "sure" }, sureness(answer)),
      );
      if (answer.evidence.length) parts.push(this.#places(answer.evidence));
    }
    const flags = [...new Set([...answer.flags, ...record.flags])].filter((flag) => flag !== "unknown-confidence");
    const notes = flags.map(flagText);
    for (const { page, message } of record.unread_pages) notes.push(words("unread", { page, message }));
    if (notes.length) parts.push(element("ul", { class: "notes" }, notes.map((note) => element("li", {}, note))));
    if (answer.operands.length > 1 || answer.formula) parts.push(this.#working(answer));
    if (answer.alternatives.length) parts.push(this.#alternatives(answer.alternatives));
    return parts;
  }

  #places(evidence) {
    return element(
      "ul",
      { class: "places" },
      evidence.map((place) => element("li", {}, this.#placeButton(place, place.text, [place]))),
    );
  }

  #placeButton(place, text, shown) {
    const name = pageName(place.page, place.label);
    return element(
      "button",
      { type: "button", class: "place-button", title: words("showOnPage"), onclick: () => this.#showOnPage(shown) },
      icon(TARGET),
      element("span", {}, element("b", {}, name), " ", element("span", { class: "quote", dir: "auto" }, text.replaceAll(" | ", " · "))),
    );
  }

  #working({ operands, formula }) {
    const rows = operands.map((operand) => {
      const text = `${operand.label}: ${operand.text}`;
      const place = { page: operand.page, label: null, box: operand.box };
      return element("li", {}, operand.box ? this.#placeButton(place, text, [place]) : text);
    });
    return element(
      "details",
      {},
      element("summary", {}, words("howFound")),
      formula ? element("p", { class: "formula" }, formula) : null,
      element("ul", { class: "places" }, rows),
    );
  }

  #alternatives(alternatives) {
    const rows = alternatives.map(({ text, confidence, evidence }) =>
      element(
        "li",
        {},
        element("p", { class: "other", dir: "auto" }, text, " ", element("small", {}, confidenceText(confidence))),
        evidence ? this.#placeButton(evidence, evidence.text, [evidence]) : null,
      ),
    );
    return element(
      "details",
      {},
      element("summary", {}, words("others", { count: alternatives.length })),
      element("ul", { class: "others" }, rows),
    );
  }

  #showOnPage(places) {
    this.#viewer.clearLayer("answer");
    for (const { page, box } of places) {
      const target = this.#viewer.layer(page, "answer");
      target?.layer.append(mark(target.page, box, "found"));
    }
    this.#viewer.reveal(places[0].page, places[0].box);
  }
}
