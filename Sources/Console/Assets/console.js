// Martlet console: keeps pages live, answers to the keyboard, reads charts out. Every page works without it.
"use strict";
(() => {
  const root = document.documentElement;
  const main = document.getElementById("main");
  root.classList.add("scripted");

  // MLflow's clients print links such as /#/experiments/1/runs/abc; the pages here have addresses of their own.
  const linked = /^#\/(?:experiments\/(\d+)(?:\/runs\/(\w+))?|models\/([^/?]+)(?:\/versions\/(\d+))?)/.exec(location.hash);
  if (linked) {
    const [, experiment, run, model, version] = linked;
    if (run) location.replace(`/runs/${run}`);
    else if (experiment) location.replace(`/experiments/${experiment}`);
    else location.replace(`/models/${model}${version ? `/${version}` : ""}`);
  }

  // Changes `from` into `to` in place, so that focus, selection, scrolling and open boxes stay as they are.
  const morph = (from, to) => {
    if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName) { from.replaceWith(to); return; }
    if (from.nodeType !== Node.ELEMENT_NODE) {
      if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
      return;
    }
    for (const { name } of [...from.attributes]) {
      if (!to.hasAttribute(name) && name !== "open") from.removeAttribute(name);
    }
    for (const { name, value } of to.attributes) {
      if (from.getAttribute(name) !== value) from.setAttribute(name, value);
    }
    if (from === document.activeElement && ["INPUT", "SELECT", "TEXTAREA"].includes(from.nodeName)) return;
    const before = [...from.childNodes];
    const after = [...to.childNodes];
    after.forEach((node, index) => {
      if (index < before.length) morph(before[index], node);
      else from.append(node);
    });
    for (const node of before.slice(after.length)) node.remove();
  };

  // Live pages: ask for the inside of <main> again, not while hidden, not while one request is under way.
  let etag = "";
  let failures = 0;
  let timer = 0;
  let asking = false;
  const seconds = () => Number(main.dataset.refresh) || 0;
  const plan = (delay) => {
    clearTimeout(timer);
    if (seconds() > 0 && !document.hidden) timer = setTimeout(refresh, delay);
  };
  const refresh = async () => {
    if (asking) return;
    asking = true;
    try {
      const address = new URL(location.href);
      address.searchParams.set("fragment", "main");
      const headers = etag ? { "If-None-Match": etag } : {};
      const answer = await fetch(address, { headers, cache: "no-store", credentials: "same-origin" });
      failures = 0;
      // The session has ended: the page itself leads to the log-in.
      if (answer.status === 401) { location.reload(); return; }
      if (answer.status === 200) {
        etag = answer.headers.get("ETag") || "";
        const next = main.cloneNode(false);
        next.innerHTML = await answer.text();
        const selecting = String(getSelection() || "") !== "";
        if (!selecting) update(next);
      }
    } catch {
      failures += 1;
    } finally {
      asking = false;
      plan(Math.min(30000, seconds() * 1000 * 2 ** Math.min(failures, 4)));
    }
  };
  const update = (next) => {
    const logs = [...main.querySelectorAll(".log")].map((log) => [log, log.scrollHeight - log.scrollTop - log.clientHeight < 24]);
    for (const chart of document.querySelectorAll(".chart:has(.cursor)")) leave(chart);
    next.normalize();
    main.normalize();
    morph(main, next);
    for (const [log, atEnd] of logs) if (atEnd) log.scrollTop = log.scrollHeight;
    localize();
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : plan(100)));
  plan(seconds() * 1000);

  // A page that follows the stream of events looks again when something happened, and goes on where it was when the
  // connection is lost. Without the script, or without the stream, the page is a list that can be loaded again.
  const followed = main.querySelector("[data-stream]")?.dataset.stream;
  let following = null;
  let seen = "";
  let soon = 0;
  const heard = (frame) => {
    const place = /^id: (\d+)$/m.exec(frame);
    if (place) seen = place[1];
    if (/^event: /m.test(frame) && !soon) soon = setTimeout(() => { soon = 0; refresh(); }, 250);
  };
  const follow = async () => {
    const mine = following = new AbortController();
    let wait = 1000;
    while (!mine.signal.aborted) {
      try {
        const headers = { Accept: "text/event-stream", ...(seen && { "Last-Event-ID": seen }) };
        const answer = await fetch(followed, { headers, cache: "no-store", credentials: "same-origin", signal: mine.signal });
        if (answer.status === 401) { location.reload(); return; }
        if (!answer.ok) throw new Error(answer.statusText);
        root.dataset.stream = "open";
        wait = 1000;
        const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        for (let rest = ""; ;) {
          const { value, done } = await reader.read();
          if (done) break;
          const frames = (rest + value).split("\n\n");
          rest = frames.pop();
          frames.forEach(heard);
        }
      } catch { /* asked again below */ }
      if (mine.signal.aborted) return;
      root.dataset.stream = "lost";
      await new Promise((resume) => setTimeout(resume, wait));
      wait = Math.min(30000, wait * 2);
    }
  };
  if (followed) {
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) following?.abort();
      else if (following?.signal.aborted) { refresh(); follow(); }
    });
    follow();
  }

  // Times: the title in the reader's own zone, the words kept current between refreshes.
  const words = (past) => {
    const size = Math.floor(Math.abs(past) / 1000);
    if (size < 1) return "now";
    const text = size < 60 ? `${size} s` : size < 3600 ? `${Math.floor(size / 60)} min`
      : size < 86400 ? `${Math.floor(size / 3600)} h` : size < 2592000 ? `${Math.floor(size / 86400)} d` : "";
    return text && (past >= 0 ? `${text} ago` : `in ${text}`);
  };
  const localize = () => {
    for (const time of document.querySelectorAll("time[datetime]")) {
      const moment = new Date(time.dateTime);
      const text = words(Date.now() - moment);
      if (text && time.textContent !== text) time.textContent = text;
      if (!time.dataset.local) { time.title = moment.toLocaleString(); }
    }
  };
  localize();
  setInterval(() => { if (!document.hidden) localize(); }, 1000);

  // Charts: a line follows the pointer and the legend shows the values there.
  const texts = {
    value: (v) => (Math.abs(v) >= 1e5 || (v !== 0 && Math.abs(v) < 1e-4) ? v.toExponential(2) : Number(v.toPrecision(5)).toLocaleString("en")),
    count: (v) => v.toLocaleString("en"),
    percent: (v) => `${Number((v * 100).toPrecision(4))}%`,
    latency: (v) => (v < 1e-3 ? `${Math.round(v * 1e6)} µs` : v < 1 ? `${Number((v * 1e3).toPrecision(3))} ms` : `${Number(v.toPrecision(3))} s`),
    rate: (v) => Number(v.toPrecision(4)).toLocaleString("en"),
  };
  const series = (group) => {
    const read = (name) => group.dataset[name].split(" ").map((text) => (text === "x" ? NaN : Number(text)));
    return { x: read("x"), y: read("y") };
  };
  const leave = (chart) => {
    chart.querySelector(".cursor")?.remove();
    for (const value of chart.querySelectorAll(".legend b[data-last]")) {
      value.textContent = value.dataset.last;
      delete value.dataset.last;
    }
    const at = chart.querySelector(".legend .at");
    if (at) at.textContent = "";
  };
  document.addEventListener("pointermove", (event) => {
    const svg = event.target.closest?.(".plot svg");
    const chart = svg?.closest(".chart");
    for (const other of document.querySelectorAll(".chart:has(.cursor)")) if (other !== chart) leave(other);
    if (!chart) return;
    const groups = [...svg.querySelectorAll("g[data-x]")].map((group) => ({ name: group.dataset.name, ...series(group) }));
    const all = groups.flatMap((group) => group.x).filter(Number.isFinite);
    if (!all.length) return;
    const box = svg.getBoundingClientRect();
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const wanted = low + ((event.clientX - box.left) / box.width) * (high - low);
    const nearest = all.reduce((best, x) => (Math.abs(x - wanted) < Math.abs(best - wanted) ? x : best), all[0]);
    const keys = chart.querySelectorAll(".legend .key");
    groups.forEach((group, index) => {
      const value = keys[index]?.querySelector("b");
      if (!value) return;
      if (value.dataset.last === undefined) value.dataset.last = value.textContent;
      let best = 0;
      group.x.forEach((x, place) => { if (Math.abs(x - nearest) < Math.abs(group.x[best] - nearest)) best = place; });
      const y = group.y[best];
      value.textContent = Number.isFinite(y) ? texts[chart.dataset.format](y) : "–";
    });
    const x = high > low ? ((nearest - low) / (high - low)) * 1000 : 500;
    let cursor = svg.querySelector(".cursor");
    if (!cursor) {
      cursor = document.createElementNS("http://www.w3.org/2000/svg", "path");
      cursor.setAttribute("class", "cursor");
      svg.append(cursor);
    }
    cursor.setAttribute("d", `M${x} 0V1000`);
    const at = chart.querySelector(".legend .at");
    if (at) at.textContent = chart.dataset.axis === "time" ? new Date(nearest).toLocaleTimeString() : `step ${nearest.toLocaleString("en")}`;
  });

  // Buttons: ask first where the page says so, act, then look again. Without the script the form does the same.
  const say = (text, bad) => {
    document.querySelector(".toast")?.remove();
    const toast = document.createElement("div");
    toast.className = bad ? "toast bad" : "toast";
    toast.setAttribute("role", "status");
    toast.textContent = text;
    document.body.append(toast);
    setTimeout(() => toast.remove(), bad ? 8000 : 3000);
  };
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.ask && !confirm(form.dataset.ask)) { event.preventDefault(); return; }
    // Forms with fields go the browser's own way, and their answer is a page.
    if ("plain" in form.dataset) return;
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const headers = { "Content-Type": "application/json", Accept: "application/json" };
      const token = form.elements.csrf?.value;
      if (token) headers["X-Martlet-CSRF"] = token;
      const fields = Object.fromEntries([...new FormData(form)].filter(([name]) => name !== "csrf"));
      const answer = await fetch(form.action, { method: "POST", body: JSON.stringify(fields), credentials: "same-origin", headers });
      if (answer.status === 401) { location.reload(); return; }
      const body = await answer.json().catch(() => ({}));
      if (answer.ok && body.location && body.location !== location.pathname) location.href = body.location;
      else if (answer.ok) say(`${button.textContent}: done`);
      else say(body.error?.message || `The server answered ${answer.status}.`, true);
    } catch {
      say("The server cannot be reached.", true);
    } finally {
      button.disabled = false;
      refresh();
    }
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard?.writeText(button.dataset.copy).catch(() => {});
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });

  // Keys: "/" searches, "g" and a letter goes to a page, Escape leaves a field.
  const places = { o: "/", d: "/deployments", e: "/experiments", m: "/models", r: "/drift", p: "/pipelines", l: "/loop", a: "/data", b: "/ledger", v: "/events" };
  let going = 0;
  document.addEventListener("keydown", (event) => {
    const field = event.target.matches?.("input, textarea, select");
    if (event.key === "Escape" && field) event.target.blur();
    if (field || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") {
      const search = document.querySelector('input[type="search"]');
      event.preventDefault();
      if (search) { search.focus(); search.select(); } else { location.href = "/experiments"; }
    } else if (event.key === "g") {
      going = Date.now();
    } else if (Date.now() - going < 1200 && places[event.key]) {
      going = 0;
      location.href = places[event.key];
    }
  });

  // On a narrow screen the navigation scrolls: show where we are.
  const here = document.querySelector(".nav [aria-current]");
  const bar = document.querySelector(".side");
  if (here && bar.scrollWidth > bar.clientWidth) bar.scrollLeft = here.offsetLeft - bar.clientWidth / 2;

  for (const log of document.querySelectorAll(".log")) log.scrollTop = log.scrollHeight;
})();
