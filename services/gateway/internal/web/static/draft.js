// A rulebook at work: each change of the text shows in the form, each change of
// the form in the text, with what is wrong at its field and its line. Nothing is
// saved but by the buttons, which work without this.
(() => {
  "use strict";

  const form = document.getElementById("draft");
  if (!form) return;
  const text = document.getElementById("rulebook");
  const fields = document.getElementById("fields");
  const mistakes = document.getElementById("mistakes");
  const preview = document.getElementById("preview");
  const gutter = form.querySelector(".draft-gutter");
  const pause = 350; // milliseconds after a key
  let dirty = Boolean(form.dataset.dirty);
  let last = 0; // of the requests that were sent
  let waits; // a timer

  // The line numbers stand beside the text and move with it.
  let wrong = new Set();
  function number() {
    const lines = text.value.split("\n").length;
    while (gutter.children.length < lines) {
      const item = document.createElement("li");
      item.textContent = gutter.children.length + 1;
      gutter.append(item);
    }
    while (gutter.children.length > lines) gutter.lastChild.remove();
    [...gutter.children].forEach((item, i) => item.classList.toggle("wrong", wrong.has(i + 1)));
    gutter.scrollTop = text.scrollTop;
  }
  text.addEventListener("scroll", () => { gutter.scrollTop = text.scrollTop; });

  // What is wrong at a line leads there.
  function lead() {
    mistakes.querySelectorAll(".draft-line").forEach((e) => { e.tabIndex = 0; e.setAttribute("role", "button"); });
    wrong = new Set([...mistakes.querySelectorAll(".draft-line")].map((e) => Number(e.dataset.line)));
    number();
  }
  function go(e) {
    const lines = text.value.split("\n");
    const line = Number(e.dataset.line) - 1;
    const start = lines.slice(0, line).reduce((sum, l) => sum + l.length + 1, 0);
    text.focus();
    text.setSelectionRange(start, start + (lines[line] || "").length);
    text.scrollTop = Math.max(0, line - 5) * (text.scrollHeight / lines.length);
  }
  mistakes.addEventListener("click", (event) => { const e = event.target.closest(".draft-line"); if (e) go(e); });
  mistakes.addEventListener("keydown", (event) => {
    const e = event.target.closest(".draft-line");
    if (e && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); go(e); }
  });

  // What leads to a field opens the part in which it is.
  function unfold() {
    const at = location.hash.startsWith("#f-") && document.getElementById(location.hash.slice(1));
    for (let e = at && at.closest("details"); e; e = e.parentElement.closest("details")) e.open = true;
    if (at) { at.scrollIntoView({ block: "center" }); at.focus(); }
  }
  addEventListener("hashchange", unfold);
  mistakes.addEventListener("click", (event) => { if (event.target.closest('a[href^="#f-"]')) setTimeout(unfold); });

  function put(html) {
    const open = new Set([...fields.querySelectorAll("details[open]")].map((e) => e.id));
    const at = document.activeElement;
    const id = fields.contains(at) ? at.id : "";
    const range = id && at.selectionStart !== undefined && at.selectionStart !== null ? [at.selectionStart, at.selectionEnd] : null;
    fields.innerHTML = html;
    fields.querySelectorAll("details").forEach((e) => { e.open = e.open || open.has(e.id); });
    const again = id && document.getElementById(id);
    if (again) {
      again.focus({ preventScroll: true });
      if (range && again.setSelectionRange) again.setSelectionRange(...range);
    }
  }

  // ask sends the text, and one change of a field, and shows what comes back, unless
  // something was typed meanwhile.
  async function ask(change) {
    const mine = ++last;
    const typed = text.value;
    const body = new URLSearchParams({ rulebook: typed, ...change });
    let got;
    try {
      const answer = await fetch(form.dataset.try, { method: "POST", body, headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      got = await answer.json();
    } catch { return; /* the buttons still work */ }
    if (mine !== last || text.value !== typed) return;
    if (got.text !== typed) {
      const top = text.scrollTop;
      text.value = got.text;
      text.scrollTop = top;
    }
    put(got.form);
    mistakes.innerHTML = got.mistakes;
    if (got.preview) preview.innerHTML = got.preview;
    preview.classList.toggle("stale", !got.preview);
    lead();
  }

  const soon = (change) => { dirty = true; clearTimeout(waits); waits = setTimeout(ask, pause, change); };
  text.addEventListener("input", () => { number(); soon({}); });
  fields.addEventListener("input", (event) => {
    const e = event.target;
    if (e.dataset.path && !event.isComposing) soon({ do: "set", path: e.dataset.path, text: e.value });
  });
  fields.addEventListener("change", (event) => {
    const e = event.target;
    if (!e.dataset.path) return;
    clearTimeout(waits);
    dirty = true;
    ask({ do: "set", path: e.dataset.path, text: e.value });
  });
  fields.addEventListener("click", async (event) => {
    const e = event.target.closest("button[name=add], button[name=remove]");
    if (!e) return;
    event.preventDefault();
    dirty = true;
    const before = e.closest("fieldset");
    await ask({ do: e.name, path: e.value });
    const list = before && document.getElementById(e.name === "add" ? before.id : before.parentElement.closest("fieldset").id);
    const each = list && list.querySelectorAll(":scope > .draft-each");
    const to = each && each.length ? each[each.length - 1] : list;
    if (to) to.focus();
  });
  document.getElementById("slug").addEventListener("input", () => { dirty = true; });

  // What is not saved is not left by accident.
  document.addEventListener("submit", () => { dirty = false; });
  addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });

  lead();
  unfold();
})();
