// Puts a phrase into the reason of its form. Without this file the form is sent
// for it and comes back.
(() => {
  "use strict";
  document.addEventListener("click", (event) => {
    const phrase = event.target.closest("[data-phrase]");
    if (!phrase) return;
    event.preventDefault();
    const reason = phrase.form.elements.reason;
    const before = reason.value.trimEnd();
    reason.value = before ? before + "\n" + phrase.value : phrase.value;
    reason.focus();
  });
})();
