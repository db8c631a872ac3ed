"use strict";
// Lights a place on the page and what belongs to it together, and lets pages be seen larger.
{
  const elements = (key) => document.querySelectorAll(`[data-at="${CSS.escape(key)}"]`);
  const lit = { pointer: null, focus: null };

  const light = (cause, key) => {
    if (lit[cause] === key) return;
    const before = lit[cause];
    lit[cause] = key;
    if (before !== null && !Object.values(lit).includes(before)) for (const each of elements(before)) each.classList.remove("lit");
    if (key !== null) for (const each of elements(key)) each.classList.add("lit");
  };
  const keyAt = (event) => event.target.closest?.("[data-at]")?.dataset.at ?? null;

  document.addEventListener("pointerover", (event) => light("pointer", keyAt(event)));
  document.addEventListener("pointerleave", () => light("pointer", null));
  document.addEventListener("focusin", (event) => light("focus", keyAt(event)));
  document.addEventListener("focusout", () => light("focus", null));

  document.addEventListener("click", (event) => {
    const from = event.target.closest?.("[data-at]");
    if (!from || event.target.closest("a:not(.mark)") || !getSelection().isCollapsed) return;
    const onPage = from.classList.contains("mark");
    const to = [...elements(from.dataset.at)].find((each) => each.classList.contains("mark") !== onPage);
    if (!to) return;
    event.preventDefault();
    to.scrollIntoView({ block: onPage ? "center" : "nearest" });
    if (onPage) (to.matches("a") ? to : to.querySelector(":scope > a.to"))?.focus({ preventScroll: true });
  });

  // Show the first place at once, if the page is longer than the window.
  for (const pane of location.hash ? [] : document.querySelectorAll(".pages")) {
    const mark = pane.querySelector(".mark");
    const at = mark === null ? 0 : mark.getBoundingClientRect().top - pane.getBoundingClientRect().top;
    if (at > 0.6 * pane.clientHeight) pane.scrollTo({ top: at - pane.clientHeight / 3, behavior: "instant" });
  }

  for (const sheet of document.querySelectorAll(".spread > .sheet, .pages .sheet, .pair .sheet")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "larger";
    button.textContent = "Larger";
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const large = sheet.closest(".spread, .desk, .pair").classList.toggle("large");
      for (const each of sheet.closest(".spread, .desk, .pair").querySelectorAll(".larger")) {
        each.textContent = large ? "Smaller" : "Larger";
        each.setAttribute("aria-pressed", String(large));
      }
      sheet.scrollIntoView({ block: "start" });
    });
    sheet.append(button);
  }
}
