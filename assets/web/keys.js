// Keys: `?` lists them. None of them is taken while somebody types, and none that has Ctrl, Alt or Meta with it.

const PLACES = { h: "/", c: "/calendar", s: "/system" };
const CHORD_MS = 1500;

const HELP = [
  ["?", "this list"],
  ["/", "search on this page"],
  ["j, k", "next row, row before"],
  ["Enter", "open the row"],
  ["g h", "all tasks"],
  ["g c", "calendar"],
  ["g s", "system"],
  ["← →", "the days of a strip"],
  ["Esc", "close"],
];

let chord = 0;

function rows() {
  return [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null);
}

function move(step) {
  const all = rows();
  if (all.length === 0) return;
  const old = all.findIndex((row) => row.classList.contains("row-current"));
  const index = old < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(old + step, 0), all.length - 1);
  all[old]?.classList.remove("row-current");
  all[index].classList.add("row-current");
  all[index].scrollIntoView({ block: "nearest" });
  all[index].querySelector("a[href]")?.focus({ preventScroll: true });
}

function help() {
  let dialog = document.getElementById("keys-help");
  if (!dialog) {
    dialog = document.createElement("dialog");
    dialog.id = "keys-help";
    dialog.setAttribute("aria-labelledby", "keys-title");
    const title = document.createElement("h2");
    title.id = "keys-title";
    title.textContent = "Keys";
    const list = document.createElement("dl");
    for (const [key, meaning] of HELP) {
      const term = document.createElement("dt");
      const mark = document.createElement("kbd");
      mark.textContent = key;
      term.append(mark);
      const text = document.createElement("dd");
      text.textContent = meaning;
      list.append(term, text);
    }
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "Close";
    close.addEventListener("click", () => dialog.close());
    dialog.append(title, list, close);
    document.body.append(dialog);
  }
  if (dialog.open) dialog.close();
  else dialog.showModal();
}

function press(event) {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (typing) {
    if (event.key === "Escape") typing.blur();
    return;
  }
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.timeStamp - chord < CHORD_MS && PLACES[event.key]) {
    location.assign(PLACES[event.key]);
    return;
  }
  chord = 0;
  switch (event.key) {
    case "?":
      help();
      break;
    case "/": {
      const search = document.querySelector("[data-search]");
      if (!search) return;
      search.focus();
      break;
    }
    case "j":
      move(1);
      break;
    case "k":
      move(-1);
      break;
    case "g":
      chord = event.timeStamp;
      break;
    case "Escape":
      for (const menu of document.querySelectorAll("details.menu[open]")) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
      return;
    default:
      return;
  }
  event.preventDefault();
}

// Of a strip's links only one is a stop of the tab key.
function rove(where) {
  for (const strip of where.querySelectorAll(".strip")) {
    const links = [...strip.querySelectorAll("a.day")];
    links.forEach((link, index) => (link.tabIndex = index === links.length - 1 ? 0 : -1));
  }
}

function walk(event) {
  const link = event.target.closest?.(".strip a.day");
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!link || !step) return;
  const links = [...link.closest(".strip").querySelectorAll("a.day")];
  const next = links[links.indexOf(link) + step];
  if (!next) return;
  link.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
  event.preventDefault();
}

export function keys() {
  document.addEventListener("keydown", press);
  document.addEventListener("keydown", walk);
  document.addEventListener("prestic-replaced", ({ detail }) => rove(detail));
  rove(document);
}
