// Enhances pages that work without it: counts picks and holds their limit,
// keeps them while stories are read, follows the counts, copies and shares.
(() => {
  "use strict";

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

  const stored = {
    get(key) { try { return JSON.parse(sessionStorage.getItem(key)) || []; } catch { return []; } },
    set(key, value) { try { sessionStorage.setItem(key, JSON.stringify(value)); } catch { /* full or forbidden: picks live on the page alone */ } },
  };

  function ballot(form) {
    const { slug, min, max, count, full, few, sending } = form.dataset;
    const least = Number(min), most = Number(max), key = "laurel.picks." + slug;
    const boxes = [...form.querySelectorAll('input[name="pick"]')];
    const button = form.querySelector(".cast .button");
    const words = button.textContent;
    const live = form.querySelector(".tally-live");
    const chosen = () => boxes.filter((b) => b.checked);

    // Picks made before a story was read come back, as far as they still fit.
    const before = new Set(stored.get(key));
    for (const box of boxes) {
      if (before.has(box.value) && !box.checked && chosen().length < most) box.checked = true;
    }

    function show(message) {
      const n = chosen().length;
      live.textContent = message || (n < least ? few : n > most ? full : fill(count, { n, left: most - n }));
      button.disabled = n < least || n > most;
      form.classList.toggle("full", n >= most);
      // Boxes that a search took off the page stay picked: keep those unseen.
      const seen = new Set(boxes.map((b) => b.value));
      stored.set(key, [...stored.get(key).filter((v) => !seen.has(v)), ...chosen().map((b) => b.value)]);
    }

    live.hidden = false;
    form.querySelector(".tally-now").hidden = true;
    show();

    form.addEventListener("change", (event) => {
      if (event.target.name !== "pick") return;
      if (event.target.checked && chosen().length > most) {
        event.target.checked = false;
        show(full);
        return;
      }
      show();
    });

    form.addEventListener("submit", (event) => {
      if (event.submitter && event.submitter.hasAttribute("formaction")) return;
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "1";
      button.setAttribute("aria-busy", "true");
      button.textContent = sending;
    });

    // A page that comes back from the browser's memory is as it was left.
    addEventListener("pageshow", () => {
      delete form.dataset.sent;
      button.removeAttribute("aria-busy");
      button.textContent = words;
      show();
    });
  }

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
  function prefill(field) {
    const given = /^#code=([\w-]{1,64})$/.exec(location.hash);
    if (!given) return;
    history.replaceState(null, "", location.pathname + location.search);
    field.value = given[1];
    const folded = field.closest("details");
    if (folded) folded.open = true;
    field.focus();
  }

  const code = document.getElementById("voter-code");
  if (code) prefill(code);
  // Counts that move while the page is looked at. Where there is no stream the
  // page stays as it was sent.
  function follow(turnout) {
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

    document.addEventListener("visibilitychange", open);
    addEventListener("pagehide", close);
    addEventListener("pageshow", (event) => { if (event.persisted) open(); });
    open();
  }

  const form = document.getElementById("ballot");
  if (form) ballot(form);
  const wanted = document.getElementById("work");
  if (wanted && !("held" in wanted.dataset)) work(wanted);
  document.querySelectorAll("[data-live]").forEach(follow);
  document.querySelectorAll("[data-copy]").forEach(copier);
  document.querySelectorAll("[data-share]").forEach(sharer);
  const voted = document.querySelector("[data-voted]");
  if (voted) stored.set("laurel.picks." + voted.dataset.voted, []);
  const alert = document.getElementById("alert");
  if (alert) alert.focus();
})();
