// A juror's sheets: each change is saved as a draft at once. Until the server has
// it, it stays in this browser (IndexedDB), whatever becomes of the connection, the
// session or the page. Without this file the form's buttons do the same.
(() => {
  "use strict";

  const again = 4000; // milliseconds until what could not be sent is tried again
  const pause = 350; // milliseconds without a key until a change is sent
  const ahead = 5; // sheets that can be opened without a connection

  const host = () => document.querySelector("[data-sheets]");
  const $ = (id) => document.getElementById(id);

  // What is kept: one record a sheet and a page that was opened, of its juror alone.
  let opened;
  const db = () => opened ||= new Promise((done, fail) => {
    const ask = indexedDB.open("laurel-sheets", 1);
    ask.onupgradeneeded = () => ask.result.createObjectStore("unsent", { keyPath: "key" });
    ask.onsuccess = () => done(ask.result);
    ask.onerror = () => fail(ask.error);
  });
  const ask = async (mode, act) => {
    const all = await db();
    return new Promise((done, fail) => {
      const tx = all.transaction("unsent", mode), got = act(tx.objectStore("unsent"));
      tx.oncomplete = () => done(got.result);
      tx.onerror = tx.onabort = () => fail(tx.error);
    });
  };
  let keeps = true; // the browser lets us
  const keep = (rec) => ask("readwrite", (s) => s.put(rec)).catch(() => { keeps = false; });
  const drop = (key) => ask("readwrite", (s) => s.delete(key)).catch(() => {});
  const unsent = async () => {
    const h = host();
    try {
      return (await ask("readonly", (s) => s.getAll())).filter((r) => r.account === h.dataset.account && r.api === h.dataset.api);
    } catch {
      keeps = false;
      return [];
    }
  };

  // What a sheet says, to be compared.
  const said = (s) => {
    const words = (all) => Object.entries(all || {}).map(([k, v]) => [k, String(v).trim()]).filter(([, v]) => v).sort();
    return JSON.stringify([words(s.scores), words(s.comments), (s.comment || "").trim()]);
  };

  // Sends a record. Gives saved, changed (by another device), invalid, closed,
  // refused, ended (the session) or away (no answer).
  async function send(rec) {
    rec.tried = [...new Set([...rec.tried, said(rec.content)])].slice(-30);
    await keep(rec);
    let answer, body = {};
    try {
      answer = await fetch(rec.api + encodeURIComponent(rec.code), {
        method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ...rec.content, base: rec.base }),
        signal: AbortSignal.timeout(15_000),
      });
      body = await answer.json();
    } catch {
      if (!answer || answer.ok) return { kind: "away" };
    }
    if (answer.ok) return { kind: "saved", sheet: body };
    if (answer.status === 401) return { kind: "ended" };
    if (body.code === "sheet_changed") return { kind: "changed" };
    if (body.code === "phase_not_open") return { kind: "closed" };
    if (answer.status === 422 || answer.status === 400) return { kind: "invalid", errors: body.errors || [] };
    if (answer.status === 403 || answer.status === 404) return { kind: "refused" };
    return { kind: "away" };
  }

  // settle is send that knows its own: a draft whose answer was lost is no change
  // by another device.
  async function settle(rec) {
    const out = await send(rec);
    if (out.kind !== "changed") return out;
    let now;
    try {
      const answer = await fetch(rec.api + encodeURIComponent(rec.code), { signal: AbortSignal.timeout(15_000) });
      if (!answer.ok) return out;
      now = (await answer.json()).one.sheet;
    } catch {
      return { kind: "away" };
    }
    if (!now || !rec.tried.includes(said(now))) return out;
    if (said(now) === said(rec.content) && (now.submitted || !rec.content.submit)) return { kind: "saved", sheet: now };
    rec.base = now.revision;
    return send(rec);
  }

  // The page at hand. A page without a sheet has no form.
  let page = null;

  function content(form) {
    const out = { scores: {}, comments: {}, comment: "" };
    for (const [name, value] of new FormData(form)) {
      if (name.startsWith("scores.") && value.trim()) out.scores[name.slice(7)] = value.trim();
      if (name.startsWith("comments.") && value.trim()) out.comments[name.slice(9)] = value;
      if (name === "comment") out.comment = value;
    }
    return out;
  }

  function fill(form, said) {
    for (const e of form.elements) {
      const part = e.name.startsWith("scores.") ? said.scores[e.name.slice(7)] : e.name.startsWith("comments.") ? said.comments[e.name.slice(9)] : undefined;
      if (e.type === "radio") e.checked = e.value === part;
      else if (e.name === "comment") e.value = said.comment || "";
      else if (/^(scores|comments)\./.test(e.name)) e.value = part || "";
    }
  }

  const text = (name) => host().dataset["text" + name[0].toUpperCase() + name.slice(1)];
  function say(kind, extra) {
    $("saved").textContent = text(kind) + (extra ? " " + extra : "");
    $("saved").dataset.kind = kind;
    $("compare").hidden = kind !== "changed";
  }

  function mark(errors) {
    for (const e of page.form.querySelectorAll("[aria-invalid]")) e.removeAttribute("aria-invalid");
    let first;
    for (const { field } of errors) {
      const e = $(field.replace(/^body\./, ""));
      if (!e) continue;
      e.setAttribute("aria-invalid", "true");
      first ||= e;
    }
    if (first && errors.length && page.submits) (first.querySelector("input") || first).focus();
  }

  // A change: kept first, then sent.
  function changed() {
    page.rec ||= {
      key: page.key, account: host().dataset.account, api: host().dataset.api, code: page.form.dataset.code, page: location.pathname,
      base: Number(page.form.elements.base.value), tried: [],
    };
    page.rec.content = content(page.form);
    page.rec.at = Date.now();
    page.dirty = true;
    keep(page.rec).then(() => { if (!keeps) say("lost"); });
    if (page.submitted) { page.rec.held = true; keep(page.rec); say("held"); return; }
    say("saving");
    clearTimeout(page.timer);
    page.timer = setTimeout(flush, pause);
  }

  // flush sends until all is there, or something stands in the way.
  function flush() {
    const at = page;
    clearTimeout(at.timer);
    return at.sending ||= (async () => {
      await null; // so that sending is set before it is over
      let out = { kind: "saved" };
      while (at.dirty && at.rec) {
        at.dirty = false;
        out = await settle(at.rec);
        if (out.kind !== "saved") { at.dirty = true; break; }
        at.rec.base = out.sheet.revision;
        at.rec.tried = [];
        if (!at.dirty) await drop(at.key);
        if (at.dirty) await keep(at.rec); // what was typed meanwhile goes next
        else at.rec = null;
        if (page === at) {
          at.form.elements.base.value = out.sheet.revision;
          if (out.sheet.submitted) at.submitted = true;
          const when = new Date(out.sheet.at).toLocaleTimeString(document.documentElement.lang);
          say(out.sheet.submitted ? "submitted" : "saved", when);
          mark([]);
        }
      }
      at.sending = null;
      if (out.kind !== "saved" && page === at) {
        say(out.kind);
        if (out.kind === "invalid") mark(out.errors);
        if (out.kind === "away" || out.kind === "ended") at.timer = setTimeout(flush, again);
      }
      return out;
    })();
  }

  // What other pages left behind.
  async function rest() {
    const left = [], h = host();
    if (!h || "busy" in h.dataset) return;
    h.dataset.busy = "1";
    const mine = page && page.form.dataset.code;
    let away = false;
    for (const rec of (await unsent()).filter((r) => r.code !== mine && r.code !== h.dataset.code)) {
      const out = away || rec.held && !rec.content.submit ? { kind: "held" } : await settle(rec);
      away ||= out.kind === "away" || out.kind === "ended";
      if (out.kind === "saved") await drop(rec.key); else left.push(rec);
    }
    delete h.dataset.busy;
    h.hidden = left.length === 0;
    h.querySelector("span").replaceChildren(...left.flatMap((rec, i) => {
      const a = document.createElement("a");
      a.href = rec.page;
      a.textContent = rec.code;
      return i ? [" ", a] : [a];
    }));
    if (left.length) setTimeout(rest, again);
  }

  // Pages ahead, for when there is no connection. They live as long as the tab.
  const pages = {
    get: (url) => { try { return sessionStorage.getItem("laurel.sheet." + url); } catch { return null; } },
    put: (url, html) => { try { sessionStorage.setItem("laurel.sheet." + url, html); } catch { /* full: not ahead */ } },
  };
  async function look(url, left, seen = new Set()) {
    if (!url || left === 0 || seen.has(url)) return;
    seen.add(url);
    let html = pages.get(url);
    if (!html) {
      try {
        const answer = await fetch(url);
        if (!answer.ok || answer.redirected) return;
        html = await answer.text();
      } catch { return; }
      pages.put(url, html);
    }
    const form = new DOMParser().parseFromString(html, "text/html").getElementById("sheet");
    await look(form && form.dataset.unscored, left - 1, seen);
  }

  // A page is opened as ever where the server can be reached, and else from what
  // lies ahead.
  async function go(url) {
    try {
      await fetch("/healthz", { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(3000) });
      location.assign(url);
    } catch {
      if (!swap(url, true)) say("far");
    }
  }
  function swap(url, push) {
    const html = pages.get(url);
    if (!html) return false;
    const doc = new DOMParser().parseFromString(html, "text/html");
    if (push) history.pushState({ swapped: true }, "", url);
    document.title = doc.title;
    document.querySelector("main").replaceWith(document.adoptNode(doc.querySelector("main")));
    scrollTo(0, 0);
    start();
    return true;
  }
  addEventListener("popstate", () => { if (!swap(location.pathname, false)) location.reload(); });

  // Keys: a digit scores, Enter leads on.
  const controls = () => [...page.form.querySelectorAll(".criterion input.score, .criterion fieldset")];
  const enter = (control) => {
    if (control.matches("input")) { control.focus(); control.select(); return; }
    (control.querySelector(":checked") || control.querySelector("input")).focus();
  };
  function onward(from) {
    const all = controls(), next = all[all.indexOf(from) + 1];
    if (next) enter(next); else ($("next") || $("submit")).click();
  }
  document.addEventListener("keydown", (event) => {
    if (!page || !page.form.isConnected || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
    const target = event.target, own = target.closest(".criterion fieldset") || target.closest(".criterion input.score");
    if (event.key === "Enter" && own && target.matches("input")) {
      event.preventDefault();
      event.stopImmediatePropagation();
      onward(own);
      return;
    }
    if (!/^[0-9]$/.test(event.key) || target.closest("input:not([type=radio]), textarea, select")) return;
    const blank = (f) => f.matches("fieldset") && !f.querySelector(":checked");
    const group = own || controls().find(blank);
    const point = group && [...group.querySelectorAll("input[type=radio]")].find((p) => p.value === event.key);
    if (!point) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    point.checked = true;
    point.focus();
    point.dispatchEvent(new Event("input", { bubbles: true }));
    const all = controls(), next = all[all.indexOf(group) + 1];
    if (next) enter(next);
  }, true);

  async function press(event) {
    const act = event.submitter ? event.submitter.value : "next";
    event.preventDefault();
    const at = page;
    at.submits = act === "submit";
    if (at.submits) {
      changed();
      clearTimeout(at.timer);
      at.rec.content.submit = true;
      await keep(at.rec);
    }
    if (at.sending) await at.sending;
    const out = at.dirty && (at.submits || !at.submitted) ? await flush() : { kind: "saved" };
    at.submits = false;
    if (page !== at || act === "save" || !["saved", "away", "ended"].includes(out.kind)) return;
    if (out.kind === "saved") pages.put(location.pathname, ""); // what lies there is old
    go(at.form.dataset.unscored || at.form.dataset.list);
  }

  // What this browser has of the sheet and the server has not, goes on. Tells
  // whether there was any.
  async function adopt(at) {
    const found = (await unsent()).filter((r) => r.code === at.form.dataset.code).sort((a, b) => a.at - b.at);
    const rec = found.pop(), there = said(content(at.form)), base = Number(at.form.elements.base.value);
    for (const old of found) if (said(old.content) === there || said(old.content) === said(rec.content)) await drop(old.key);
    if (!rec || page !== at || at.rec) return;
    if (said(rec.content) === there && !(rec.content.submit && !at.submitted)) { await drop(rec.key); return; }
    fill(at.form, rec.content);
    at.rec = { ...rec, key: at.key, base: rec.tried.includes(there) ? base : rec.base };
    at.dirty = true;
    await keep(at.rec);
    await drop(rec.key);
    if (at.submitted && !rec.content.submit) { at.rec.held = true; await keep(at.rec); say(at.rec.base === base ? "held" : "changed"); } else await flush();
    return true;
  }

  // Both versions stand side by side on a page of the server's.
  function compare() {
    const act = document.createElement("input");
    Object.assign(act, { type: "hidden", name: "act", value: page.submitted ? "submit" : "save" });
    page.form.append(act);
    page.form.elements.base.value = page.rec.base;
    HTMLFormElement.prototype.submit.call(page.form);
  }

  async function start() {
    page = null;
    const form = $("sheet");
    if (form && !form.querySelector("fieldset").disabled) {
      page = { form, key: crypto.getRandomValues(new Uint32Array(2)).join("-"), submitted: "submitted" in form.dataset, rec: null, dirty: false };
      form.addEventListener("input", changed);
      form.addEventListener("submit", press);
      $("compare").addEventListener("click", compare);
      const first = controls().find((c) => c.matches("input") ? !c.value : !c.querySelector(":checked"));
      // Whoever was faster than this file goes on where they are.
      if (first && !$("alert") && document.activeElement === document.body && !matchMedia("(pointer: coarse)").matches) enter(first);
      const at = page, early = [...form.elements].some((e) => e.type !== "hidden" && (e.checked !== e.defaultChecked || e.value !== (e.defaultValue ?? e.value)));
      if (!(await adopt(at)) && early && page === at && !at.rec) changed();
    }
    document.querySelectorAll("[data-drop]").forEach((a) => a.addEventListener("click", async (event) => {
      event.preventDefault();
      for (const rec of (await unsent()).filter((r) => r.code === a.dataset.drop)) await drop(rec.key);
      location.assign(a.href);
    }));
    await rest();
    if (page) look(page.form.dataset.unscored, ahead);
  }

  addEventListener("online", () => { if (page && page.dirty && !page.submitted) flush(); rest(); });
  addEventListener("focus", () => { if (page && page.dirty && $("saved").dataset.kind === "ended") flush(); });
  document.addEventListener("submit", (event) => {
    if (!event.target.action.endsWith("/desk/sign-out")) return;
    try { for (const k of Object.keys(sessionStorage)) if (k.startsWith("laurel.sheet.")) sessionStorage.removeItem(k); } catch { /* nothing was kept */ }
  });
  start();
})();
