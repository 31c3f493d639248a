// Enhances pages that work without it: follows the counts, solves challenges,
// copies, shares and saves. ballot.js has the ballot.
(() => {
  "use strict";

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

  // Before a ballot, where many ask for one: a worker finds the number that the
  // challenge asks for (altcha), and the form is sent with it.
  function work(form) {
    const { worker, algorithm, challenge, salt, signature, max, now, part, done } = form.dataset;
    const said = form.querySelector(".work-now"), bar = form.querySelector("progress");
    const working = (on) => {
      said.hidden = bar.hidden = !on;
      form.querySelectorAll(".work-wait").forEach((e) => { e.hidden = on; });
    };
    let solver, quarter = 0;
    try { solver = new Worker(worker); } catch { return; } // the page says what to do instead
    solver.onerror = () => working(false);
    solver.onmessage = ({ data: { number, part: p } }) => {
      if (p === undefined && number === undefined) { working(false); return; }
      if (p !== undefined) {
        bar.value = p;
        if (Math.floor(4 * p) > quarter) { // not more often: it is read out
          quarter = Math.floor(4 * p);
          said.textContent = fill(part, { percent: 25 * quarter });
        }
        return;
      }
      solver.terminate();
      bar.value = 1;
      said.textContent = done;
      form.elements.work.value = btoa(JSON.stringify({ algorithm, challenge, number, salt, signature }));
      form.submit();
    };
    working(true);
    said.textContent = now;
    solver.postMessage({ salt, challenge, max: Number(max) });
    // A page that comes back from the browser's memory has used its challenge.
    addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea"); // without https there is no clipboard
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  function copier(button) {
    const words = button.textContent;
    button.hidden = false;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      await copy(button.dataset.copy);
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = words; }, 2000);
    });
  }

  function sharer(button) {
    if (!navigator.share) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      const { share: url, title, text } = button.dataset;
      navigator.share({ url, title, text }).catch(() => { /* the visitor thought better of it */ });
    });
  }

  // A code from paper comes in the fragment, which no server sees; it does not
  // stay in the address.
  function prefill(field, name) {
    const given = new RegExp("^#" + name + "=([\\w-]{1,64})$").exec(location.hash);
    if (!given) return;
    history.replaceState(null, "", location.pathname + location.search);
    field.value = given[1];
    const folded = field.closest("details");
    if (folded) folded.open = true;
    field.focus();
  }

  function picture(button) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const { save } = await import(button.dataset.picture);
      await save(button.dataset, document.querySelector(".scan svg"));
    });
  }

  // The page has the counts of all candidates in one place; they belong on the cards.
  function counts(all) {
    const cards = new Map([...document.querySelectorAll("[data-votes]")].map((e) => [e.dataset.votes, e]));
    for (const one of all.querySelectorAll("[data-count]")) {
      const card = cards.get(one.dataset.count);
      if (!card) continue;
      card.querySelector("span").textContent = one.querySelector("span").textContent;
      card.querySelector("rect").setAttribute("width", one.dataset.share);
    }
    all.hidden = true;
  }

  // Counts that move while the page is looked at. Where there is no stream the
  // page stays as it was sent.
  function follow(turnout, signal) {
    if (!window.EventSource) return;
    const { live: address, single, many, heard } = turnout.dataset;
    const total = turnout.querySelector("[data-turnout]");
    const voice = document.querySelector("[data-live-heard]");
    const over = document.querySelector("[data-live-sealed]");
    const cards = [...document.querySelectorAll("[data-votes]")];
    const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
    const minute = 60_000, wait = 30_000;
    let source, later, sealed = false, version = -1, ballots = -1, spoken = Date.now();

    function show(tally) {
      if (tally.version <= version) return;
      version = tally.version;
      total.textContent = grouped(tally.ballots);
      if (tally.votes) {
        const top = Math.max(1, ...Object.values(tally.votes));
        for (const card of cards) {
          const n = tally.votes[card.dataset.votes];
          if (n === undefined) continue; // off the list since
          card.querySelector("span").textContent = n === 1 ? single : fill(many, { n: grouped(n) });
          card.querySelector("rect").setAttribute("width", Math.floor(n * 100 / top));
        }
      }
      // Voices read the turnout once a minute at most.
      if (tally.ballots !== ballots && Date.now() - spoken >= minute) {
        voice.textContent = fill(heard, { n: grouped(tally.ballots) });
        spoken = Date.now();
      }
      ballots = tally.ballots;
    }

    function close() {
      clearTimeout(later);
      if (source) source.close();
      source = null;
    }

    function open() {
      close();
      if (document.hidden || sealed) return;
      source = new EventSource(address);
      source.addEventListener("message", (event) => show(JSON.parse(event.data)));
      source.addEventListener("sealed", (event) => {
        sealed = true;
        close();
        show(JSON.parse(event.data));
        over.hidden = false;
        voice.textContent = over.textContent;
      });
      source.addEventListener("error", () => { // refused: later, and not all at once
        if (source && source.readyState === EventSource.CLOSED) later = setTimeout(open, wait * (1 + Math.random()));
      });
    }

    document.addEventListener("visibilitychange", open, { signal });
    addEventListener("pagehide", close, { signal });
    addEventListener("pageshow", (event) => { if (event.persisted) open(); }, { signal });
    signal.addEventListener("abort", close);
    open();
  }

  let shown = new AbortController(); // what listens for the page that is shown

  function start() {
    shown.abort();
    shown = new AbortController();
    const { signal } = shown;
    const wanted = document.getElementById("work");
    if (wanted && !("held" in wanted.dataset)) work(wanted);
    document.querySelectorAll(".counts").forEach(counts);
    document.querySelectorAll("[data-live]").forEach((e) => follow(e, signal));
    document.querySelectorAll("[data-copy]").forEach(copier);
    document.querySelectorAll("[data-share]").forEach(sharer);
    document.querySelectorAll("[data-picture]").forEach(picture);
    const code = document.getElementById("voter-code"), receipt = document.getElementById("receipt-code");
    if (code) prefill(code, "code");
    if (receipt) prefill(receipt, "receipt");
    document.querySelectorAll("[data-check]").forEach(async (e) => { (await import(e.dataset.check)).check(e); });
    const alert = document.getElementById("alert");
    if (alert) alert.focus();
  }

  document.addEventListener("laurel:page", start); // ballot.js has put another in its place
  start();
})();
