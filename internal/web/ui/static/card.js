// Reads the code of an old person's card with the camera where the device can; typing it always works.
(() => {
  "use strict";
  const form = document.querySelector("form[data-card]"), box = form?.querySelector("[data-scan]");
  if (!box || !("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return;
  const say = box.querySelector("[data-scan-say]");
  box.hidden = false;
  box.querySelector("[data-scan-start]").addEventListener("click", async () => {
    let stream;
    try { stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }); }
    catch { say.textContent = say.dataset.denied; return; }
    const video = document.createElement("video"), detector = new BarcodeDetector({ formats: ["qr_code"] });
    video.className = "camera";
    video.muted = video.playsInline = true;
    video.srcObject = stream;
    box.append(video);
    await video.play();
    const look = async () => {
      if (!video.isConnected) return;
      const found = (await detector.detect(video).catch(() => [])).map((b) => b.rawValue.trim()).find((text) => /^[0-9A-Za-z]{13}$/.test(text));
      if (!found) { requestAnimationFrame(look); return; }
      stream.getTracks().forEach((t) => t.stop());
      video.remove();
      form.elements.code.value = found;
      say.textContent = say.dataset.found;
      form.elements.word.focus();
    };
    look();
  });
})();
