// Fresh pages without a jump, times in the reader's zone, values under the pointer. Works without it, too: then reload.
"use strict";
(() => {
  const zone = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  const dated = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });
  const zoneName = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  const localTimes = (root) => {
    for (const field of root.querySelectorAll("input[data-zone]")) field.value = zoneName;
    for (const time of root.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      if (isNaN(at)) continue;
      time.title = at.toISOString().replace("T", " ").slice(0, 19) + " UTC";
      if (time.dataset.as === "ago") continue;
      time.textContent = (time.dataset.as === "clock" ? zone : dated).format(at);
    }
  };

  // Values of a series under the pointer.
  const tip = document.createElement("div");
  tip.className = "tip"; tip.hidden = true;
  document.body.append(tip);
  document.addEventListener("pointermove", (event) => {
    const chart = event.target.closest && event.target.closest("svg[data-hover]");
    if (!chart) { tip.hidden = true; return; }
    const { t, v, unit } = JSON.parse(chart.dataset.hover);
    const box = chart.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * chart.viewBox.baseVal.width;
    const share = (x - chart.dataset.left) / (chart.dataset.right - chart.dataset.left);
    const wanted = t[0] + share * (t[t.length - 1] - t[0]);
    let nearest = 0;
    for (let n = 1; n < t.length; n++) if (Math.abs(t[n] - wanted) < Math.abs(t[nearest] - wanted)) nearest = n;
    tip.textContent = `${zone.format(new Date(t[nearest] * 1000))}  ${v[nearest] === null ? "no data" : Number(v[nearest].toPrecision(4))} ${unit}`;
    tip.hidden = false;
    tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8) + "px";
    tip.style.top = event.clientY + 14 + "px";
  });

  // Parts that take longer than their page come after it, and stay when the page is made anew.
  const parts = new Map();
  const fill = async (root) => {
    for (const place of root.querySelectorAll("[data-from]")) {
      const from = place.dataset.from;
      if (!parts.has(from)) {
        const answer = await fetch(from, { headers: { accept: "text/html" } }).catch(() => null);
        if (!answer || !answer.ok || answer.redirected) continue;
        const part = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-part]");
        if (!part) continue;
        localTimes(part);
        parts.set(from, part.innerHTML);
      }
      place.innerHTML = parts.get(from);
      place.removeAttribute("data-from");
    }
  };
  // A form was sent, and the answer may take some seconds.
  document.addEventListener("submit", () => document.body.classList.add("waiting"));
  addEventListener("pageshow", () => document.body.classList.remove("waiting"));

  // Something happened to what the page shows: put the new <main> in place, unless somebody types in it.
  const shown = document.body.dataset.live;
  let due = 0;
  const busy = () => document.activeElement && document.activeElement.matches("main input, main textarea, main select");
  // One at a time; what happens meanwhile makes another one. An answer that fails is asked for again, later each time.
  let running = false, wanted = false, failures = 0;
  const later = (ms) => { if (!due) due = setTimeout(() => { due = 0; fresh(); }, ms); };
  const again = () => { wanted = true; later(700); };
  const fresh = async () => {
    if (running) return;
    if (busy()) { later(1500); return; }
    running = true; wanted = false;
    const done = await swap().catch(() => false);
    running = false;
    failures = done ? 0 : failures + 1;
    if (!done) { wanted = true; later(Math.min(1000 * 2 ** failures, 30000)); } else if (wanted) later(700);
  };
  const swap = async () => {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.redirected) { location.reload(); return true; }
    if (!answer.ok) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const open = new Set([...document.querySelectorAll("main details[open]")].map((d) => d.dataset.key || d.querySelector("summary").textContent));
    const closed = new Set([...document.querySelectorAll("main details:not([open])")].map((d) => d.dataset.key || d.querySelector("summary").textContent));
    for (const d of page.querySelectorAll("main details")) {
      const key = d.dataset.key || d.querySelector("summary").textContent;
      if (open.has(key)) d.open = true; else if (closed.has(key)) d.open = false;
    }
    if (busy()) return false;
    localTimes(page);
    for (const place of page.querySelectorAll("[data-from]")) {
      const known = parts.get(place.dataset.from);
      if (known) { place.innerHTML = known; place.removeAttribute("data-from"); }
    }
    for (const part of ["main", ".rail nav"]) {
      const now = document.querySelector(part), then = page.querySelector(part);
      if (now && then && now.innerHTML !== then.innerHTML) now.replaceChildren(...then.childNodes);
    }
    fill(document);
    return true;
  };
  localTimes(document);
  fill(document);
  if (!shown) return;
  const feed = new EventSource("/api/v1/events");
  const lamp = document.querySelector(".live");
  feed.onopen = () => { if (lamp) { lamp.classList.add("on"); lamp.textContent = "live"; } };
  feed.onerror = () => { if (lamp) { lamp.classList.remove("on"); lamp.textContent = "not connected"; } };
  // From here on nothing is missed: take in what happened between the page and the feed.
  feed.addEventListener("ready", again);
  feed.addEventListener("timeline", (message) => {
    if (shown === "list" || JSON.parse(message.data).incident_id === shown) again();
  });
})();
