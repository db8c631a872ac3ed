// The numbers behind the charts of a page: as tables, and drawn on the marks of the chart.

import { element } from "./dom.js";
import { mark, pair } from "./marks.js";
import { confidenceText, flagText, words } from "./words.js";

export const chartContent = {
  task: "chart",
  formats: ["md", "json", "csv"],
  empty: "chartEmpty",

  told: (records) => words("chartRead", { count: records.filter((record) => record.chart).length }),

  render(records, number, viewer) {
    const charts = records.filter((record) => record.chart);
    if (!charts.length) {
      const flags = records[0].flags.filter((flag) => flag !== "not-a-chart");
      return [element("p", { class: "empty" }, words("noChart")), notes(flags)];
    }
    const target = viewer.layer(number, "chart");
    return charts.map((record) => chartElement(record, target, () => viewer));
  },
};

const notes = (flags) => (flags.length ? element("ul", { class: "notes" }, flags.map((flag) => element("li", {}, flagText(flag)))) : "");

function chartElement({ chart, flags, page }, target, viewer) {
  const named = chart.series.some((series) => series.name);
  const heads = chart.series.map((series, index) => {
    const name = series.name || chart.y_title || (named ? `${index + 1}` : words("value"));
    const swatch = element("i", { class: "swatch" });
    if (series.color) swatch.style.background = series.color;
    return element("th", { scope: "col" }, series.color && named ? swatch : null, name);
  });
  const rows = chart.categories.map((category, row) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, category),
      chart.series.map((series) => valueCell(series.values[row], series, category, target, page.number, viewer)),
    ),
  );
  const title = chart.title || words("chartOf");
  return element(
    "section",
    { class: "chart-result" },
    element("h3", { dir: "auto" }, title),
    element("p", { class: "sure" }, confidenceText(chart.confidence)),
    notes(flags),
    element(
      "div",
      { class: "wide" },
      element(
        "table",
        { class: "chart-table" },
        element("thead", {}, element("tr", {}, element("th", { scope: "col" }, chart.x_title || words("category")), heads)),
        element("tbody", {}, rows),
      ),
    ),
  );
}

function valueCell(value, series, category, target, number, viewer) {
  const shown = value.value === null ? words("noValue") : (value.text ?? rounded(value.value));
  const cell = element("td", { tabIndex: value.box ? 0 : null }, shown);
  if (!value.box || !target) return cell;
  const box = mark(target.page, value.box, "value", shown);
  const color = value.color || series.color;
  if (color) box.style.setProperty("--mark", color);
  box.title = words("valueOf", { series: series.name, category, value: shown }).replace(/^, /, "");
  target.layer.append(box);
  pair(cell, box, () => viewer().reveal(number, value.box));
  return cell;
}

const rounded = (value) => String(Number(value.toPrecision(6)));
