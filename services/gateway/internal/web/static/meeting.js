// The meeting room follows by itself: the server answers once something is
// another than what is shown, and each question is a sign of life.
(() => {
  "use strict";

  const print = document.getElementById("print");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }

  const room = document.getElementById("room");
  if (!room) return;
  const said = document.getElementById("room-said"), stale = document.getElementById("room-stale");
  const show = (id, on) => { const e = document.getElementById(id); if (e) e.hidden = !on; };
  const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });
  const shown = () => room.firstElementChild;
  show("room-refresh", false);
  show("room-lead", true);

  function replace(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("[data-version]");
    if (!fresh) throw new Error("not the room");
    if (fresh.dataset.version === shown().dataset.version) return;
    const at = room.contains(document.activeElement) ? document.activeElement.id : "";
    room.replaceChildren(fresh);
    if (at) (document.getElementById(at) || document.getElementById("main")).focus({ preventScroll: true });
    if (said.textContent !== fresh.dataset.said) said.textContent = fresh.dataset.said;
  }

  // Whether to go on.
  async function turn() {
    const query = new URLSearchParams({ known: shown().dataset.version, lang: document.documentElement.lang });
    const answer = await fetch(room.dataset.follow + "?" + query, { redirect: "manual", cache: "no-store" });
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
      stale.querySelector(".lost").hidden = true;
      stale.querySelector(".refused").hidden = false;
      stale.hidden = false;
      return false;
    }
    if (!answer.ok) throw new Error(answer.status);
    replace(await answer.text());
    stale.hidden = true;
    return true;
  }

  (async () => {
    for (let failed = 0, on = true; on;) {
      const began = Date.now();
      try {
        on = await turn();
        failed = 0;
      } catch {
        failed += 1;
        if (failed > 1) stale.hidden = false;
      }
      // A change may follow the other; whoever is refused comes back slower.
      const least = failed ? Math.min(1000 * failed, 5000) : 500;
      if (Date.now() - began < least) await wait(least - (Date.now() - began));
    }
  })();
})();
