// From a disk no page can be read by a script: the search then shows titles alone.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// Tables that are wider than the page move in a box of their own, which the keyboard reaches.
addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll(".bd-article table")) {
    if (table.closest(".scrolls")) continue;
    const box = document.createElement("div");
    box.className = "scrolls";
    table.replaceWith(box);
    box.append(table);
  }
  const mark = () => {
    for (const box of document.querySelectorAll(".scrolls, .bd-article div.math")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  mark();
  addEventListener("resize", mark);
});

// The theme's own controls, named for those who do not see them.
addEventListener("DOMContentLoaded", () => {
  for (const summary of document.querySelectorAll(".bd-sidenav summary")) {
    const chapter = summary.closest("li").querySelector("a");
    if (chapter) summary.setAttribute("aria-label", `Chapter ${chapter.textContent.trim()}: its pages`);
  }
  for (const button of document.querySelectorAll(".search-button-field")) button.removeAttribute("aria-label");
});

// Paper is white, and nothing on it can be opened.
let screenTheme, opened = [];
addEventListener("beforeprint", () => {
  const { dataset } = document.documentElement;
  screenTheme = dataset.theme;
  dataset.theme = "light";
  opened = [...document.querySelectorAll(".bd-article details:not([open])")];
  for (const box of opened) box.open = true;
});
addEventListener("afterprint", () => {
  if (screenTheme) document.documentElement.dataset.theme = screenTheme;
  for (const box of opened) box.open = false;
});
