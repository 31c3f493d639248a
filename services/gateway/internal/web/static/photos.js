// A photo that is dragged onto an entry is placed there; its form's list does the
// same without this.
(() => {
  "use strict";
  const targets = document.querySelector(".targets");
  if (!targets || !targets.children.length || !document.querySelector(".pictures [draggable=true]")) return;
  targets.hidden = false;
  document.querySelector(".drag-hint").hidden = false;
  let dragged = null;
  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest && event.target.closest(".pictures li[draggable=true]");
    if (dragged) event.dataTransfer.setData("text/plain", dragged.querySelector(".file").textContent);
  });
  document.addEventListener("dragend", () => { dragged = null; });
  const over = (event) => dragged && event.target.closest(".targets li");
  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => {
      const target = over(event);
      if (!target) return;
      event.preventDefault();
      target.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => { const t = event.target.closest && event.target.closest(".targets li"); if (t) t.classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    const target = over(event);
    if (!target) return;
    event.preventDefault();
    const form = dragged.querySelector("form");
    form.elements.entry.value = target.dataset.entry;
    form.requestSubmit(form.querySelector("button:not([name])"));
  });
})();
