// Checks a receipt in the page itself (docs/ledger-format.md, 1.5): nothing is sent. Where the browser cannot, the form goes to the server.
(() => {
  "use strict";
  const form = document.querySelector("[data-check]");
  if (!form || !window.crypto?.subtle) return;
  const field = form.elements.receipt, says = document.querySelector("[data-check-says]");
  class Wrong extends Error {}
  const wrong = (why) => { throw new Wrong(why); };
  const bytes = (text) => {
    let raw;
    try { raw = atob(text); } catch { wrong("form"); }
    if (btoa(raw) !== text) wrong("form");
    return Uint8Array.from(raw, (c) => c.charCodeAt(0));
  };
  const join = (...parts) => {
    const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
    let at = 0;
    for (const p of parts) { all.set(p, at); at += p.length; }
    return all;
  };
  const hash = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
  const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);
  const number = (text) => /^(0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : wrong("form");

  // The lines of a signed note (C2SP signed-note) whose first is the key's name, once its signature is right.
  const signed = async (note, verifier, alone) => {
    const [name, mark] = verifier.split("+"), key = bytes(verifier.slice(name.length + mark.length + 2));
    const end = note.indexOf("\n\n"), text = note.slice(0, end + 1), lines = text.split("\n");
    if (end < 0 || key.length !== 33 || key[0] !== 1 || lines[0] !== name) wrong("form");
    if (alone && !/^— [^\n]+\n$/.test(note.slice(end + 2))) wrong("form");
    const ours = note.slice(end + 2).split("\n").filter((l) => l.startsWith("— " + name + " ")).map((l) => bytes(l.slice(name.length + 3)));
    const signature = ours.find((s) => s.length === 68 && [...s.slice(0, 4)].map((b) => b.toString(16).padStart(2, "0")).join("") === mark) ?? wrong("signature");
    const known = await crypto.subtle.importKey("raw", key.slice(1), "Ed25519", false, ["verify"]);
    if (!await crypto.subtle.verify("Ed25519", known, signature.slice(4), new TextEncoder().encode(text))) wrong("signature");
    return lines.slice(0, -1);
  };
  const head = async (note, verifier) => {
    const [origin, size, root, more] = await signed(note, verifier);
    if (root === undefined || more !== undefined) wrong("form");
    return { origin, size: number(size), root: bytes(root) };
  };

  // What a certificate says (docs/ledger-format.md, 1.8), once its signature is right.
  const names = ["number", "issued", "until", "by", "name", "purpose", "from", "to", "visits", "minutes", "certified"];
  const certificate = async (note, verifier) => {
    let lines;
    try { lines = await signed(note, verifier, true); } catch (failure) {
      if (failure instanceof Wrong) wrong(failure.message === "signature" ? "false" : "part");
      throw failure;
    }
    if (lines.length !== names.length + 2 || lines[1] !== "certificate 1") wrong("part");
    return Object.fromEntries(names.map((n, i) => lines[i + 2].startsWith(n + " ") ? [n, lines[i + 2].slice(n.length + 1)] : wrong("part")));
  };

  // Whether it was taken back only the city knows: its number is all that is sent.
  const standing = async (code) => {
    const place = says.querySelector("[data-standing]");
    const mark = document.createElement("span");
    mark.className = "badge calm";
    mark.textContent = place.dataset.standing;
    place.replaceChildren(mark);
    const answer = await fetch("/public/certificates/" + encodeURIComponent(code)).then((r) => r.ok ? r.json() : null).catch(() => null);
    if (!answer) return;
    mark.className = "badge " + answer.tone;
    mark.textContent = answer.text;
  };

  // RFC 9162, section 2.1.3.2; numbers may be longer than 32 bits.
  const climbs = async (record, index, size, path, root) => {
    if (index >= size) return false;
    let fn = index, sn = size - 1, r = record;
    for (const p of path) {
      if (sn === 0) return false;
      if (fn % 2 === 1 || fn === sn) {
        r = await hash([1], p, r);
        while (fn % 2 === 0 && fn !== 0) { fn = Math.floor(fn / 2); sn = Math.floor(sn / 2); }
      } else {
        r = await hash([1], r, p);
      }
      fn = Math.floor(fn / 2); sn = Math.floor(sn / 2);
    }
    return sn === 0 && same(r, root);
  };

  // What the leaf says: its reason and the minutes of the transfers that have it.
  const read = (leaf) => {
    const b = leaf.slice(1, -32), view = new DataView(b.buffer);
    let at = 0;
    const kind = (k) => { if (b[at++] !== k.charCodeAt(0)) wrong("form"); };
    const long = () => { const n = view.getUint32(at); at += 4; return n; };
    const skip = (n) => { at += n; return b.slice(at - n, at); };
    const text = () => new TextDecoder().decode(skip(long()));
    const str = () => { kind("S"); return text(); };
    kind("C"); text(); at++; str();
    const reason = str();
    kind("L");
    let minutes = 0;
    for (let left = long(); left > 0; left--) {
      const of = str();
      for (let i = 0; i < 2; i++) { kind("B"); skip(long()); }
      kind("I");
      const m = Number(view.getBigInt64(at));
      at += 8;
      if (of === reason) minutes += m;
    }
    return { reason, minutes };
  };

  const check = async (receipt, verifier) => {
    const lines = receipt.split("\n"), blank = lines.indexOf("");
    if (receipt.length > 65536 || lines[0] !== "c2sp.org/tlog-proof@v1" || blank < 3 || blank > 51) wrong("form");
    if (!lines[1].startsWith("extra ") || !lines[2].startsWith("index ")) wrong("form");
    const leaf = bytes(lines[1].slice(6)), index = number(lines[2].slice(6)), path = lines.slice(3, blank).map(bytes);
    if (leaf.length < 34 || leaf[0] !== 1 || path.some((p) => p.length !== 32)) wrong("form");
    const top = await head(lines.slice(blank + 1).join("\n"), verifier);
    if (!await climbs(await hash([0], await hash(leaf)), index, top.size, path, top.root)) wrong("log");
    return { ...top, index, ...read(leaf) };
  };

  const show = (name, facts) => {
    for (const e of says.querySelectorAll("[data-is]")) e.hidden = e.dataset.is !== name;
    for (const [k, v] of Object.entries(facts)) {
      const e = says.querySelector(`[data-fact="${k}"]`);
      if (e) e.textContent = v === "-" && e.dataset.none || v;
    }
    says.hidden = false;
    says.focus();
  };
  form.addEventListener("submit", async (event) => {
    if (form.dataset.sent) return;
    event.preventDefault();
    const text = field.value.replaceAll("\r\n", "\n").trim() + "\n", certifier = form.dataset.certifier;
    try {
      if (certifier && text.startsWith(certifier.split("+")[0] + "\n")) {
        const said = await certificate(text, certifier), purposes = JSON.parse(form.dataset.purposes);
        show("certificate", { ...said, purpose: purposes[said.purpose] ?? said.purpose, served: said.minutes, code: said.number });
        await standing(said.number);
        return;
      }
      const got = await check(text, form.dataset.check);
      const reasons = JSON.parse(form.dataset.reasons);
      show("genuine", { ...got, reason: reasons[got.reason] ?? got.reason, number: got.index });
    } catch (failure) {
      if (failure instanceof Wrong) { show(failure.message, {}); return; }
      // This browser lacks something: the server checks instead.
      form.dataset.sent = "yes";
      form.submit();
    }
  });

  // Reads the code on a picture, where the browser has a reader of its own.
  const picture = form.querySelector("[data-scan]");
  if (picture && "BarcodeDetector" in window) {
    picture.hidden = false;
    picture.querySelector("input").addEventListener("change", async (event) => {
      const [file] = event.target.files;
      if (!file) return;
      const [found] = await new BarcodeDetector({ formats: ["qr_code"] }).detect(await createImageBitmap(file)).catch(() => []);
      if (found) { field.value = found.rawValue; form.requestSubmit(); } else { show("nothing", {}); }
    });
  }
})();
