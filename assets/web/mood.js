// What a tab tells from afar: title, icon, and what is said aloud when a state changes.

const MARKS = { fine: "", running: "● ", attention: "✕ ", unreachable: "? " };
const ALL_MARKS = /^[●✕?] /u;

let own = null;

function apply(mood) {
  document.title = MARKS[mood] + document.title.replace(ALL_MARKS, "");
  const icon = document.getElementById("favicon");
  const href = `/assets/icon-${mood}.svg`;
  if (icon && !icon.getAttribute("href").startsWith(href)) icon.setAttribute("href", href);
}

function ofPage() {
  const title = document.title;
  const entry = Object.entries(MARKS).find(([, mark]) => mark && title.startsWith(mark));
  return document.querySelector("[data-mood]")?.dataset.mood ?? own ?? entry?.[0] ?? "fine";
}

// Without a mood it is that of the page again.
export function setMood(mood) {
  if (mood === "unreachable" && own === null) own = ofPage();
  apply(mood ?? own ?? ofPage());
  if (mood === null) own = null;
}

document.addEventListener("prestic-replaced", ({ detail }) => {
  const hero = detail.matches("[data-mood]") ? detail : detail.querySelector("[data-mood]");
  if (!hero) return;
  const sentence = hero.querySelector("h1")?.textContent.trim().replace(/\.$/, "");
  if (sentence) document.title = `${sentence} · PRestic`;
  apply(hero.dataset.mood);
});

let speaker = null;

export function announce(text) {
  if (!speaker) {
    speaker = document.createElement("div");
    speaker.className = "visually-hidden";
    speaker.setAttribute("aria-live", "polite");
    document.body.append(speaker);
  }
  speaker.textContent = text;
}
