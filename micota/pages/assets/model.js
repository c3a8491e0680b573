"use strict";
// One model's traces: filters, search, kinds of errors, and what is found as a file.

const PAGE = 20; // traces at once

function overview() {
  const data = state.index.data.map((each) => each.name);
  const rows = [...state.models.values()].map((model) => [
    make("a", { href: address(`model/${model.name}`) }, model.label),
    model.label === model.name ? "" : model.name,
    ...data.map((name) =>
      model.data[name]
        ? make("a", { href: address(`model/${model.name}`, { data: name }) }, share(model.data[name].right))
        : "–",
    ),
  ]);
  return table(["Model", "Its name", ...data.map((name) => `${name}: right (%)`)], rows, {
    label: "Models",
    sort: true,
  });
}

const share = (flags) => ((100 * flags.replaceAll("0", "").length) / flags.length).toFixed(1);

const FILTERS = {
  data: (t, value) => t.data === value,
  verdict: (t, value) => isRight(t) === (value === "right"),
  kind: (t, value) => state.index.kinds[t.columns.kind[t.row]] === value,
  cut: (t) => t.columns.cut[t.row] === "1",
  nobox: (t) => t.columns.answer[t.row] === null,
  differ: (t) => gradersDiffer(t),
  min: (t, value) => t.columns.tokens[t.row] >= Number(value),
  max: (t, value) => t.columns.tokens[t.row] <= Number(value),
};

function tracesOf(model) {
  return Object.keys(model.data).flatMap((data) =>
    model.data[data].problem.map((_, row) => trace(model.name, data, row)),
  );
}

// Traces whose text, or whose problem, holds what is searched for; of those without a text the problem alone.
async function matching(list, search, problems) {
  if (!search) return list;
  const found = [];
  for (const t of list) {
    const text = await textOf(t);
    const problem = problems[t.data][0][t.columns.problem[t.row]];
    if ((text && text[0].toLowerCase().includes(search)) || problem.toLowerCase().includes(search)) found.push(t);
  }
  return found;
}

// Traces that a corpus does not hold: rows are known by sampler, problem and sample.
async function outside(list, corpus) {
  const rows = await chunk(`rows/${corpus.name}`);
  const held = new Set(
    rows.problem.map((problem, row) => `${corpus.samplers[rows.sampler[row]]}/${problem}/${rows.sample[row]}`),
  );
  return list.filter(
    (t) =>
      t.data !== corpus.data || !held.has(`${t.model}/${t.columns.problem[t.row]}/${t.columns.sample?.[t.row] ?? 0}`),
  );
}

function filterForm(model, query, go) {
  const labelled = (words, control) => make("label", {}, words, control);
  const choice = (name, words, options) =>
    labelled(
      words,
      make(
        "select",
        { name, change: (event) => go({ [name]: event.target.value }) },
        options.map(([value, label]) => make("option", { value, selected: (query.get(name) || "") === value }, label)),
      ),
    );
  const check = (name, words) =>
    make(
      "label",
      { class: "check" },
      make("input", {
        type: "checkbox",
        name,
        checked: query.get(name) === "1",
        change: (event) => go({ [name]: event.target.checked ? "1" : "" }),
      }),
      words,
    );
  const field = (name, words, type) =>
    labelled(
      words,
      make("input", {
        name,
        type,
        min: type === "number" ? "0" : null,
        value: query.get(name) || "",
        change: (event) => go({ [name]: event.target.value }),
      }),
    );
  const kinds = state.index.kinds.map((kind) => [kind, kind]);
  const form = make(
    "form",
    { class: "controls", "aria-label": "Which traces", submit: (event) => event.preventDefault() },
    choice("data", "Data set", [["", "all"], ...Object.keys(model.data).map((name) => [name, name])]),
    choice("verdict", "Verdict", [
      ["", "any"],
      ["right", "right"],
      ["wrong", "wrong"],
    ]),
    choice("kind", "Kind", [["", "any"], ...kinds]),
    field("min", "Tokens from", "number"),
    field("max", "to", "number"),
    field("find", "Search in texts", "search"),
    check("cut", "cut off"),
    check("nobox", "no box"),
    check("differ", "graders disagree"),
  );
  return form;
}

function kindsTable(list, model, query) {
  const counts = new Map();
  for (const t of list) {
    const kind = state.index.kinds[t.columns.kind[t.row]];
    counts.set(kind, (counts.get(kind) || 0) + 1);
  }
  const rows = state.index.kinds
    .filter((kind) => counts.has(kind))
    .map((kind) => [
      make("a", { href: address(`model/${model.name}`, { ...Object.fromEntries(query), kind, page: "" }) }, kind),
      counts.get(kind),
      `${((100 * counts.get(kind)) / list.length).toFixed(1)} %`,
    ]);
  return table(["Kind", "Traces", "Share"], rows, { label: "Kinds", caption: "What became of these traces" });
}

async function exported(list, problems, name) {
  const lines = [];
  for (const t of list) {
    const problem = t.columns.problem[t.row];
    const text = await textOf(t);
    lines.push(
      JSON.stringify({
        id: state.index.data.find((each) => each.name === t.data).ids[problem],
        sample: t.columns.sample?.[t.row] ?? 0,
        sampler: t.model,
        dataset: t.data,
        problem: problems[t.data][0][problem],
        answer: problems[t.data][1][problem],
        completion: text ? text[0] : null,
        extracted: t.columns.answer[t.row],
        n_tokens: t.columns.tokens[t.row],
        finish_reason: t.columns.cut[t.row] === "1" ? "length" : "stop",
        correct: isRight(t),
      }),
    );
  }
  const link = make("a", { href: URL.createObjectURL(new Blob([lines.join("\n"), "\n"])), download: `${name}.jsonl` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function pages(count, page, go, words) {
  const last = Math.max(1, Math.ceil(count / words.size));
  return make(
    "div",
    { class: "controls", role: "group", "aria-label": "Pages" },
    make("button", { type: "button", disabled: page <= 1, click: () => go({ page: page - 1 }) }, "← previous"),
    make("button", { type: "button", disabled: page >= last, click: () => go({ page: page + 1 }) }, "next →"),
    make("output", { "aria-live": "polite" }, `${number(count)} ${words.what}, page ${page} of ${last}`),
  );
}

state.fillers.model = async (section, name, query, current) => {
  const model = state.models.get(name);
  const body = find("[data-body]", section);
  find("h1", section).textContent = model ? model.label : "Models";
  find("[data-way]", section).replaceChildren(
    ...(model ? [make("a", { href: "#model" }, "Models"), ` › ${name}`] : []),
  );
  if (!model) return body.replaceChildren(overview());
  const problems = await chunk("problems");
  const go = (changes) => settle(`model/${name}`, { ...Object.fromEntries(query), page: "", ...changes });
  let list = tracesOf(model);
  for (const [key, holds] of Object.entries(FILTERS))
    if (query.get(key)) list = list.filter((t) => holds(t, query.get(key)));
  const corpus = state.index.corpora.find((each) => each.name === query.get("outside"));
  if (corpus) list = await outside(list, corpus);
  const search = (query.get("find") || "").toLowerCase();
  list = await matching(list, search, problems);
  const page = Math.max(1, Math.min(Number(query.get("page") || 1), Math.ceil(list.length / PAGE) || 1));
  const shown = list.slice((page - 1) * PAGE, page * PAGE);
  const texts = await Promise.all(shown.map(textOf));
  if (!current()) return;
  const kept = document.activeElement?.name;
  body.replaceChildren(
    filterForm(model, query, go),
    ...(corpus
      ? [
          make(
            "p",
            { class: "note" },
            `Only traces that are not in the corpus ${corpus.label}. `,
            make("a", { href: address(`model/${name}`, { data: corpus.data }) }, "All"),
          ),
        ]
      : []),
    kindsTable(list, model, query),
    pages(list.length, page, go, { size: PAGE, what: list.length === 1 ? "trace" : "traces" }),
    make(
      "p",
      {},
      make(
        "button",
        { type: "button", click: () => exported(list, problems, name) },
        `Save these ${number(list.length)} as JSON Lines`,
      ),
    ),
    make("p", { class: "aside" }, ...legend()),
    ...shown.map((t, place) =>
      make(
        "article",
        { class: "trace" },
        question(problems, t.data, t.columns.problem[t.row]),
        facts(t),
        block(texts[place], search),
      ),
    ),
  );
  if (kept) find(`[name="${kept}"]`, body)?.focus();
};
