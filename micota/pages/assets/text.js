"use strict";
// A model's text on the page: marks for what is not seen, tints for what a reader of steps found, and its verdict.

const FIRST = 20000; // characters that are shown before one asks for all
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;
const TINTS = {
  check: "a check",
  again: "a further pass",
  taken_back: "a step taken back",
  fault: "the first wrong step",
  mark: "a mark of reflection",
  loop: "a loop at the end",
};

// Nodes of a text: characters that are not seen, or that turn others round, stand there by their number.
function visible(text, search = null) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(UNSEEN)) {
    if (found.index > from) nodes.push(...searched(text.slice(from, found.index), search));
    const code = found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    nodes.push(make("span", { class: "hidden" }, `U+${code}`));
    from = found.index + found[0].length;
  }
  if (from < text.length) nodes.push(...searched(text.slice(from), search));
  return nodes;
}

function searched(text, search) {
  if (!search) return [text];
  const nodes = [];
  const low = text.toLowerCase();
  let from = 0;
  for (let at = low.indexOf(search); at >= 0; at = low.indexOf(search, from)) {
    if (at > from) nodes.push(text.slice(from, at));
    nodes.push(make("mark", {}, text.slice(at, at + search.length)));
    from = at + search.length;
  }
  if (from < text.length) nodes.push(text.slice(from));
  return nodes;
}

// [text, spans]: spans are start, length, kind, one after the other.
function tinted([text, spans], search, limit) {
  const nodes = [];
  let from = 0;
  for (let place = 0; place < spans.length && spans[place] < limit; place += 3) {
    const [start, length, kind] = spans.slice(place, place + 3);
    if (start > from) nodes.push(...visible(text.slice(from, start), search));
    const name = state.index.spans[kind];
    const inside = visible(text.slice(start, Math.min(limit, start + length)), search);
    nodes.push(make("span", { class: `tint ${name}`, title: TINTS[name] }, inside));
    from = start + length;
  }
  if (from < limit) nodes.push(...visible(text.slice(from, limit), search));
  return nodes;
}

// The block of a text; null: the page has none.
function block(text, search = null) {
  if (!text) return make("p", { class: "aside" }, "The page has no text of this trace.");
  const length = text[0].length;
  const spaces = text[0].slice(0, FIRST).split(" ").length - 1;
  const dense = spaces < Math.min(length, FIRST) / 20; // no prose: lines may break anywhere
  const box = make("pre", { class: dense ? "text dense" : "text", tabindex: "0" });
  box.append(...tinted(text, search, Math.min(length, FIRST)));
  if (length <= FIRST) return box;
  const more = make(
    "button",
    {
      type: "button",
      click: () => {
        box.replaceChildren(...tinted(text, search, length));
        more.remove();
      },
    },
    `show all ${number(length)} characters`,
  );
  return make("div", {}, box, more);
}

function legend() {
  const kinds = Object.entries(TINTS).map(([name, words]) => make("span", { class: `tint ${name}` }, words));
  return ["Tinted: ", ...kinds.flatMap((kind) => [kind, " "])];
}

// The problem and its gold answer, above the traces.
function question(problems, data, problem) {
  const [texts, golds] = problems[data];
  const id = state.index.data.find((each) => each.name === data).ids[problem];
  return make(
    "div",
    {},
    make("p", { class: "aside" }, id),
    make("pre", { class: "question" }, visible(texts[problem])),
    make("p", {}, "Gold answer: ", make("strong", {}, visible(golds[problem]))),
  );
}

// What is known of a trace without its text: verdict, length, answer, graders. `t`: model, data, row.
function facts(t) {
  const right = t.columns.right[t.row] === "1";
  const answer = t.columns.answer[t.row];
  const kind = state.index.kinds[t.columns.kind[t.row]];
  const words = [`${number(t.columns.tokens[t.row])} tokens`];
  if (t.columns.cut[t.row] === "1") words.push("cut off at its limit");
  if (!right && kind !== "wrong") words.push(kind);
  const graders = Object.entries(t.columns.graders).map(
    ([name, verdicts]) => `${name.replaceAll("_", " ")} ${verdicts[t.row] === "1" ? "✓" : "✗"}`,
  );
  const reason = state.index.reasons[t.columns.reason[t.row]];
  return make(
    "div",
    {},
    make(
      "p",
      {},
      make("span", { class: right ? "right" : "wrong" }, right ? "✓ right" : "✗ wrong"),
      `, ${words.join(", ")}`,
    ),
    make("p", {}, "Answer: ", answer === null ? "no box" : make("strong", {}, visible(answer))),
    make("p", { class: "aside" }, `${graders.join(", ")}${reason ? ` (${reason})` : ""}`),
  );
}

async function textOf(t) {
  if (t.columns.text[t.row] !== "1") return null;
  return (await chunk(`texts/${t.model}`))[t.data][t.row];
}
