// Pieces of a page that come, or come again, by themselves.
//
//   data-fragment="URL"   is fetched at once and replaced by what comes; meanwhile it tells how long it has waited, with Cancel;
//                         inside of details that are closed it is fetched when they are opened
//   data-refresh="URL"    is fetched again and replaced when one of the words in data-on has changed
//   data-whole            the URL is that of a whole page, in which the element with the same data-refresh is meant

import { announce } from "./mood.js";
import { readTimes } from "./times.js";

// Several events in a row are one.
const GATHER_MS = 150;

const pending = new Set();
let timer = null;
// How often something has become stale: what was asked for before that may be so, too.
let generation = 0;

export function parse(text) {
  return new DOMParser().parseFromString(text, "text/html");
}

export async function fetchText(url, options = {}) {
  const answer = await fetch(url, { credentials: "same-origin", cache: "no-store", ...options });
  const text = await answer.text();
  if (!answer.ok) throw new Error(message(text) || `the server answered ${answer.status}`);
  return text;
}

// What a page of an error says, in a line.
export function message(text) {
  const failure = parse(text).querySelector("article.failure");
  if (!failure) return "";
  const part = (selector) => failure.querySelector(selector)?.textContent ?? "";
  return [part("h1"), part("p"), part("pre.quote"), part("p.hint")].filter(Boolean).join("\n");
}

// What a page says of that which was done.
export function said(text) {
  return parse(text).querySelector("[data-said]")?.textContent ?? "";
}

// Returns what has come as one element: a piece of a page may be several, as a headline and a table.
function only(body) {
  if (body.children.length <= 1) return body.firstElementChild;
  const whole = document.createElement("div");
  whole.append(...body.children);
  return whole;
}

function find(element, document_) {
  if (!element.hasAttribute("data-whole")) return only(document_.body);
  const key = element.dataset.refresh;
  return [...document_.querySelectorAll("[data-refresh]")].find((other) => other.dataset.refresh === key);
}

// Puts a new element where the old one was; what was open stays open, and what had the focus gets it back.
function replace(element, fresh) {
  const open = [...element.querySelectorAll("details")].map((details) => details.open);
  const focused = element.contains(document.activeElement) ? place(element, document.activeElement) : null;
  const said = (where) => [where, ...where.querySelectorAll("[data-announce]")].map((one) => one.dataset?.announce).filter(Boolean);
  const before = new Set(said(element));
  for (const text of said(fresh)) if (!before.has(text)) announce(text);
  document.adoptNode(fresh);
  element.replaceWith(fresh);
  [...fresh.querySelectorAll("details")].forEach((details, index) => {
    if (open[index]) details.open = true;
  });
  if (focused !== null) candidates(fresh)[focused]?.focus({ preventScroll: true });
  readTimes(fresh);
  load(fresh);
  document.dispatchEvent(new CustomEvent("prestic-replaced", { detail: fresh }));
}

function candidates(element) {
  return [element, ...element.querySelectorAll("a, button, summary, input, select, [tabindex]")];
}

function place(element, focused) {
  return candidates(element).indexOf(focused);
}

async function refetch(element) {
  try {
    const fresh = find(element, parse(await fetchText(element.dataset.refresh)));
    // A menu that is open, or a button that waits for its second click, is not pulled away.
    if (fresh && element.isConnected && !isBusy(element)) replace(element, fresh);
    else if (isBusy(element)) setTimeout(() => element.isConnected && refetch(element), 2000);
  } catch {
    // The banner tells when the daemon does not answer; what is shown stays.
  }
}

function isBusy(element) {
  return element.querySelector("details.menu[open], button.armed") !== null;
}

export function refresh(words) {
  for (const word of words) pending.add(word);
  if (words.length > 0 && timer === null) timer = setTimeout(flush, GATHER_MS);
}

export function refreshAll() {
  pending.add("*");
  if (timer === null) timer = setTimeout(flush, GATHER_MS);
}

function flush() {
  timer = null;
  generation += 1;
  const words = new Set(pending);
  pending.clear();
  const isStale = (element) => words.has("*") || on(element).some((word) => words.has(word));
  const elements = [...document.querySelectorAll("[data-refresh]")].filter(isStale);
  // What is inside another one comes with that.
  for (const element of elements) {
    if (!elements.some((other) => other !== element && other.contains(element))) refetch(element);
  }
}

// Names may have spaces: a word goes up to the next one that can begin.
function on(element) {
  return (element.dataset.on ?? "").split(/ (?=(?:task|run|job|jobs|snapshots):|tasks\b|config\b|pause\b)/);
}

async function loadOne(element) {
  const url = element.dataset.fragment;
  const link = element.querySelector("a");
  element.removeAttribute("data-fragment");
  const controller = new AbortController();
  const begun = Date.now();
  const text = document.createElement("span");
  text.className = "elapsed";
  const spinner = document.createElement("span");
  spinner.className = "spinner";
  const cancel = document.createElement("button");
  cancel.type = "button";
  cancel.textContent = "Cancel";
  cancel.addEventListener("click", () => controller.abort());
  const asked = element.dataset.waiting ?? "asking restic…";
  const tick = () => {
    text.textContent = `${asked} ${Math.round((Date.now() - begun) / 1000)} s`;
  };
  tick();
  const clock = setInterval(tick, 1000);
  element.setAttribute("aria-busy", "true");
  const before = generation;
  element.replaceChildren(spinner, text, cancel);
  try {
    const fresh = only(parse(await fetchText(url, { signal: controller.signal })).body);
    if (fresh) replace(element, fresh);
    if (generation !== before) refreshAll();
  } catch (error) {
    element.removeAttribute("aria-busy");
    const box = document.createElement("div");
    box.className = controller.signal.aborted ? "note" : "error";
    const what = document.createElement("p");
    what.className = "break";
    what.textContent = controller.signal.aborted ? "Canceled." : error.message;
    const again = document.createElement("button");
    again.type = "button";
    again.textContent = "Try again";
    again.addEventListener("click", () => {
      element.dataset.fragment = url;
      element.replaceChildren(...(link ? [link] : []));
      loadOne(element);
    });
    box.append(what, again);
    element.replaceChildren(box);
  } finally {
    clearInterval(clock);
  }
}

function load(where) {
  const elements = [...where.querySelectorAll("[data-fragment]")];
  if (where.dataset?.fragment) elements.unshift(where);
  for (const element of elements) if (!element.closest("details:not([open])")) loadOne(element);
}

export function fragments() {
  document.addEventListener("toggle", (event) => event.target.open && load(event.target), true);
  load(document.body);
}
