// The desk by keys alone: finds while one types, picks by number, and lets a volunteer's card be dropped on the order. All of it is a form
// and a link beside it.
(() => {
  "use strict";
  const typing = (e) => e instanceof HTMLInputElement && e.type === "text" || e instanceof HTMLTextAreaElement || e instanceof HTMLSelectElement;
  const find = document.querySelector("form[data-find]"), found = document.querySelector("[data-found]");
  if (find && found) {
    const field = find.elements.who;
    let wait, asked = field.value.trim(), run = 0;
    const ask = async () => {
      const text = field.value.trim();
      if (text === asked || text.length < 1 || /^\d{1,3}$/.test(text) || /^[a-z]$/i.test(text)) return;
      asked = text;
      const mine = ++run;
      const answer = await fetch(find.action, { method: "POST", body: new URLSearchParams(new FormData(find)) });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html"), now = page.querySelector("[data-found]");
      if (mine === run && now && answer.ok) found.replaceChildren(...now.childNodes);
    };
    field.addEventListener("input", (e) => {
      if (e.isComposing) return;
      clearTimeout(wait);
      wait = setTimeout(() => ask().catch(() => {}), 300);
    });
    field.addEventListener("compositionend", () => field.dispatchEvent(new Event("input")));
    find.addEventListener("keydown", (e) => {
      const first = found.querySelector("a[data-key]");
      if (e.isComposing || !first) return;
      // In a name a digit is no letter, so it picks; in a number and behind a street it goes on typing.
      const street = /\d|[路街道巷弄村里苑园城庄院坊寓厦号幢栋座]$/;
      const pick = /^[1-9]$/.test(e.key) && field.value.trim() !== "" && !street.test(field.value.trim()) && found.querySelector(`a[data-key="${e.key}"]`);
      if (pick) { e.preventDefault(); pick.click(); }
      if (e.key === "ArrowDown") { e.preventDefault(); first.focus(); }
    });
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }
  const keys = document.querySelector("form[data-keys]");
  if (keys) {
    keys.addEventListener("keydown", (e) => {
      if (e.key === "Enter" && e.ctrlKey && typing(e.target)) { e.preventDefault(); keys.requestSubmit(); }
      if (e.ctrlKey || e.altKey || e.metaKey || typing(e.target)) return;
      if (e.key === "z" && keys.elements.words) { e.preventDefault(); keys.elements.words.focus(); return; }
      const choice = /^[0-9a-z]$/.test(e.key) && keys.querySelector(`input[data-key="${e.key}"]`);
      if (!choice) return;
      e.preventDefault();
      choice.checked = true;
      choice.focus();
    });
    (keys.querySelector("input:checked") ?? keys.querySelector("input[type=radio]")).focus();
  }
  // On an order's page a number goes to that volunteer, and Enter then asks.
  if (!keys) document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.altKey || e.metaKey || typing(e.target) || !/^[1-9]$/.test(e.key)) return;
    const card = document.querySelector(`form[data-pick="${e.key}"]`);
    if (card) { e.preventDefault(); card.querySelector("button").focus(); }
  });
  let dragged;
  const drop = () => document.querySelector("[data-drop]");
  const card = (e) => e.target.closest?.("[data-drag]");
  document.querySelectorAll("[data-drag]").forEach((c) => { c.draggable = true; });
  document.addEventListener("mouseover", (e) => { const c = card(e); if (c) c.draggable = true; });
  document.addEventListener("dragstart", (e) => { dragged = card(e); if (dragged && drop()) drop().hidden = false; });
  document.addEventListener("dragend", () => { dragged = null; if (drop()) drop().hidden = true; });
  document.addEventListener("dragover", (e) => { if (dragged && e.target.closest("[data-drop]")) e.preventDefault(); });
  document.addEventListener("drop", (e) => {
    if (!dragged || !e.target.closest("[data-drop]")) return;
    e.preventDefault();
    dragged.querySelector("form button").click();
  });
})();
