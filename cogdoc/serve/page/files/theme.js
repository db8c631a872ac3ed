// Before the first paint: the colours that this person chose, if not those of the system.
try {
  const theme = localStorage.getItem("cogdoc-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked: the system's colours.
}
