// Buttons: what is dangerous asks once more, what is sent shows it at once, and the page stays where it is.

import { message, refreshAll, said } from "./fragments.js";
import { announce } from "./mood.js";

const ARMED_MS = 4000;

function arm(button) {
  const text = button.textContent;
  button.classList.add("armed");
  button.textContent = button.dataset.confirm;
  announce(`${button.dataset.confirm} Press again.`);
  const disarm = () => {
    clearTimeout(timer);
    button.classList.remove("armed");
    button.textContent = text;
    button.removeEventListener("blur", disarm);
  };
  const timer = setTimeout(disarm, ARMED_MS);
  button.addEventListener("blur", disarm);
}

function tell(text, isError) {
  document.getElementById("told")?.remove();
  const box = document.createElement("p");
  box.id = "told";
  box.className = isError ? "error break" : "note";
  box.setAttribute("role", isError ? "alert" : "status");
  for (const line of text.split("\n")) {
    const part = document.createElement("span");
    part.textContent = line;
    box.append(part);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "Close";
  close.addEventListener("click", () => box.remove());
  box.append(close);
  document.querySelector("main").prepend(box);
  box.scrollIntoView({ block: "nearest" });
}

async function send(form, button) {
  const body = new URLSearchParams(new FormData(form, button));
  const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  const buttons = [...form.querySelectorAll("button")];
  for (const one of buttons) one.disabled = true;
  button.classList.add("busy");
  try {
    const headers = { "X-PRestic-CSRF": token };
    // The page that it leads to is not needed: what has changed comes by itself.
    const answer = await fetch(form.action, { method: "POST", body, headers, credentials: "same-origin", redirect: "manual" });
    const text = answer.type === "opaqueredirect" ? "" : await answer.text();
    if (answer.type !== "opaqueredirect" && !answer.ok) {
      throw new Error(message(text) || `the server answered ${answer.status}`);
    }
    form.closest("details.menu")?.removeAttribute("open");
    document.getElementById("told")?.remove();
    const told = said(text);
    if (told) {
      tell(told, false);
    } else if (!form.closest("[data-refresh]")) {
      tell("Done.", false);
    }
    refreshAll();
  } catch (error) {
    tell(error.message, true);
  } finally {
    for (const one of buttons) one.disabled = false;
    button.classList.remove("busy", "armed");
  }
}

function addCopy(where) {
  for (const block of where.querySelectorAll("[data-copy]")) {
    if (block.nextElementSibling?.matches(".copy") || !navigator.clipboard) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(block.textContent.trimEnd());
      button.textContent = "Copied";
      announce("Copied");
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
    block.after(button);
  }
}

export function actions() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || !form.getAttribute("action")?.startsWith("/action/")) return;
    const button = event.submitter ?? form.querySelector("button");
    event.preventDefault();
    if (button.dataset.confirm && !button.classList.contains("armed")) {
      arm(button);
      return;
    }
    send(form, button);
  });
  // A menu closes when one goes elsewhere.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("prestic-replaced", ({ detail }) => addCopy(detail));
  addCopy(document);
}
