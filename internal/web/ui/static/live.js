// Renews the parts marked data-live when the server says that something has changed. A part in which somebody writes is left alone, what is
// open stays open, the focus stays where it is, and a hidden page rests. Without a stream the link beside the parts stays.
(() => {
  "use strict";
  const bar = document.querySelector("[data-live-from]");
  if (!bar || !window.EventSource) return;
  const say = bar.querySelector("[role=status]"), link = bar.querySelector("a");
  const parts = (of) => [...of.querySelectorAll("[data-live]")];
  const writing = (part) => [...part.querySelectorAll("input, textarea, select")].some((f) =>
    f === document.activeElement || f.type === "checkbox" && f.checked !== f.defaultChecked || f.tagName !== "SELECT" && f.value !== f.defaultValue);
  const twins = (of, like) => [...of.querySelectorAll(like.tagName)].filter((e) => e.textContent === like.textContent && e.getAttribute("href") === like.getAttribute("href"));
  const tell = (text) => { if (say.textContent !== text) say.textContent = text; };
  let stream, from = bar.dataset.liveFrom, busy = false, again = false;

  const swap = (old, now) => {
    const had = document.activeElement, open = [...old.querySelectorAll("details[open] > summary")];
    const same = old.contains(had) ? twins(old, had).indexOf(had) : -1;
    open.map((s) => twins(now, s)[twins(old, s).indexOf(s)]).forEach((s) => { if (s) s.parentElement.open = true; });
    old.replaceChildren(...now.childNodes);
    if (same >= 0) (twins(old, had)[same] ?? old.querySelector("a, button, summary") ?? document.getElementById("main")).focus({ preventScroll: true });
  };
  const renew = async (told) => {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { "X-By-Itself": "1" } });
      if (!answer.ok || answer.redirected) { stop(); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      from = page.querySelector("[data-live-from]")?.dataset.liveFrom ?? from;
      let news = false, waits = false;
      parts(document).forEach((old) => {
        const now = page.getElementById(old.id);
        if (!now) return;
        const other = now.textContent !== old.textContent;
        if (other && writing(old)) { waits = true; return; }
        swap(old, now);
        news ||= other;
      });
      link.hidden = !waits;
      if (waits) tell(bar.dataset.waits); else if (told && news) tell(bar.dataset.renewed);
    } catch { link.hidden = false; } finally { busy = false; }
    if (again) { again = false; renew(true); }
  };
  const stop = () => { stream?.close(); stream = null; link.hidden = false; tell(""); };
  const start = () => {
    stream = new EventSource(from);
    stream.addEventListener("open", () => { link.hidden = true; tell(bar.dataset.on); });
    stream.addEventListener("changed", () => renew(true));
    stream.addEventListener("error", () => { if (stream?.readyState === EventSource.CLOSED) stop(); });
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) stop(); else renew(false).then(start);
  });
  // Clocks go on where nothing changes.
  setInterval(() => { if (stream && !document.hidden) renew(false); }, 60000);
  window.addEventListener("pagehide", () => stream?.close());
  if (!document.hidden) start();
})();
