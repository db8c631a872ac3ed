// Puts the page together: opening documents, the panels, language, colours and the key.

import { onKeyNeeded, readiness, setKey } from "./api.js";
import { AskPanel } from "./ask_panel.js";
import { chartContent } from "./chart_content.js";
import { announce, byId, showError } from "./dom.js";
import { OpenedDocument } from "./opened_document.js";
import { PagePanel } from "./page_panel.js";
import { Tabs } from "./tabs.js";
import { textContent } from "./text_content.js";
import { Viewer } from "./viewer.js";
import { applyWords, language, onLanguage, setLanguage, words, write } from "./words.js";

const viewer = new Viewer();
const panels = {
  ask: new AskPanel(viewer),
  ocr: new PagePanel(viewer, textContent),
  chart: new PagePanel(viewer, chartContent),
};
const tabs = new Tabs((name) => {
  for (const task of ["ocr", "chart"]) panels[task].activate(task === name);
});

let opened = null;
let lockedFile = null;
let engine = null;

async function open(file, password = "") {
  if (!file) return;
  showError(byId("open-error"), null);
  byId("password-form").hidden = true;
  const name = file.name || words("picture");
  announce(words("opening", { name }));
  const title = document.querySelector("#drop strong");
  title.textContent = words("opening", { name });
  byId("document-name").textContent = title.textContent;
  byId("drop").classList.add("busy");
  try {
    if (!file.size) throw Object.assign(new Error(), { line: words("error empty") });
    show(await OpenedDocument.open(file, password));
  } catch (error) {
    fail(error, file);
  } finally {
    title.textContent = words("chooseDocument");
    byId("document-name").textContent = opened?.name ?? "";
    byId("drop").classList.remove("busy");
    byId("file").value = "";
  }
}

/** Say why a document was not opened. One that is open stays so, unless the other needs a password. */
function fail(error, file) {
  const isLocked = error.kind === "encrypted";
  if (isLocked) close();
  if (opened) tabs.select(byId("tab-ask"));
  showError(byId(opened ? "ask-error" : "open-error"), error.line || error.message);
  if (!isLocked) return;
  lockedFile = file;
  byId("password-form").hidden = false;
  byId("password").value = "";
  byId("password").focus();
}

function show(document_) {
  opened?.close();
  opened = document_;
  byId("welcome").hidden = true;
  byId("desk").hidden = false;
  document.querySelector(".skip").hidden = false;
  byId("close-document").hidden = false;
  byId("document-name").textContent = opened.name;
  document.title = `${opened.name} – cogdoc`;
  viewer.show(opened);
  for (const panel of Object.values(panels)) panel.show(opened);
  tabs.select(byId("tab-ask"));
  announce(words("opened", { name: opened.name, count: opened.pageCount }));
  byId("question").focus();
}

function close() {
  if (!opened) return;
  opened.close();
  opened = null;
  viewer.clear();
  byId("desk").hidden = true;
  byId("welcome").hidden = false;
  document.querySelector(".skip").hidden = true;
  byId("close-document").hidden = true;
  byId("document-name").textContent = "";
  document.title = "cogdoc";
  byId("file").focus();
}

function describePlace() {
  if (!engine) return;
  const name = engine.checkpoint || engine.name;
  byId("place").textContent = words(engine.server ? "placeRemote" : "placeLocal", { engine: name, server: engine.server });
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function describeTools() {
  const dark = isDark();
  byId("theme").textContent = words(dark ? "light" : "dark");
  byId("theme").setAttribute("aria-label", words(dark ? "switchToLight" : "switchToDark"));
  byId("theme").setAttribute("aria-pressed", String(dark));
  byId("language").textContent = language === "zh" ? "English" : "中文";
  byId("language").lang = language === "zh" ? "en" : "zh";
}

function askForKey(wasWrong) {
  const dialog = byId("key-dialog");
  if (dialog.open) return keyGiven;
  showError(byId("key-error"), wasWrong ? words("keyWrong") : null);
  byId("key").value = "";
  dialog.returnValue = "";
  dialog.showModal();
  keyGiven = new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "use"), { once: true });
  });
  return keyGiven;
}

let keyGiven = null;
onKeyNeeded(askForKey);
byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  setKey(byId("key").value.trim());
  byId("key-dialog").close("use");
});
byId("key-cancel").addEventListener("click", () => byId("key-dialog").close(""));

byId("file").addEventListener("change", (event) => open(event.target.files[0]));
byId("close-document").addEventListener("click", close);
byId("password-form").addEventListener("submit", (event) => {
  event.preventDefault();
  open(lockedFile, byId("password").value);
});
byId("language").addEventListener("click", () => setLanguage(language === "zh" ? "en" : "zh"));
byId("theme").addEventListener("click", () => {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  write("cogdoc-theme", theme);
  describeTools();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", describeTools);
onLanguage(() => {
  describeTools();
  describePlace();
  viewer.translate();
  if (opened) for (const panel of Object.values(panels)) panel.translate();
});

const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  byId("drop-veil").hidden = false;
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) byId("drop-veil").hidden = true;
});
document.addEventListener("drop", (event) => {
  byId("drop-veil").hidden = true;
  if (!carriesFiles(event)) return;
  event.preventDefault();
  open(event.dataTransfer.files[0]);
});
document.addEventListener("paste", (event) => {
  const file = event.clipboardData?.files[0];
  if (!file) return;
  event.preventDefault();
  open(file);
});
window.addEventListener("pagehide", () => opened?.close());

applyWords();
describeTools();
readiness()
  .then((ready) => {
    engine = ready.engine;
    describePlace();
  })
  .catch(() => showError(byId("open-error"), words("error network")));
