// Copies results, or offers them as a file, in the formats of the command line.

import { announce, element } from "./dom.js";
import { words } from "./words.js";

const SUFFIXES = { md: "md", json: "json", csv: "csv", text: "txt" };

/** Fill `place` with a choice of formats and buttons for one task of the document that `opened()` returns. */
export function fillSaveBar(place, task, formats, opened) {
  const choice = element(
    "select",
    { "aria-label": words("format"), class: "save-format" },
    formats.map((format) => element("option", { value: format }, words(`format${format}`))),
  );
  const said = element("span", { class: "save-said" });
  const say = (text) => {
    said.textContent = text;
    announce(text);
  };
  const withText = (action) => async () => {
    said.textContent = "";
    try {
      await action(await opened().export(task, choice.value));
    } catch (error) {
      say(error.line || error.message);
    }
  };
  const copying = withText(async (text) => say(words((await copy(text)) ? "copied" : "notCopied")));
  const downloading = withText((text) => download(text, `${stem(opened().name)}.${task}.${SUFFIXES[choice.value]}`));
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", words("save"));
  place.replaceChildren(
    choice,
    element("button", { type: "button", class: "quiet copy", onclick: copying }, words("copy")),
    element("button", { type: "button", class: "quiet download", onclick: downloading }, words("download")),
    said,
  );
}

const stem = (name) => name.replace(/\.[^.]*$/, "") || "document";

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text); // not a secure context
  }
}

function copyBySelection(text) {
  const field = element("textarea", { class: "visually-hidden", value: text });
  const before = document.activeElement;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus();
  return done;
}

function download(text, name) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
  const link = element("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
