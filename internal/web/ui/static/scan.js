// Reads the old person's code with the camera where the device can; the six digits beside it always work.
(() => {
  "use strict";
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return;
  const set = (form) => {
    const box = form.querySelector("[data-scan]");
    if (!box || !box.hidden) return;
    const button = box.querySelector("[data-scan-start]"), say = box.querySelector("[data-scan-say]");
    box.hidden = false;
    button.addEventListener("click", async () => {
      let stream;
      try { stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }); }
      catch { say.textContent = say.dataset.denied; return; }
      const video = document.createElement("video"), detector = new BarcodeDetector({ formats: ["qr_code"] });
      video.className = "camera";
      video.muted = video.playsInline = true;
      video.srcObject = stream;
      box.append(video);
      await video.play();
      const stop = () => { stream.getTracks().forEach((t) => t.stop()); video.remove(); };
      const look = async () => {
        if (!video.isConnected) return;
        const found = (await detector.detect(video).catch(() => [])).map((b) => b.rawValue.match(/(?:^|\D)(\d{6})$/)?.[1]).find(Boolean);
        if (!found) { requestAnimationFrame(look); return; }
        form.elements.code.value = found;
        form.elements.method.value = "qr";
        say.textContent = say.dataset.found;
        stop();
      };
      look();
    });
    // Digits that somebody types after a scan are digits again.
    form.elements.code.addEventListener("input", () => { form.elements.method.value = "code"; });
  };
  const all = () => document.querySelectorAll("form[data-check]").forEach(set);
  all();
  document.addEventListener("checkform", all);
})();
