// Keeps relative times right, and tells if the browser's zone is not the daemon's.

const TICK_MS = 10000;

function coarse(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

function relative(at, now) {
  const passed = Math.floor((now - at) / 1000);
  if (passed >= 0) return passed < 5 ? "just now" : `${coarse(passed)} ago`;
  const left = -passed;
  return `in ${coarse(left > 120 ? left + 30 : left)}`;
}

export function readTimes(where) {
  const now = Date.now();
  for (const time of where.querySelectorAll("time.relative[datetime]")) {
    const at = Date.parse(time.dateTime);
    // What was to come and has come is due until the server says what became of it.
    const wasComing = time.dataset.coming === "yes" || (time.dataset.coming === undefined && time.textContent.startsWith("in "));
    time.dataset.coming = wasComing ? "yes" : "no";
    const text = wasComing && at <= now ? "due" : relative(at, now);
    if (time.textContent !== text) time.textContent = text;
  }
}

function compareZones() {
  const daemon = document.getElementById("daemon-zone");
  const banner = document.getElementById("other-zone");
  if (!daemon || !banner) return;
  const sign = /^([+-])(\d\d):(\d\d)$/.exec(daemon.dataset.offset ?? "");
  if (!sign) return;
  const minutes = (sign[1] === "-" ? -1 : 1) * (Number(sign[2]) * 60 + Number(sign[3]));
  if (minutes === -new Date().getTimezoneOffset()) return;
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  banner.hidden = false;
  banner.classList.add("banner");
  banner.textContent = `This browser is in another time zone (${own}): all times here are the daemon’s.`;
  document.querySelector("main")?.prepend(banner);
}

export function times() {
  compareZones();
  readTimes(document);
  setInterval(() => {
    if (!document.hidden) readTimes(document);
  }, TICK_MS);
  document.addEventListener("visibilitychange", () => readTimes(document));
}
