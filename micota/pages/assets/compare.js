"use strict";
// Traces of several models on one problem, side by side.

// Problem and sample -> row of a model's columns on a data set; made once.
function rowsOf(model, data) {
  const known = state.models.get(model);
  if (!known || !known.data[data]) return null;
  known.rows ||= {};
  if (!known.rows[data]) {
    const columns = known.data[data];
    known.rows[data] = new Map(
      columns.problem.map((problem, row) => [sampleKey(problem, columns.sample?.[row] ?? 0), row]),
    );
  }
  return known.rows[data];
}

const sampleKey = (problem, sample) => problem * 4096 + sample;

function trace(model, data, row) {
  return { model, data, row, columns: state.models.get(model).data[data] };
}

const isRight = (t) => t.columns.right[t.row] === "1";
const hasText = (t) => t.columns.text[t.row] === "1";
const gradersDiffer = (t) => new Set(Object.values(t.columns.graders).map((verdicts) => verdicts[t.row])).size > 1;

const SHOWS = {
  "": () => true,
  both: (traces) => traces.every(isRight),
  neither: (traces) => !traces.some(isRight),
  first: (traces) => isRight(traces[0]) && traces.length > 1 && !isRight(traces[1]),
  second: (traces) => !isRight(traces[0]) && traces.length > 1 && isRight(traces[1]),
  differ: (traces) => new Set(traces.map(isRight)).size > 1,
  graders: (traces) => traces.some(gradersDiffer),
};

// What all of the models answered, and the filter lets through: lists of traces, one a model.
function items(asked) {
  const found = [];
  for (const data of asked.data) {
    const maps = asked.models.map((model) => rowsOf(model, data));
    if (!maps.length || maps.includes(null)) continue;
    for (const [key, row] of maps[0]) {
      if (!maps.every((map) => map.has(key))) continue;
      const traces = asked.models.map((model, place) => trace(model, data, place ? maps[place].get(key) : row));
      if (SHOWS[asked.show](traces) && (!asked.texts || traces.some(hasText))) found.push(traces);
    }
  }
  return asked.random === null ? found : drawn(found, 10, asked.random);
}

// A seeded draw (mulberry32, Fisher and Yates), in the order of the problems.
function drawn(list, count, seed) {
  let turn = seed >>> 0;
  const next = () => {
    turn = (turn + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(turn ^ (turn >>> 15), turn | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const places = list.map((_, place) => place);
  for (let last = places.length - 1; last > 0; last--) {
    const other = Math.floor(next() * (last + 1));
    [places[last], places[other]] = [places[other], places[last]];
  }
  return places
    .slice(0, count)
    .sort((one, other) => one - other)
    .map((place) => list[place]);
}

function askedOf(query) {
  const known = state.index.data.map((each) => each.name);
  const data = (query.get("data") || state.index.start.data).split(",").filter((name) => known.includes(name));
  const models = (query.get("models") || state.index.start.models.join(",")).split(",");
  return {
    data: data.length ? data : [state.index.start.data],
    models: models.filter((name) => state.models.has(name)),
    show: query.get("show") in SHOWS ? query.get("show") : "",
    texts: query.get("texts") === null ? !state.index.all && state.index.counts.texts > 0 : query.get("texts") === "1",
    random: query.has("random") ? Number(query.get("random")) : null,
    at: Number(query.get("at") || 0),
  };
}

function addressOf(asked, changes) {
  const next = { ...asked, ...changes };
  return {
    data: next.data.join(","),
    models: next.models.join(","),
    show: next.show,
    random: next.random,
    texts: state.index.all ? null : Number(next.texts),
    at: next.at || null,
  };
}

function controls(section, asked) {
  const form = find("form", section);
  const go = (changes) => settle("compare", addressOf(asked, { at: 0, ...changes }));
  const data = form.elements.data;
  const single = state.index.data.map((each) => each.name);
  const together = state.index.data
    .filter((each) => each.use === "evaluation" && !each.name.includes("@"))
    .map((each) => each.name);
  const options = [...new Set([asked.data.join(","), ...single, together.join(",")])].filter((value) => value);
  data.replaceChildren(
    ...options.map((value) =>
      make("option", { value, selected: value === asked.data.join(",") }, value.replaceAll(",", " + ")),
    ),
  );
  data.onchange = () =>
    go({
      data: data.value.split(","),
      models: asked.models.filter((model) => data.value.split(",").every((name) => rowsOf(model, name))),
    });
  form.elements.show.value = asked.show;
  form.elements.show.onchange = () => go({ show: form.elements.show.value });
  const others = [...state.models.values()].filter(
    (model) => !asked.models.includes(model.name) && asked.data.every((name) => model.data[name]),
  );
  form.elements.add.replaceChildren(
    make("option", { value: "" }, others.length ? "choose …" : "no other has answered these"),
    ...others.map((model) => make("option", { value: model.name }, model.label)),
  );
  form.elements.add.onchange = () => go({ models: [...asked.models, form.elements.add.value] });
  if (form.elements.texts) {
    form.elements.texts.checked = asked.texts;
    form.elements.texts.onchange = () => go({ texts: form.elements.texts.checked });
  }
  form.onsubmit = (event) => event.preventDefault();
}

function column(t, asked, text) {
  const model = state.models.get(t.model);
  const away = make(
    "button",
    {
      type: "button",
      "aria-label": `take ${model.label} away`,
      title: "take this column away",
      click: () =>
        settle("compare", addressOf(asked, { models: asked.models.filter((name) => name !== t.model), at: 0 })),
    },
    "×",
  );
  const link = make("a", { href: address(`model/${t.model}`, { data: t.data }) }, model.label);
  return make(
    "article",
    { class: "trace" },
    make("header", {}, make("h2", { class: "of" }, link), asked.models.length > 1 ? away : null),
    facts(t),
    block(text),
  );
}

state.fillers.compare = async (section, name, query, current) => {
  const asked = askedOf(query);
  controls(section, asked);
  const list = items(asked);
  const at = Math.max(0, Math.min(asked.at, list.length - 1));
  const step = (by) => {
    if (list[at + by]) settle("compare", addressOf(asked, { at: at + by }));
  };
  state.step = step;
  for (const button of all("[data-step]", section)) {
    button.disabled = !list[at + Number(button.dataset.step)];
    button.onclick = () => step(Number(button.dataset.step));
  }
  const random = find("[data-random]", section);
  random.textContent = asked.random === null ? "ten at random" : "another ten";
  random.onclick = () => settle("compare", addressOf(asked, { random: (asked.random ?? 0) + 1, at: 0 }));
  const where = find("[data-where]", section);
  const drawnBy = asked.random === null ? "" : `, drawn with the seed ${asked.random}`;
  where.replaceChildren(list.length ? `${number(at + 1)} of ${number(list.length)}${drawnBy}` : "no such problem");
  if (asked.random !== null)
    where.append(" ", make("a", { href: address("compare", addressOf(asked, { random: null, at: 0 })) }, "all"));
  find("[data-legend]", section).replaceChildren(...legend());
  const traces = list[at] || [];
  const problems = await chunk("problems");
  const texts = await Promise.all(traces.map(textOf));
  if (!current()) return;
  const sample =
    traces.length && traces[0].columns.sample
      ? make("p", { class: "aside" }, `Sample ${traces[0].columns.sample[traces[0].row]}`)
      : null;
  find("[data-problem]", section).replaceChildren(
    ...(traces.length
      ? [question(problems, traces[0].data, traces[0].columns.problem[traces[0].row]), ...(sample ? [sample] : [])]
      : []),
  );
  find("[data-columns]", section).replaceChildren(...traces.map((t, place) => column(t, asked, texts[place])));
};

document.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const typing = event.target.closest("input, select, textarea, .scroll, .text");
  if (!by || typing || event.altKey || event.ctrlKey || event.metaKey || place().path !== "compare") return;
  event.preventDefault();
  state.step?.(by);
});
