// Comfort for desks, which work without it: keys, and focus and scroll that stay
// where they were.
(() => {
  "use strict";

  // The page that one is on is seen in the navigation, however long that is.
  const here = document.querySelector(".tabs [aria-current]");
  if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft - (here.parentElement.clientWidth - here.offsetWidth) / 2;

  const kept = (store, key, value) => {
    try {
      if (value === undefined) return store.getItem(key);
      if (value === null) store.removeItem(key); else store.setItem(key, value);
    } catch { /* full or forbidden: comfort alone is lost */ }
    return null;
  };

  // A form that leads back to its own page leaves it as it was.
  const placeKey = "laurel.place." + location.pathname;
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post" || event.defaultPrevented) return;
    const at = document.activeElement;
    kept(sessionStorage, placeKey, JSON.stringify({ y: scrollY, id: at && at.id, action: event.target.getAttribute("action"), time: Date.now() }));
  });
  const before = JSON.parse(kept(sessionStorage, placeKey) || "null");
  kept(sessionStorage, placeKey, null);
  if (before && Date.now() - before.time < 60_000 && !document.getElementById("alert")) {
    const again = before.id && document.getElementById(before.id) || before.action && document.querySelector(`form[action="${CSS.escape(before.action)}"] button`);
    if (again) again.focus({ preventScroll: true });
    scrollTo({ top: before.y, behavior: "instant" });
  }

  // What is in no selection is told in the reader's own timezone.
  const own = new Intl.DateTimeFormat(document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang,
    { year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  document.querySelectorAll("time[data-local]").forEach((time) => { time.textContent = own.format(new Date(time.dateTime)); });

  // Twice pressed is once sent.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
  });
  addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach((f) => { delete f.dataset.sent; }));

  // Keys: each stands at what it presses. Whoever speaks to their computer turns
  // them off, for words would press them (WCAG 2.1.4).
  const dialog = document.getElementById("keys");
  const off = document.getElementById("keys-off");
  const offKey = "laurel.keys.off";
  if (!dialog) return;
  off.checked = kept(localStorage, offKey) === "1";
  off.addEventListener("change", () => kept(localStorage, offKey, off.checked ? "1" : null));
  const keyed = () => [...document.querySelectorAll("[data-key]")].filter((e) => e.offsetParent !== null && !e.disabled);
  const hint = document.querySelector(".keys-hint");
  if (hint) hint.hidden = false;

  // An element may have several keys, separated by spaces.
  const keysOf = (e) => e.dataset.key.split(" ");
  const names = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };

  function help() {
    const list = dialog.querySelector("dl");
    list.replaceChildren(...keyed().flatMap((e) => {
      const term = document.createElement("dt"), what = document.createElement("dd"), key = document.createElement("kbd");
      term.append(key);
      key.textContent = keysOf(e).map((k) => names[k] || k).join(" / ");
      what.textContent = e.dataset.keyLabel || e.getAttribute("aria-label") || e.textContent.trim();
      return [term, what];
    }));
    dialog.showModal();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || dialog.open) return;
    const typing = event.target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
    if (typing) return;
    if (event.key === "?") { event.preventDefault(); help(); return; }
    if (off.checked) return;
    const found = keyed().find((e) => keysOf(e).some((k) => k.toLowerCase() === event.key.toLowerCase()));
    if (!found) return;
    event.preventDefault();
    if (found.matches("input:not([type=checkbox]):not([type=radio]), textarea, select")) found.focus(); else found.click();
  });
})();
