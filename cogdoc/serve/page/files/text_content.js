// The text of a page in blocks; each has its box on the page.

import { element } from "./dom.js";
import { mark, pair } from "./marks.js";
import { confidenceText, flagText, words } from "./words.js";

const TAGS = { title: "h3", heading: "h4", formula: "code", caption: "p", table: "div" };
const ORIGINS = { "text-layer": "originlayer", ocr: "originocr", mixed: "originmixed" };

export const textContent = {
  task: "ocr",
  formats: ["md", "json", "text"],
  empty: "textEmpty",

  told: ([record], number) => words("textRead", { number, sure: record.confidence === null ? "" : confidenceText(record.confidence, record.flags) }),

  render([record], number, viewer) {
    const parts = [facts(record)];
    const target = viewer.layer(number, "ocr");
    const blocks = record.blocks.map((block) => {
      const shown = blockElement(block);
      const box = target && mark(target.page, block.box, `block ${block.kind}`);
      if (box) target.layer.append(box);
      pair(shown, box, () => viewer.reveal(number, block.box));
      return shown;
    });
    if (blocks.length) parts.push(element("div", { class: "transcript" }, blocks));
    else if (record.text) parts.push(element("p", { class: "transcript raw", dir: "auto" }, record.text));
    else parts.push(element("p", { class: "empty" }, words("noText")));
    return parts;
  },
};

function facts(record) {
  const said = [];
  if (record.origin in ORIGINS) said.push(words(ORIGINS[record.origin]));
  if (record.confidence !== null && record.blocks.length && record.origin !== "text-layer") said.push(confidenceText(record.confidence, record.flags));
  if (record.legibility !== null) said.push(words("readWith", { percent: Math.round(record.legibility * 100) }));
  return element(
    "div",
    { class: "facts" },
    element("p", { class: "sure" }, said.join(" · ")),
    record.flags.length ? element("ul", { class: "notes" }, record.flags.map((flag) => element("li", {}, flagText(flag)))) : null,
  );
}

function blockElement(block) {
  const outer = { class: `block ${block.kind}`, tabIndex: 0, dir: "auto" };
  if (block.table) return element("div", outer, tableElement(block.table));
  const tag = TAGS[block.kind] ?? "p";
  const note = { comment: "comment", picture: "picture" }[block.kind];
  return element("div", outer, note ? element("span", { class: "kind" }, words(note)) : null, element(tag, {}, flowing(block)));
}

/** The text of a block without the line breaks of the page, unless a line ends well before the edge of the block. */
function flowing(block) {
  if (block.kind !== "text" && block.kind !== "list-item" && block.kind !== "footnote") return block.text;
  const [left, , right] = block.box;
  const edge = right - 0.15 * (right - left);
  return block.lines.reduce((text, line, index) => {
    if (!index) return line.text;
    if (block.lines[index - 1].box[2] < edge) return `${text}\n${line.text}`;
    const joined = text.endsWith("-") || (wide(text.at(-1)) && wide(line.text[0]));
    return joined ? text + line.text : `${text} ${line.text}`;
  }, "");
}

/** Whether a character is of a script that puts no spaces between words. */
const wide = (char) => /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]/u.test(char ?? "");

/** A cell that is an amount, and so aligned at the right. */
const AMOUNT = /^[\s(+−–-]*\p{Sc}?\s?\d[\d.,\s]*(%|\p{Sc})?\)?\s*$/u;

function tableElement({ rows }) {
  const [head, ...body] = rows;
  const numeric = (head ?? []).map((_, column) => body.some((cells) => AMOUNT.test(cells[column].text)) && body.every(({ [column]: { text } }) => !text || AMOUNT.test(text)));
  const row = (cells, tag) =>
    element("tr", {}, cells.map((cell, column) => element(tag, { scope: tag === "th" ? "col" : null, class: numeric[column] ? "number" : null }, cell.text)));
  return element("table", {}, element("thead", {}, head ? row(head, "th") : null), element("tbody", {}, body.map((cells) => row(cells, "td"))));
}
