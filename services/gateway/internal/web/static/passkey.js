// Passkeys: a form asks the device, and sends what it answers.
(() => {
  "use strict";

  const keys = window.PublicKeyCredential;
  const able = keys && keys.parseCreationOptionsFromJSON && keys.parseRequestOptionsFromJSON && navigator.credentials;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const said = form.querySelector("[role=status]"), button = form.querySelector("button[type=submit]");
    said.textContent = able ? "" : form.dataset.cannot;
    if (!able) continue;
    button.disabled = false;

    const options = async () => {
      if (!form.dataset.begin) return JSON.parse(form.dataset.options);
      const answer = await fetch(form.dataset.begin, { method: "POST", headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const begun = await answer.json();
      form.elements.ceremony.value = begun.ceremony;
      return begun.passkey;
    };

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      event.stopPropagation(); // it is sent when the device has answered
      button.disabled = true;
      said.textContent = "";
      try {
        const asked = await options();
        const key = form.dataset.passkey === "create"
          ? await navigator.credentials.create({ publicKey: keys.parseCreationOptionsFromJSON(asked) })
          : await navigator.credentials.get({ publicKey: keys.parseRequestOptionsFromJSON(asked) });
        form.elements.passkey.value = JSON.stringify(key.toJSON());
        form.submit();
      } catch {
        said.textContent = form.dataset.failed;
      }
      button.disabled = false;
    });
  }
})();
