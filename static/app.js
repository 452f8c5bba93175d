// What plain HTML cannot do: copy a value, change the theme without a new page, and keys that lead somewhere.
"use strict";

document.documentElement.classList.add("script");

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), 1500);
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-theme-form]");
  if (!form || !event.submitter) return;
  event.preventDefault();
  const theme = event.submitter.value;
  const fields = new FormData(form);
  fields.set("theme", theme);
  fetch(form.action, { method: "POST", body: fields, redirect: "manual", keepalive: true });
  if (theme === "system") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset.theme = theme;
  for (const other of document.querySelectorAll("[data-theme-form] [aria-pressed]"))
    other.setAttribute("aria-pressed", String(other.value === theme));
});

// "g" and a letter go to a page of the sidebar, "/" to the search, "?" tells all of it.
let leader = -Infinity;
const SOON = 1500;
const keys = () => document.getElementById("keys");

const jump = (letter) => document.querySelector(`[data-jump="${CSS.escape(letter)}"]`)?.click();
const pressed = {
  "/": () => document.querySelector("[data-search]")?.focus(),
  "?": () => keys()?.showModal(),
  g: () => { leader = performance.now(); },
};

document.addEventListener("keydown", (event) => {
  const elsewhere = event.target.closest("input, textarea, select, [contenteditable], dialog");
  if (elsewhere || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const following = performance.now() - leader < SOON;
  leader = -Infinity;
  if (following) return jump(event.key);
  if (!Object.hasOwn(pressed, event.key)) return;
  event.preventDefault();
  pressed[event.key]();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-keys]")) keys()?.showModal();
});

// A request given up (its answer is no longer wanted, or the page is being left) is no fault: as if nothing had changed.
let leaving = false;
window.addEventListener("pagehide", () => { leaving = true; });
window.addEventListener("pageshow", () => { leaving = false; });
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  const send = ctx.fetch;
  ctx.fetch = async (...request) => {
    try {
      const answer = await send(...request);
      await answer.clone().arrayBuffer();
      return answer;
    } catch (error) {
      if (leaving || error.name === "AbortError") return new Response(null, { status: 204 });
      throw error;
    }
  };
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// A passkey was made (the library's script says so): on to the page that names it.
document.addEventListener("otp_webauthn.register_complete", ({ detail }) => {
  location.assign(detail.response.redirect_url);
});
