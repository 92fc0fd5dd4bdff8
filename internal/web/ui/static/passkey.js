// Shows the forms that use a key of this device, asks for what the key needs, and sends its answer as the form. Where a key is one way of two
// ([data-key] within the form) its button alone asks for it. Without this script there are codes.
(() => {
  "use strict";
  const keys = window.PublicKeyCredential;
  if (!keys || !keys.parseRequestOptionsFromJSON || !keys.parseCreationOptionsFromJSON) return;
  for (const form of document.querySelectorAll("[data-passkey]")) {
    const say = form.querySelector("[data-failed]");
    const beside = form.querySelector("[data-key]");
    (beside ?? form).hidden = false;
    form.addEventListener("submit", async (event) => {
      if (form.elements.response.value || beside && !beside.contains(event.submitter)) return;
      event.preventDefault();
      try {
        const answer = await fetch(form.dataset.ask, { method: "POST" });
        const asked = await answer.json();
        if (!answer.ok) { say.textContent = asked.text; return; }
        const options = asked.options.publicKey;
        const key = form.dataset.passkey === "create"
          ? await navigator.credentials.create({ publicKey: keys.parseCreationOptionsFromJSON(options) })
          : await navigator.credentials.get({ publicKey: keys.parseRequestOptionsFromJSON(options) });
        form.elements.ticket.value = asked.ticket;
        form.elements.response.value = JSON.stringify(key.toJSON());
        form.submit();
      } catch { say.textContent = say.dataset.failed; }
    });
  }
})();
