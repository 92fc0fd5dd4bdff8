// Puts a home on the map by a tap, or where the telephone is. Without it the buttons move the mark step by step.
(() => {
  "use strict";
  const form = document.querySelector("[data-home]");
  if (!form) return;
  const map = form.querySelector("svg"), mark = form.querySelector("[data-mark]"), { lat, lon } = form.elements;
  const metres = Number(form.dataset.metres), share = Number(form.dataset.share) / 1000;
  const from = { lat: Number(lat.value), lon: Number(lon.value) };
  // 111 mm is a millionth of a degree of latitude.
  const put = (east, north) => {
    lat.value = Math.round(from.lat + north * 1000 / 111);
    lon.value = Math.round(from.lon + east * 1000 / 111 / share);
    form.elements.typed.value = "";
    mark.setAttribute("transform", `translate(${east / metres} ${-north / metres})`);
  };
  map.addEventListener("click", (event) => {
    const box = map.getBoundingClientRect(), unit = 400 / box.width;
    put(((event.clientX - box.left) * unit - 200) * metres, (200 - (event.clientY - box.top) * unit) * metres);
  });
  form.querySelector("[data-home-tap]").hidden = false;
  const here = form.querySelector("[data-home-here]");
  if (!navigator.geolocation) return;
  here.hidden = false;
  here.firstElementChild.addEventListener("click", () => navigator.geolocation.getCurrentPosition((at) => {
    lat.value = Math.round(at.coords.latitude * 1e6);
    lon.value = Math.round(at.coords.longitude * 1e6);
    form.elements.typed.value = "";
    form.requestSubmit(form.querySelector("[value=look]"));
  }, () => { here.hidden = true; }, { enableHighAccuracy: true, timeout: 15000 }));
})();
