// Follows the log of a run that is under way, as long as its reader stands at the end.

// A page does not grow for ever.
const MOST_LINES = 5000;
const WAIT_S = 25;
const PAUSE_MS = 3000;

function isError(line) {
  return /^\s*(error|fatal|panic|unable to)/i.test(line);
}

// As the server does it: control sequences go, what would mislead is written out.
function shown(line) {
  const last = line.replace(/\r+$/, "").split("\r").pop();
  return last
    .replace(/\u001b(\[[^@-~]*[@-~]?|[^[])?/g, "")
    .replace(/[\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\u061c]/gu, (c) => (c === "\t" ? c : `\\u{${c.codePointAt(0).toString(16)}}`));
}

async function follow(log) {
  const run = Number(log.dataset.log);
  let next = Number(log.dataset.next);
  let open = "";
  const toggle = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = true;
  toggle.append(box, " Follow");
  log.before(toggle);
  log.scrollTop = log.scrollHeight;
  while (log.isConnected) {
    let chunk;
    try {
      const answer = await fetch(`/api/v1/runs/${run}/log?offset=${next}&wait=${WAIT_S}`, { credentials: "same-origin", cache: "no-store" });
      if (!answer.ok) throw new Error();
      chunk = await answer.json();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      continue;
    }
    next = chunk.next;
    const lines = (open + chunk.text).split("\n");
    open = lines.pop();
    if (chunk.is_complete && open) lines.push(open);
    for (const line of lines) {
      const place = document.createElement("span");
      place.className = isError(line) ? "line error" : "line";
      place.textContent = `${shown(line)}\n`;
      log.append(place);
    }
    while (log.childElementCount > MOST_LINES) log.firstElementChild.remove();
    if (box.checked) log.scrollTop = log.scrollHeight;
    if (chunk.is_complete) break;
  }
  toggle.remove();
}

export function logs() {
  for (const log of document.querySelectorAll("[data-log]")) {
    log.scrollTop = log.scrollHeight;
    if (log.hasAttribute("data-follow")) follow(log);
  }
}
