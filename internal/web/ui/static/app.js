// Makes the volunteer door one that can be installed: registers its worker, shows what the telephone keeps for later, and leaves nothing
// behind after signing out. Without it every page works as long as there is a network.
(() => {
  "use strict";
  const workers = navigator.serviceWorker;
  if (!workers || !window.indexedDB) return;
  const tell = (what) => workers.ready.then((r) => r.active?.postMessage(what));
  const checks = () => new Promise((done) => {
    const r = indexedDB.open("volunteer", 1);
    r.onupgradeneeded = () => r.result.createObjectStore("checks", { keyPath: "key" });
    r.onerror = () => done([]);
    r.onsuccess = () => {
      const all = r.result.transaction("checks").objectStore("checks").getAll();
      all.onsuccess = () => { r.result.close(); done(all.result); };
      all.onerror = () => { r.result.close(); done([]); };
    };
  });

  // A key of a command is made on the telephone, anew each time the page is opened: a page from the cache must not send an old one.
  const fresh = (root) => {
    for (const f of root.querySelectorAll("form[data-check]")) if (crypto.randomUUID) f.elements.key.value = crypto.randomUUID();
  };
  fresh(document);

  const show = async () => {
    const box = document.querySelector("[data-kept]");
    if (!box) return;
    const mine = (await checks()).filter((c) => c.visit === box.dataset.kept).sort((a, b) => a.kept - b.kept);
    const last = mine.at(-1);
    if (!last) { if (!box.hidden) location.reload(); return; }
    const at = new Date(last.kept).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    box.querySelector("p").textContent = (last.refused ? box.dataset.refused : last.out ? box.dataset.out : box.dataset.in).replace("{when}", at);
    box.hidden = false;
    const section = document.querySelector("section[data-in]"), form = section?.querySelector("form");
    if (last.refused || !section) return;
    if (last.out) { section.remove(); return; }
    if (!form.dataset.next) return;
    form.action = form.dataset.next;
    section.querySelector("h2").textContent = form.dataset.nextTitle;
    form.querySelector("button.main").textContent = form.dataset.nextLabel;
    for (const f of form.querySelectorAll("[data-later]")) f.hidden = f.disabled = false;
    delete form.dataset.next;
    fresh(document);
  };

  const today = async () => {
    const list = document.querySelector("[data-today]");
    if (!list) return;
    for (const r of await (await caches.open("today")).keys()) {
      const kept = new DOMParser().parseFromString(await (await caches.match(r)).text(), "text/html");
      const li = document.createElement("li"), a = document.createElement("a");
      li.className = "card";
      a.className = "button quiet";
      a.href = new URL(r.url).pathname;
      a.textContent = kept.querySelector("h1")?.textContent ?? a.href;
      li.append(a);
      list.append(li);
    }
  };

  for (const form of document.querySelectorAll('form[action="/sign-out"]')) {
    form.addEventListener("submit", (e) => {
      if (form.dataset.ready) return;
      e.preventDefault();
      const channel = new MessageChannel();
      const go = () => { form.dataset.ready = "yes"; form.submit(); };
      channel.port1.onmessage = go;
      // Without a worker nothing was kept, and nobody would answer.
      workers.getRegistration("/volunteer/").then((r) => (r?.active ? r.active.postMessage("forget", [channel.port2]) : go())).catch(go);
    });
  }

  // A worker whose files did not all arrive is given up by the browser until the next page; in a stairwell that is too late.
  const install = (pause) => {
    const again = () => setTimeout(install, pause, Math.min(2 * pause, 60_000));
    workers.register("/volunteer/worker.js", { scope: "/volunteer/" }).then((r) => {
      r.installing?.addEventListener("statechange", (e) => { if (e.target.state === "redundant" && !r.active) again(); });
      tell("send");
    }, again);
  };
  install(1000);
  tell({ lang: document.documentElement.lang });
  workers.addEventListener("message", (e) => { if (e.data?.checks) show(); });
  window.addEventListener("online", () => tell("send"));
  show();
  today();
})();
