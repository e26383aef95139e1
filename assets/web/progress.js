// Puts the latest figures of a run into its bar.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

function unitOf(bytes) {
  let unit = 0;
  for (let value = bytes; value >= 999.95 && unit + 1 < UNITS.length; value /= 1024) unit += 1;
  return unit;
}

function scaled(bytes, unit) {
  return unit === 0 ? `${bytes}` : (bytes / 1024 ** unit).toFixed(1);
}

function size(bytes) {
  const unit = unitOf(bytes);
  return `${scaled(bytes, unit)} ${UNITS[unit]}`;
}

function counted(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

function duration(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, "0")} min`;
}

// What would not be seen, or would mislead, is written out, as the server does.
function shown(text) {
  return text.replace(/[\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\u061c]/gu, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
}

function set(place, name, text) {
  const figure = place.querySelector(`[data-figure="${name}"]`);
  if (figure && figure.textContent !== text) figure.textContent = text;
  return figure;
}

export function showProgress(progress) {
  for (const place of document.querySelectorAll(`[data-progress="${Number(progress.run)}"]`)) {
    const bar = place.querySelector("progress");
    if (typeof progress.fraction === "number") {
      const percent = Math.floor(Math.min(Math.max(progress.fraction, 0), 1) * 100);
      bar.value = percent;
      const figure = set(place, "percent", `${percent} %`);
      if (figure) figure.hidden = false;
      const start = place.querySelector('[data-figure="start"]');
      if (start) start.hidden = true;
    }
    if (progress.files_total > 0) {
      const files = `${progress.files_done.toLocaleString("en")} of ${counted(progress.files_total, "file")}`;
      const unit = unitOf(progress.bytes_total);
      const bytes = `${scaled(progress.bytes_done, unit)} of ${scaled(progress.bytes_total, unit)} ${UNITS[unit]}`;
      set(place, "done", progress.bytes_total > 0 ? `${bytes}, ${files}` : files);
    }
    // Between two messages that tell a speed there may be one that does not: the last one stays.
    if (progress.bytes_per_second > 0) set(place, "speed", `${size(progress.bytes_per_second)}/s`);
    if (progress.seconds_remaining > 0) set(place, "left", `about ${duration(progress.seconds_remaining)} left`);
    else if (progress.fraction >= 1) set(place, "left", "");
    if (progress.errors > 0) set(place, "errors", `${counted(progress.errors, "error")} so far`);
    if (progress.current_file) set(place, "current", shown(progress.current_file));
  }
}
