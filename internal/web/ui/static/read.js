// Reads the page aloud with the device's own voice. Without a voice the button stays hidden.
(() => {
  "use strict";
  const button = document.querySelector("[data-read]");
  const synth = window.speechSynthesis;
  if (!button || !synth) return;
  const lang = document.documentElement.lang;
  const label = button.textContent;
  const voice = () => synth.getVoices().find((v) => v.lang.replace("_", "-").slice(0, 2) === lang.slice(0, 2));
  const show = () => { button.hidden = !voice(); };
  show();
  synth.addEventListener?.("voiceschanged", show);
  const done = () => { button.textContent = label; };
  button.addEventListener("click", () => {
    if (synth.speaking) { synth.cancel(); done(); return; }
    const main = document.getElementById("main").cloneNode(true);
    main.querySelectorAll("[data-read], script, details").forEach((e) => e.remove());
    const text = main.innerText || main.textContent;
    const parts = text.split(/[\n。！？.!?]+/).map((s) => s.trim()).filter(Boolean);
    parts.forEach((part, i) => {
      const u = new SpeechSynthesisUtterance(part);
      u.lang = lang; u.voice = voice(); u.rate = 0.85;
      if (i === parts.length - 1) u.onend = done;
      synth.speak(u);
    });
    button.textContent = button.dataset.stop;
  });
  window.addEventListener("pagehide", () => synth.cancel());
})();
