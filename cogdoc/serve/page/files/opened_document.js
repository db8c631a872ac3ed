// The document that is open: its pages, and its results, which the server computes once.

import * as api from "./api.js";

export class OpenedDocument {
  constructor(file, password, described) {
    this.file = file;
    this.password = password;
    this.described = described;
    this.source = null; // as results name it
    this.records = { ask: [], ocr: new Map(), chart: new Map() };
  }

  static async open(file, password = "") {
    return new OpenedDocument(file, password, await api.keep(file, password));
  }

  get name() {
    return this.described.name;
  }

  get pages() {
    return this.described.pages;
  }

  get pageCount() {
    return this.described.page_count;
  }

  page(number) {
    return this.pages[number - 1];
  }

  picture(number, side, signal) {
    return this.#kept((id) => api.pagePicture(id, number, side, signal));
  }

  /** Run a task; `onRecord` gets each record, `onText` the pieces of an answer while a model writes it. */
  run(task, body, signal, { onRecord, onText = () => {}, onStart = () => {} }) {
    return this.#kept((id) =>
      api.stream(id, task, body, signal, (name, data) => {
        if (name === "source") {
          this.source = data.source;
          onStart(data.items);
        } else if (name === "record") onRecord(data);
        else if (name === "text") onText(data);
      }),
    );
  }

  /** The records of a task in the order of the pages or the questions. */
  allRecords(task) {
    const records = this.records[task];
    if (Array.isArray(records)) return records;
    return [...records.keys()].sort((a, b) => a - b).flatMap((number) => records.get(number));
  }

  export(task, out) {
    return api.exported(task, out, this.source, this.allRecords(task));
  }

  close() {
    api.forget(this.described.id);
  }

  /** Run `action`; if the server does not keep the document any more, send it again first. */
  async #kept(action) {
    const { id } = this.described;
    try {
      return await action(id);
    } catch (error) {
      if (error.kind !== "not-kept") throw error;
    }
    if (this.described.id === id) {
      this.resent ??= api.keep(this.file, this.password).finally(() => (this.resent = null));
      this.described = await this.resent;
    }
    return action(this.described.id);
  }
}
