// The service worker of the volunteer door. It keeps our own files, the page for "no network", and today's visits; and when a check-in or
// check-out cannot be sent, it keeps that with its time and sends it later. It keeps nothing else, and nothing after signing out.
"use strict";
const FILES = ["FILES"];
const SHELL = "shell:" + FILES.join(), TODAY = "today", OFFLINE = "/volunteer/offline";
const DAY = 24 * 60 * 60 * 1000;

self.addEventListener("install", (e) => {
  e.waitUntil(caches.open(SHELL).then((c) => c.addAll([...FILES, OFFLINE])).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (e) => {
  e.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== SHELL && name !== TODAY) await caches.delete(name);
    await self.clients.claim();
  })());
});

// The queue lies in IndexedDB, where the page reads it as well; see app.js.
const open = () => new Promise((done, failed) => {
  const r = indexedDB.open("volunteer", 1);
  r.onupgradeneeded = () => r.result.createObjectStore("checks", { keyPath: "key" });
  r.onsuccess = () => done(r.result);
  r.onerror = () => failed(r.error);
});
const store = async (mode, act) => {
  const db = await open();
  return new Promise((done, failed) => {
    const t = db.transaction("checks", mode), r = act(t.objectStore("checks"));
    t.oncomplete = () => { db.close(); done(r.result); };
    t.onerror = t.onabort = () => { db.close(); failed(t.error); };
  });
};

let sending = null;
const send = () => sending ??= (async () => {
  let left = 0;
  const all = (await store("readonly", (s) => s.getAll())).sort((a, b) => a.kept - b.kept);
  for (const one of all) {
    if (one.refused) continue;
    try {
      // The time is said by the server's clock, once: sending again says the same, and the key makes that one check-in.
      if (!one.occurred) {
        const now = await fetch("/volunteer/now", { cache: "no-store" });
        if (!now.ok) throw new Error("no clock");
        one.occurred = Number(await now.text()) - (Date.now() - one.kept);
        await store("readwrite", (s) => s.put(one));
      }
      const form = new URLSearchParams(one.form);
      form.set("key", one.key);
      form.set("occurred_at", String(Math.round(one.occurred)));
      const answer = await fetch(one.url, { method: "POST", body: form, redirect: "manual", credentials: "same-origin" });
      if (answer.type === "opaqueredirect" || answer.ok) await store("readwrite", (s) => s.delete(one.key));
      else if (answer.status === 401 || answer.status >= 500) { left++; break; }
      else { one.refused = answer.status; await store("readwrite", (s) => s.put(one)); }
    } catch { left++; break; }
  }
  for (const c of await self.clients.matchAll()) c.postMessage({ checks: "changed" });
  if (left) throw new Error(left + " left");
})().finally(() => { sending = null; });

self.addEventListener("sync", (e) => { if (e.tag === "checks") e.waitUntil(send()); });
self.addEventListener("message", (e) => {
  if (e.data === "send") e.waitUntil(send().catch(() => {}));
  if (e.data?.lang) e.waitUntil(speak(e.data.lang).catch(() => {}));
  // Answers, so that signing out waits until nothing is left.
  if (e.data === "forget") e.waitUntil(forget().then(() => e.ports[0]?.postMessage("forgotten")));
});

// speak keeps the page for "no network" in the language that the reader chose.
const speak = async (lang) => {
  const shell = await caches.open(SHELL);
  if ((await shell.match(OFFLINE))?.headers.get("Content-Language") === lang) return;
  const answer = await fetch(OFFLINE, { headers: { "Accept-Language": lang } });
  if (answer.ok) await shell.put(OFFLINE, answer);
};

const forget = async () => {
  await caches.delete(TODAY);
  await store("readwrite", (s) => s.clear());
};

// keep takes a check-in or check-out that found no network.
const keep = async (request, body) => {
  const url = new URL(request.url), form = [...body.entries()].map(([k, v]) => [k, String(v)]);
  const key = form.find(([k]) => k === "key")?.[1];
  await store("readwrite", (s) => s.put({ key, url: url.pathname, visit: url.pathname.replace(/\/check-(in|out)$/, ""), out: url.pathname.endsWith("/check-out"), form, kept: Date.now() }));
  try { await self.registration.sync?.register("checks"); } catch { /* The page sends when it is opened with a network. */ }
  return Response.redirect(url.pathname.replace(/\/check-(in|out)$/, ""), 303);
};

const page = async (request) => {
  const url = new URL(request.url);
  try {
    const answer = await fetch(request);
    const today = await caches.open(TODAY);
    if (answer.status === 401) await caches.delete(TODAY);
    else if (/^\/volunteer\/visits\/[^/]+$/.test(url.pathname) && answer.ok && !answer.redirected) {
      const text = await answer.clone().text();
      if (text.includes("data-keep-today")) {
        const head = new Headers(answer.headers);
        head.set("X-Kept-At", String(Date.now()));
        await today.put(url.pathname, new Response(text, { headers: head }));
      } else await today.delete(url.pathname);
    }
    return answer;
  } catch {
    const kept = await (await caches.open(TODAY)).match(url.pathname);
    if (kept && Date.now() - Number(kept.headers.get("X-Kept-At")) < DAY) return kept;
    return (await caches.match(OFFLINE)) ?? Response.error();
  }
};

self.addEventListener("fetch", (e) => {
  const url = new URL(e.request.url);
  if (url.origin !== location.origin) return;
  if (e.request.method === "POST" && /^\/volunteer\/visits\/[^/]+\/check-(in|out)$/.test(url.pathname) && e.request.mode === "navigate") {
    e.respondWith((async () => {
      const body = await e.request.clone().formData();
      return fetch(e.request).catch(() => keep(e.request, body));
    })());
  } else if (e.request.method === "GET" && e.request.mode === "navigate" && url.pathname.startsWith("/volunteer/")) {
    e.respondWith(page(e.request));
  } else if (e.request.method === "GET" && url.pathname.startsWith("/static/")) {
    e.respondWith(caches.match(e.request).then((kept) => kept ?? fetch(e.request)));
  }
});
