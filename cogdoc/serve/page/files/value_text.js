// What a printed value means, for people: with the currency and the scale that only the head of its table states.

import { language } from "./words.js";

const BARE = /^[\d.,'’\s()+−–-]*$/;

/** The value of an answer in full, in the style of the person's language; null if its text says all of it. */
export function valueText({ text, value }) {
  if (!value) return null;
  if (value.date) return value.date === text ? null : value.date;
  if (value.number === null || (value.kind !== "money" && value.kind !== "number")) return null;
  if (value.scale === 1 && !(value.kind === "money" && value.currency && BARE.test(text))) return null;
  const amount = value.currency ? { style: "currency", currency: value.currency, minimumFractionDigits: 0 } : {};
  const shown = new Intl.NumberFormat(language, { ...amount, maximumFractionDigits: 12 }).format(value.number);
  return value.currency || !value.unit ? shown : `${shown} ${value.unit}`;
}
