// The words of the page in the language of the person, and elements that follow it when it changes.

import { chinese } from "./words_zh.js";
import { english } from "./words_en.js";

const LANGUAGES = { en: english, zh: chinese };
const STORED = "cogdoc-language";
const changed = new EventTarget();

export let language = firstLanguage();

function firstLanguage() {
  const stored = read(STORED);
  if (stored in LANGUAGES) return stored;
  const wanted = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in LANGUAGES);
  return wanted || "en";
}

/** A text by its name, with `{name}` replaced; null if there is none. */
export function words(name, values = {}) {
  const text = LANGUAGES[language][name];
  if (text === undefined) return null;
  return text.replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? ""));
}

export function setLanguage(name) {
  language = name;
  write(STORED, name);
  applyWords();
  changed.dispatchEvent(new Event("change"));
}

/** Call `action` when the language changes. */
export function onLanguage(action) {
  changed.addEventListener("change", action);
}

/** Fill in the words of all marked elements below `root`. */
export function applyWords(root = document) {
  document.documentElement.lang = language === "zh" ? "zh-Hans" : language;
  for (const place of root.querySelectorAll("[data-words]")) place.textContent = words(place.dataset.words);
  for (const place of root.querySelectorAll("[data-label]")) {
    place.setAttribute("aria-label", words(place.dataset.label));
    if (place.tagName === "BUTTON") place.title = words(place.dataset.label);
  }
  for (const place of root.querySelectorAll("[data-placeholder]")) place.placeholder = words(place.dataset.placeholder);
}

export function read(name, storage = "localStorage") {
  try {
    return window[storage].getItem(name);
  } catch {
    return null; // storage is blocked
  }
}

export function write(name, value, storage = "localStorage") {
  try {
    window[storage].setItem(name, value);
  } catch {
    // Storage is blocked: it lasts until the page is closed.
  }
}

/** How sure an answer is, in words; the server chooses the word. */
export function sureness({ certainty, confidence }) {
  if (confidence === null) return words("sureUnknown");
  return words(`sure ${certainty}`, { percent: percent(confidence) });
}

/** A confidence that is not that of an answer, such as of recognized text. */
export function confidenceText(confidence, flags = []) {
  if (confidence === null || flags.includes("unknown-confidence")) return words("sureUnknown");
  return words("confidence", { percent: percent(confidence) });
}

const percent = (share) => Math.round(share * 100);

/** What a flag means; its name if it is a new one. */
export const flagText = (flag) => words(`flag ${flag}`) || flag;

/** A page by number, with its printed label if that differs. */
export function pageName(number, label) {
  return label && label !== String(number) ? words("pageWithLabel", { number, label }) : words("page", { number });
}
