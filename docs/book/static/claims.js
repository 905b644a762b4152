// Filter of the claims table: by paper, kind, status and words; the choice stands in the address, so that it can be linked to.
addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("claims-filter");
  const table = document.querySelector("table.claims-table");
  if (!place || !table) return;
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows].map((row) => ({ row, cells: [...row.cells].map((cell) => cell.textContent.trim()) }));
  const asked = new URLSearchParams(location.search);

  const form = document.createElement("form");
  form.className = "claims-filter";
  form.setAttribute("role", "search");
  form.setAttribute("aria-label", "Filter of the table");
  const labelled = (name, field) => {
    const label = document.createElement("label");
    field.name = name;
    label.append(name, field);
    form.append(label);
    return field;
  };
  const fields = ["paper", "kind", "status"].map((name) => {
    const column = heads.indexOf(name), select = document.createElement("select");
    const values = [...new Set(rows.map(({ cells }) => cells[column]))];
    select.append(new Option("all", ""), ...values.map((value) => new Option(value, value)));
    select.value = values.includes(asked.get(name)) ? asked.get(name) : "";
    return { name, column, field: labelled(name, select) };
  });
  const words = labelled("words", Object.assign(document.createElement("input"), { type: "search", value: asked.get("words") || "" }));
  const clear = Object.assign(document.createElement("button"), { type: "button", textContent: "show all" });
  const count = document.createElement("output");
  count.setAttribute("aria-live", "polite");
  form.append(clear, count);
  place.append(form);

  const show = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { row, cells } of rows) {
      const text = cells.join(" ").toLowerCase();
      const fits = fields.every(({ column, field }) => !field.value || cells[column] === field.value) && wanted.every((word) => text.includes(word));
      row.hidden = !fits;
      shown += fits;
    }
    count.textContent = `${shown} of ${rows.length} rows`;
    const chosen = [...fields.map(({ name, field }) => [name, field.value]), ["words", words.value]].filter(([, value]) => value);
    const query = new URLSearchParams(chosen).toString();
    history.replaceState(null, "", query ? `?${query}` : location.pathname);
  };
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  clear.addEventListener("click", () => {
    for (const { field } of fields) field.value = "";
    words.value = "";
    show();
    words.focus();
  });
  show();
});
