"use strict";
// One corpus: how long its traces are, what was not taken, and its rows.

const BINS = 20;

function bins(tokens) {
  const most = Math.max(...tokens.reduce((found, each) => [Math.max(found[0], each)], [1]));
  const rough = most / BINS;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const width = Math.max(1, unit * [1, 2, 5, 10].find((times) => times * unit >= rough));
  const counts = new Array(Math.floor(most / width) + 1).fill(0);
  for (const each of tokens) counts[Math.floor(each / width)] += 1;
  return counts.map((count, place) => ({ count, min: place * width, max: (place + 1) * width - 1 }));
}

const lengths = (bin) => `${number(bin.min)} to ${number(bin.max)}`;

function histogram(name, tokens) {
  const found = bins(tokens);
  const most = Math.max(...found.map((bin) => bin.count));
  const rows = found.map((bin) => [
    bin.count
      ? make("a", { href: address(`corpus/${name}`, { min: bin.min, max: bin.max }) }, lengths(bin))
      : lengths(bin),
    bin.count,
    make("span", { class: "bar", style: `width: ${(100 * bin.count) / most}%` }),
  ]);
  return table(["Tokens", "Traces", "Share of the largest"], rows, {
    class: "bins",
    label: "Lengths",
    caption: "How long its traces are; a row opens them",
  });
}

function rowText(corpus, rows, row) {
  if (rows.text[row] !== 0) return Promise.resolve(rows.text[row]);
  const sampler = corpus.samplers[rows.sampler[row]];
  const found = rowsOf(sampler, corpus.data)?.get(sampleKey(rows.problem[row], rows.sample[row]));
  return found === undefined ? Promise.resolve(null) : textOf(trace(sampler, corpus.data, found));
}

function notTaken(corpus) {
  const ways = corpus.samplers
    .filter((name) => rowsOf(name, corpus.data))
    .flatMap((name) => [
      make(
        "li",
        {},
        make(
          "a",
          { href: address(`model/${name}`, { data: corpus.data, verdict: "wrong", outside: corpus.name }) },
          `wrong, by ${name}`,
        ),
      ),
      make(
        "li",
        {},
        make(
          "a",
          { href: address(`model/${name}`, { data: corpus.data, verdict: "right", outside: corpus.name }) },
          `right, and still not taken, by ${name}`,
        ),
      ),
    ]);
  return ways.length ? [make("h2", {}, "Examples of what is not in it"), make("ul", { class: "ways" }, ways)] : [];
}

state.fillers.corpus = async (section, name, query, current) => {
  const corpus = state.index.corpora.find((each) => each.name === name);
  if (!corpus) return;
  const [rows, problems] = await Promise.all([chunk(`rows/${name}`), chunk("problems")]);
  const go = (changes) => settle(`corpus/${name}`, { ...Object.fromEntries(query), ...changes });
  const min = Number(query.get("min") || 0);
  const max = query.get("max") ? Number(query.get("max")) : Infinity;
  const list = rows.tokens.map((_, row) => row).filter((row) => rows.tokens[row] >= min && rows.tokens[row] <= max);
  const page = Math.max(1, Math.min(Number(query.get("page") || 1), Math.ceil(list.length / PAGE) || 1));
  const shown = list.slice((page - 1) * PAGE, page * PAGE);
  const texts = await Promise.all(shown.map((row) => rowText(corpus, rows, row)));
  if (!current()) return;
  const within =
    max === Infinity
      ? []
      : [
          make(
            "p",
            { class: "note" },
            `Rows of ${number(min)} to ${number(max)} tokens. `,
            make("a", { href: `#corpus/${name}` }, "All"),
          ),
        ];
  find("[data-body]", section).replaceChildren(
    histogram(name, rows.tokens),
    ...notTaken(corpus),
    make("h2", { "data-rows": true }, "Its rows"),
    ...within,
    pages(list.length, page, go, { size: PAGE, what: "rows" }),
    make("p", { class: "aside" }, ...legend()),
    ...shown.map((row, place) =>
      make(
        "article",
        { class: "trace" },
        make(
          "pre",
          { class: "question" },
          visible(
            (rows.problem[row] < 0 ? rows.own_problem[row] : problems[corpus.data]?.[0][rows.problem[row]]) || "",
          ),
        ),
        make("p", {}, `${number(rows.tokens[row])} tokens, by ${corpus.samplers[rows.sampler[row]]}`),
        block(texts[place]),
      ),
    ),
  );
  return within.length ? find("[data-rows]", section) : null;
};
