// What-if: a slider beside each number, and the answer follows while it moves. It
// is the same form that its button sends; nothing is kept but in the address.
(() => {
  "use strict";

  const form = document.getElementById("try");
  const trial = document.getElementById("trial");
  if (!form || !trial) return;
  const pause = 250; // milliseconds after the last movement
  let waits; // a timer
  let asks; // the request that is on its way

  function say(text) {
    const lead = trial.querySelector("[role=status]");
    if (lead) lead.textContent = text;
  }

  async function ask() {
    if (asks) asks.abort();
    asks = new AbortController();
    const mine = asks;
    const to = new URL(form.action);
    to.search = new URLSearchParams(new FormData(form));
    trial.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(to, { signal: mine.signal, credentials: "same-origin", headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("trial");
      if (!fresh) throw new Error(answer.status);
      trial.replaceChildren(...fresh.childNodes);
      history.replaceState(history.state, "", to);
    } catch (err) {
      if (mine.signal.aborted) return;
      say(form.dataset.failed);
    }
    if (mine === asks) trial.removeAttribute("aria-busy");
  }

  function soon() {
    clearTimeout(waits);
    if (!form.checkValidity()) return;
    waits = setTimeout(ask, pause);
  }

  form.querySelectorAll("input[data-slide]").forEach((number) => {
    const slider = document.createElement("input");
    slider.type = "range";
    slider.min = 0;
    slider.max = Math.max(Number(number.dataset.slide), Number(number.value) || 0);
    slider.step = number.dataset.step;
    slider.value = number.value;
    slider.setAttribute("aria-label", form.querySelector(`label[for="${CSS.escape(number.id)}"]`).textContent);
    slider.addEventListener("input", () => { number.value = slider.value; soon(); });
    number.addEventListener("input", () => { slider.value = number.value; });
    number.before(slider);
  });
  form.addEventListener("input", (event) => { if (event.target.type !== "range") soon(); });
  form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(waits); ask(); });
})();
