// One live connection for all tabs of this browser: the tab that holds the lock listens to the daemon and tells the others.

import { refresh, refreshAll } from "./fragments.js";
import { setMood } from "./mood.js";
import { showProgress } from "./progress.js";

const EVENTS = [
  "run",
  "overdue",
  "paused",
  "resumed",
  "limit-near",
  "config-loaded",
  "config-rejected",
  "web",
  "job",
  "snapshots-changed",
  "shutting-down",
  "connected",
  "resync",
  "progress",
];
const POLL_MS = 5000;
const LOCK = "prestic-events";

let wasConnected = false;
let shownState = null;

// Which fragments an event makes stale, in the words of their data-on.
function stale(name, facts) {
  switch (name) {
    case "run":
      return ["tasks", `task:${facts.task}`, `run:${facts.run}`];
    case "overdue":
    case "limit-near":
      return ["tasks", `task:${facts.task}`];
    case "paused":
    case "resumed":
      return ["pause", "tasks"].concat(facts.task ? [`task:${facts.task}`] : []);
    case "config-loaded":
    case "config-rejected":
      return ["config"];
    case "job":
      return [`job:${facts.job}`, `jobs:${facts.profile}`];
    case "snapshots-changed":
      return facts.profiles.map((profile) => `snapshots:${profile}`);
    default:
      return [];
  }
}

function take(name, facts) {
  document.dispatchEvent(new CustomEvent("prestic", { detail: { name, facts } }));
  if (name === "progress") {
    showProgress(facts);
  } else if (name === "resync") {
    refreshAll();
  } else if (name === "connected") {
    setConnected("live");
    // What happened while nobody listened is not known.
    if (wasConnected) refreshAll();
    wasConnected = true;
  } else if (name === "lost") {
    setConnected("lost");
  } else {
    refresh(stale(name, facts));
  }
}

function tellState() {
  const text = { live: "live", lost: "not live: the daemon does not answer", polling: "every 5 s" }[shownState];
  for (const place of document.querySelectorAll("[data-connection]")) if (text) place.textContent = text;
}

function setConnected(state) {
  shownState = state;
  tellState();
  let banner = document.getElementById("lost-banner");
  if (state === "lost" && !banner) {
    banner = document.createElement("p");
    banner.id = "lost-banner";
    banner.className = "banner";
    banner.setAttribute("role", "status");
    banner.textContent = "The daemon does not answer. What you see may be old; this page tries again by itself.";
    document.querySelector("main").prepend(banner);
    setMood("unreachable");
  } else if (state !== "lost" && banner) {
    banner.remove();
    setMood(null);
  }
}

function listen(tell) {
  let retry = 1000;
  let lastId = "";
  const connect = () => {
    const source = new EventSource(`/api/v1/events${lastId ? `?since=${encodeURIComponent(lastId)}` : ""}`);
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => {
        if (event.lastEventId) lastId = event.lastEventId;
        retry = 1000;
        tell(name, JSON.parse(event.data));
      });
    }
    source.onerror = () => {
      tell("lost", {});
      // The browser connects again by itself, unless the answer was a refusal.
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(connect, retry);
        retry = Math.min(retry * 2, 30000);
      }
    };
    source.onopen = () => tell("connected", {});
  };
  connect();
}

function poll() {
  setConnected("polling");
  setInterval(() => {
    if (!document.hidden) refreshAll();
  }, POLL_MS);
}

export function live() {
  // What comes later is told, too.
  document.addEventListener("prestic-replaced", tellState);
  if (!navigator.locks || !window.BroadcastChannel) {
    poll();
    return;
  }
  const channel = new BroadcastChannel("prestic-events");
  let state = null;
  channel.onmessage = ({ data }) => {
    if (data.name === "who") {
      if (state) channel.postMessage({ name: state, facts: {} });
      return;
    }
    take(data.name, data.facts);
  };
  channel.postMessage({ name: "who" });
  // Held until this tab is closed: then the next one gets it.
  navigator.locks.request(LOCK, () => {
    listen((name, facts) => {
      if (name === "connected" && state === "connected") return;
      if (name === "connected" || name === "lost") state = name;
      channel.postMessage({ name, facts });
      take(name, facts);
    });
    return new Promise(() => {});
  });
}
