// The ballot with a script: counts the picks and says what is missing, keeps them
// from page to page in the voter's order, searches the list at once, and sends
// forms without leaving the page, so that a lost connection loses nothing.
(() => {
  "use strict";

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

  const stored = {
    get(key) { try { return JSON.parse(sessionStorage.getItem(key)); } catch { return null; } },
    set(key, value) { try { sessionStorage.setItem(key, JSON.stringify(value)); } catch { /* full or forbidden: picks live on the page alone */ } },
    drop(key) { try { sessionStorage.removeItem(key); } catch { /* as above */ } },
  };
  const picksOf = (slug) => "laurel.picks." + slug;
  const sentOf = (slug) => "laurel.sent." + slug; // a ballot of which it is not known whether it arrived

  // pressed is the button that a form is sent by. Enter presses the first, also in
  // the search, whose own is meant there.
  function pressed({ submitter, target }) {
    return submitter?.name === "enter" && document.activeElement?.id === "q" ? target.querySelector(".search button") : submitter;
  }

  function ballot(form, signal) {
    const { slug, min, max } = form.dataset, texts = form.dataset;
    const least = Number(min), most = Number(max), limits = JSON.parse(texts.limits);
    const review = "review" in form.dataset;
    const boxes = [...form.querySelectorAll(review ? 'input[name="pick"]' : 'input[type="checkbox"][name="pick"]')];
    const button = form.querySelector(".cast .button");
    const whole = form.querySelector(".cards[data-whole]");
    const pickOf = (box) => ({ n: box.value, name: box.dataset.name, lang: box.dataset.lang || "", category: box.dataset.category });
    let picks = [];

    // Picks of other pages come back, as far as they still fit; what this page
    // ticks joins them. A review is what it shows.
    function load() {
      const kept = stored.get(picksOf(slug));
      const before = review || !Array.isArray(kept) ? [] : kept.filter((p) => p && p.n);
      picks = [];
      for (const p of [...before, ...boxes.filter((b) => review || b.checked).map(pickOf)]) {
        const gone = whole && !boxes.some((b) => b.value === p.n);
        if (!gone && picks.length < most && !picks.some((other) => other.n === p.n)) picks.push(p);
      }
      show();
    }

    function lacks() {
      const out = [];
      const tell = (n, low, high, few, many, more) => {
        if (n < low) out.push(fill(few, { n: low - n, ...more }));
        if (n > high) out.push(fill(many, { n: n - high, ...more }));
      };
      tell(picks.length, least, most, texts.missing, texts.over, {});
      for (const l of limits) {
        tell(picks.filter((p) => p.category === l.category).length, l.min, l.max, texts.missingCategory, texts.overCategory, { category: l.name });
      }
      return out;
    }

    function show(message) {
      stored.set(picksOf(slug), picks);
      if (review) return;
      const lack = lacks(), left = most - picks.length;
      for (const box of boxes) box.checked = picks.some((p) => p.n === box.value);
      form.querySelector(".tally-now b").textContent = picks.length;
      form.querySelector(".tally-live").textContent = message || lack.join(" ") || texts.ready + (left > 0 ? " " + fill(texts.left, { left }) : "");
      button.disabled = lack.length > 0;
      form.classList.toggle("full", left <= 0);
      chips(form.querySelector(".chosen"));
    }

    function chips(list) {
      list.hidden = picks.length === 0;
      list.replaceChildren(...picks.map((p) => {
        const item = document.createElement("li"), chip = document.createElement("button"), name = document.createElement("bdi");
        chip.type = "button";
        chip.className = "chip";
        chip.setAttribute("aria-label", fill(texts.remove, { name: p.name }));
        name.textContent = p.name;
        if (p.lang) name.lang = p.lang;
        chip.append(name, " ×");
        chip.addEventListener("click", () => {
          picks = picks.filter((other) => other.n !== p.n);
          show();
          (list.querySelector("button") || button).focus();
        });
        item.append(chip);
        return item;
      }));
      list.scrollLeft = list.scrollWidth;
    }

    form.addEventListener("change", ({ target }) => {
      if (target.name !== "pick") return;
      picks = picks.filter((p) => p.n !== target.value);
      if (target.checked && picks.length >= most) { show(texts.full); return; }
      if (target.checked) picks.push(pickOf(target));
      show();
    }, { signal });

    form.addEventListener("submit", (event) => {
      if (event.defaultPrevented) return; // the search has done it
      event.preventDefault();
      const by = pressed(event), to = by?.getAttribute("formaction") || form.getAttribute("action");
      if (!review && to === form.getAttribute("action") && lacks().length > 0) { show(); return; }
      const data = new URLSearchParams(new FormData(form));
      if (!review) {
        data.delete("pick");
        for (const p of picks) data.append("pick", p.n);
      }
      if (by && by.name && by.name !== "enter") data.append(by.name, by.value);
      if (by && by.name === "drop") stored.set(picksOf(slug), picks.filter((p) => p.n !== by.value));
      if (to.endsWith("/vote")) stored.set(sentOf(slug), { to, body: String(data) });
      send(slug, to, String(data));
    }, { signal });

    addEventListener("pageshow", (event) => { if (event.persisted) { delete document.body.dataset.sending; load(); } }, { signal });
    load();
  }

  // send has a form answered in this page. While there is no answer it says so and
  // tries again, with the same key: the same ballot never counts twice.
  async function send(slug, to, body) {
    if (document.body.dataset.sending) return;
    document.body.dataset.sending = "1"; // until another page is shown
    const box = document.querySelector(".sending"), again = box.querySelector("button");
    const button = document.querySelector(".cast .button"), casting = to.endsWith("/vote");
    if (button) button.setAttribute("aria-busy", "true");
    for (let wait = 1000; ; wait = Math.min(2 * wait, 30_000)) {
      let answer = null, text = "";
      try {
        answer = await fetch(to, { method: "POST", body, headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "text/html" } });
        text = await answer.text();
      } catch { answer = null; }
      if (answer && ![429, 502, 503, 504].includes(answer.status) && !(casting && answer.status === 500)) {
        if (casting) stored.drop(sentOf(slug));
        show(text, answer.redirected ? answer.url : casting ? "/s/" + slug : to);
        return;
      }
      const told = box.dataset[reason(answer, text, casting)], words = box.firstElementChild;
      if (words.textContent !== told) words.textContent = told;
      box.hidden = false;
      const after = Number(answer?.headers.get("Retry-After")) || 0;
      await pause(Math.max(wait * (1 + Math.random()), 1000 * after), again);
    }
  }

  // reason is why there is no answer yet; the page of a lost confirmation says that
  // it is one.
  function reason(answer, text, casting) {
    const refused = answer && (answer.status === 429 || answer.status === 503) && !text.includes(" data-unknown>");
    if (refused) return "busy";
    return casting ? "unknown" : "offline";
  }

  // pause waits for a while, for the connection, or for a press.
  function pause(time, button) {
    return new Promise((done) => {
      const over = new AbortController();
      const end = () => { over.abort(); clearTimeout(timer); done(); };
      const timer = setTimeout(end, time);
      addEventListener("online", end, { signal: over.signal });
      button.addEventListener("click", end, { signal: over.signal });
    });
  }

  // show puts a page that was sent into the place of this one.
  function show(text, address) {
    const sent = new DOMParser().parseFromString(text, "text/html");
    document.title = sent.title;
    document.body.replaceWith(document.adoptNode(sent.body));
    history.pushState(null, "", address);
    scrollTo({ top: 0, behavior: "instant" });
    document.dispatchEvent(new Event("laurel:page"));
    const to = document.getElementById(location.hash.slice(1));
    if (to) to.scrollIntoView({ behavior: "instant" });
    (document.querySelector("[autofocus]") || document.getElementById("alert") || document.getElementById("main")).focus({ preventScroll: true });
  }

  // search narrows the list while somebody types, and goes to a number.
  function search(box, signal) {
    const list = document.querySelector(".cards[data-whole]");
    if (!list) return; // the page has not all: the server searches
    const { form } = document.getElementById("q");
    const field = (id) => document.getElementById(id);
    const q = field("q"), found = document.querySelector(".found"), usual = [...found.childNodes];
    const cards = [...list.children];
    const fold = (text) => text.normalize("NFKC").toLowerCase().replace(/\s+/g, "");
    const words = new Map(cards.map((c) => [c, fold(c.querySelector(".about").textContent)]));
    const apply = box.querySelector(".apply");
    if (apply) apply.hidden = true;

    function narrow() {
      const query = fold(q.value), number = /^\d+$/.test(query), category = field("category")?.value, region = field("region")?.value;
      let n = 0;
      for (const card of cards) {
        card.hidden = (category && card.dataset.category !== category) || (region && card.dataset.region !== region) ||
          (query && !(number ? card.id === "c" + Number(query) : words.get(card).includes(query)));
        if (!card.hidden) n++;
      }
      if (!query && !category && !region) found.replaceChildren(...usual);
      else found.textContent = n ? fill(found.dataset.found, { n }) : fill(found.dataset.none, { query: "\u2068" + q.value + "\u2069" });
    }

    function order() {
      const at = (c) => Number(c.id.slice(1));
      list.append(...(field("sort").value === "number" ? [...cards].sort((a, b) => at(a) - at(b)) : cards));
    }

    function go() {
      const card = /^\d+$/.test(fold(q.value)) && document.getElementById("c" + Number(fold(q.value)));
      if (!card) { q.blur(); field("candidates").scrollIntoView(); return; }
      for (const id of ["q", "category", "region"]) if (field(id)) field(id).value = "";
      narrow();
      card.scrollIntoView({ block: "center" });
      (card.querySelector(".pick input") || card.querySelector("h3 a")).focus({ preventScroll: true });
    }

    q.addEventListener("input", narrow, { signal });
    box.addEventListener("change", (event) => { if (event.target.id === "sort") order(); else narrow(); }, { signal });
    form.addEventListener("submit", (event) => {
      if (!box.contains(pressed(event))) return;
      event.preventDefault();
      go();
    }, { signal, capture: true });
  }

  // portraits loads photos when their cards come near the screen.
  function portraits(signal) {
    const load = (img) => {
      if (img.dataset.srcset) img.srcset = img.dataset.srcset;
      img.src = img.dataset.src;
      img.removeAttribute("data-src");
    };
    const near = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) if (isIntersecting) { near.unobserve(target); load(target); }
    }, { rootMargin: "200px 0px" });
    document.querySelectorAll("img[data-src]").forEach((img) => near.observe(img));
    signal.addEventListener("abort", () => near.disconnect());
  }

  let shown = new AbortController(); // what listens for the page that is shown
  let address = "";                  // of that page

  const here = () => location.pathname + location.search;

  function start() {
    shown.abort();
    shown = new AbortController();
    address = here();
    const { signal } = shown, form = document.getElementById("ballot"), find = document.querySelector(".find");
    const slug = location.pathname.split("/")[2], sent = stored.get(sentOf(slug));
    if (document.querySelector("[data-forget]")) stored.drop(picksOf(slug)); // they were cast, or are another's
    if (find) search(find, signal); // before the ballot, which takes what is no search
    if (form) ballot(form, signal);
    portraits(signal);
    // Whoever proves to be a voter may be another than who sent a ballot before.
    const other = () => { if (stored.get(sentOf(slug))) { stored.drop(sentOf(slug)); stored.drop(picksOf(slug)); } };
    document.querySelectorAll(".proof form").forEach((f) => f.addEventListener("submit", other, { signal }));
    // The answer was lost: the same ballot again gives the same receipt.
    if (sent && document.querySelector(".sending")) send(slug, sent.to, sent.body);
  }

  document.addEventListener("laurel:page", start);
  addEventListener("popstate", () => { if (here() !== address) location.reload(); }); // not within the page
  start();
})();
