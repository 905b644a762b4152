// Order of what a search finds: Sphinx's own weights, but the heading that is exactly what was typed, such as a claim's id, comes first.
var Scorer = {
  score: ([, title, , , score]) => {
    const typed = (new URLSearchParams(location.search).get("q") || "").trim().toLowerCase();
    return title.toLowerCase().split(" > ").pop() === typed ? score + 1000 : score;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
