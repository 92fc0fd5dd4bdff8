// Reads the page, or the digits of a code, aloud with the device's own voice. Without a voice the buttons stay hidden.
(() => {
  "use strict";
  const button = document.querySelector("[data-read]");
  const digits = document.querySelectorAll("[data-say]");
  const synth = window.speechSynthesis;
  if (!button || !synth) return;
  const lang = document.documentElement.lang;
  const label = button.textContent;
  const voice = () => synth.getVoices().find((v) => v.lang.replace("_", "-").slice(0, 2) === lang.slice(0, 2));
  const show = () => { for (const b of [button, ...digits]) b.hidden = !voice(); };
  show();
  synth.addEventListener?.("voiceschanged", show);
  const say = (text, rate, done) => {
    const u = new SpeechSynthesisUtterance(text);
    u.lang = lang; u.voice = voice(); u.rate = rate; u.onend = done;
    synth.speak(u);
  };
  const done = () => { button.textContent = label; };
  button.addEventListener("click", () => {
    if (synth.speaking) { synth.cancel(); done(); return; }
    const main = document.getElementById("main").cloneNode(true);
    main.querySelectorAll("[data-read], [data-say], [aria-hidden], script, details").forEach((e) => e.remove());
    const text = main.innerText || main.textContent;
    const parts = text.split(/[\n。！？.!?]+/).map((s) => s.trim()).filter(Boolean);
    parts.forEach((part, i) => say(part, 0.85, i === parts.length - 1 ? done : null));
    button.textContent = button.dataset.stop;
  });
  digits.forEach((b) => b.addEventListener("click", () => { synth.cancel(); say(b.dataset.say, 0.6, null); }));
  window.addEventListener("pagehide", () => synth.cancel());
})();
