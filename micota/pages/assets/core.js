"use strict";
// The page's ground: making elements, unpacking data, and which view is shown. Texts of models are never markup: they
// enter by text nodes alone.

const state = { index: null, chunks: new Map(), waiting: new Map(), models: new Map(), fillers: {}, turn: 0 };

const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== null && value !== false && value !== undefined)
      node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

const number = (value) => value.toLocaleString("en");

async function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

// A piece of data by its name, unpacked once: it stands in the page, or in a file beside it.
function chunk(name) {
  if (!state.chunks.has(name)) {
    const place = all("script[data-chunk]").find((script) => script.dataset.chunk === name);
    const packed = place.dataset.file ? fetched(name, place.dataset.file) : Promise.resolve(place.textContent);
    state.chunks.set(name, packed.then(unpack));
  }
  return state.chunks.get(name);
}

// A file beside the page calls `arrived`: from a disk, a page may read no other way.
function fetched(name, file) {
  return new Promise((resolve, reject) => {
    state.waiting.set(name, resolve);
    const failed = () => reject(new Error(`${file} is not beside this page: texts are kept there`));
    document.head.append(make("script", { src: file, error: failed }));
  });
}

function arrived(name, packed) {
  state.waiting.get(name)(packed);
}

// Where we are: #view/name?key=value
function place() {
  const [path, query] = location.hash.slice(1).split("?");
  return { path: decodeURIComponent(path || "verdicts"), query: new URLSearchParams(query || "") };
}

function address(path, query = {}) {
  const kept = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const words = kept.map(
    ([key, value]) => `${key}=${encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%2F", "/")}`,
  );
  return `#${path}${words.length ? "?" : ""}${words.join("&")}`;
}

// Change where we are without a step back in the browser's history, as typing in a filter does.
function settle(path, query) {
  history.replaceState(null, "", address(path, query));
  show(false);
}

async function show(focus = true) {
  const { path, query } = place();
  const [view, ...rest] = path.split("/");
  const static_ = document.getElementById(path) || document.getElementById(view) || find(".view");
  const section = static_.closest(".view") || find(".view");
  const turn = ++state.turn;
  for (const other of all(".view.shown")) if (other !== section) other.classList.remove("shown");
  section.classList.add("shown");
  const under = section.dataset.under || view;
  for (const link of all("nav a")) {
    if (link.hash === `#${under}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const trouble = find("#trouble");
  let target = null; // what a view wants to be seen first
  trouble.hidden = true;
  try {
    if (state.fillers[view])
      target = await state.fillers[view](section, rest.join("/"), query, () => turn === state.turn);
  } catch (error) {
    trouble.textContent = error.message;
    trouble.hidden = false;
  }
  if (turn !== state.turn) return;
  const heading = find("h1", section);
  document.title = `${heading.textContent} · ${state.index.study}`;
  document.documentElement.dataset.shown = location.href;
  if (focus) {
    heading.focus({ preventScroll: true });
    (target || (static_ === section ? document.body : static_)).scrollIntoView();
  }
}
