// Fills in where the phone is, as one proof of being there. Without it the page works with the station's help.
(() => {
  "use strict";
  if (!navigator.geolocation) return;
  const fill = () => {
    const form = document.querySelector("[data-place]");
    if (!form) return;
    const say = form.querySelector("[data-place-say]");
    navigator.geolocation.getCurrentPosition((at) => {
      form.elements.lat.value = Math.round(at.coords.latitude * 1e6);
      form.elements.lon.value = Math.round(at.coords.longitude * 1e6);
      say.textContent = say.dataset.known;
    }, () => { say.textContent = say.dataset.unknown; }, { enableHighAccuracy: true, timeout: 15000, maximumAge: 30000 });
  };
  fill();
  document.addEventListener("checkform", fill);
})();
