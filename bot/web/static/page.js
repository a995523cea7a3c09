// What htmx does not do: staying live, the keys, selecting, and keeping one's place when the list is new.
(() => {
  "use strict";
  const $ = (what, within = document) => within.querySelector(what);
  const $$ = (what, within = document) => [...within.querySelectorAll(what)];
  const list = () => $("#list") || $("#talk");

  // --- every request carries the session's token ---
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRF-Token"] = $('meta[name="csrf"]').content;
  });

  // --- live: the server says that something changed, the page asks what ---
  const live = $("#live");
  const say = (ok) => {
    if (!live) return;
    live.textContent = ok ? live.dataset.live : live.dataset.lost;
    live.classList.toggle("on", ok);
  };
  let isStale = false;
  let timer = 0;
  const changed = () => {
    if (document.hidden) { isStale = true; return; }
    if (timer) return;
    timer = setTimeout(() => { timer = 0; htmx.trigger(document.body, "changed"); }, 150);
  };
  if (live && window.EventSource) {
    let wasLost = false;
    const events = new EventSource("/live");
    events.addEventListener("open", () => { say(true); if (wasLost) changed(); wasLost = false; });
    events.addEventListener("error", () => { say(false); wasLost = true; });
    events.addEventListener("changed", changed);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && isStale) { isStale = false; changed(); }
    });
    addEventListener("pagehide", () => events.close());
  }

  // --- selecting ---
  const picked = () => $$('input[name="m"]:checked', $("#bulk") || document.createElement("div"));
  const count = () => {
    const bar = $("#bulkbar");
    if (!bar) return;
    const number = picked().length;
    bar.classList.toggle("some", number > 0);
    const told = $("#picked");
    told.textContent = number ? told.dataset.text.replace("#", number) : "";
    $$("button", bar).forEach((button) => { button.disabled = !number; });
    const all = $("#all");
    const boxes = $$('#bulk input[name="m"]').length;
    all.checked = number > 0 && number === boxes;
    all.indeterminate = number > 0 && number < boxes;
  };
  const title = document.title;
  const tell = () => {
    const open = Number($(".counts")?.dataset.open || 0);
    document.title = open ? `(${open}) ${title}` : title;
  };
  document.addEventListener("change", (event) => {
    if (event.target.id === "all") $$('#bulk input[name="m"]').forEach((box) => { box.checked = event.target.checked; });
    if (event.target.closest("#bulk")) count();
    if (event.target.closest("#filters") && event.target.type !== "search") event.target.form.requestSubmit();
  });

  // --- keeping one's place while the list is new ---
  let kept = null;
  const unsent = (it) => $$("textarea[id]", it).filter((one) => one.value !== one.defaultValue);
  const typing = (it) => it && (it.matches("input:not([type=checkbox]), textarea, select") || it.isContentEditable);
  document.addEventListener("htmx:beforeSwap", (event) => {
    const it = event.detail.target;
    if (event.detail.xhr.status === 401) { location.assign("/login"); return; }
    if (it !== list()) return;
    if (it.contains(document.activeElement) && typing(document.activeElement) && it.id === "talk") {
      event.detail.shouldSwap = false; // somebody writes a note
      return;
    }
    const at = document.activeElement?.closest?.(".row");
    const rows = $$(".row", it);
    kept = {
      picked: picked().map((box) => box.value),
      open: $$("details[open]", it).map((one) => one.closest("[id]")?.id),
      row: at?.id,
      index: at ? rows.indexOf(at) : -1,
      texts: unsent(it).map((one) => [one.id, one.value]),
      pressed: document.activeElement?.matches?.("#answer button") ? document.activeElement.value : "",
    };
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === list() && kept) {
      kept.picked.forEach((value) => {
        const box = $(`input[name="m"][value="${CSS.escape(value)}"]`);
        if (box) box.checked = true;
      });
      kept.open.forEach((id) => id && $(`#${CSS.escape(id)} details`)?.setAttribute("open", ""));
      if (kept.index >= 0) {
        const rows = $$(".row", list());
        focus((kept.row && document.getElementById(kept.row)) || rows[Math.min(kept.index, rows.length - 1)]);
      }
      kept.texts.forEach(([id, text]) => {
        const field = document.getElementById(id);
        if (field) field.value = text;
      });
      if (kept.pressed) ($(`#answer button[value="${CSS.escape(kept.pressed)}"]`) || $("#answer"))?.focus({ preventScroll: true });
      kept = null;
    }
    count();
    tell();
    if (event.detail.target.id === "toast") toasted();
  });

  document.addEventListener("htmx:afterSettle", (event) => { // only now does htmx listen to the new field
    if (event.detail.target === list()) unsent(list()).forEach((one) => one.dispatchEvent(new Event("input", { bubbles: true })));
  });

  // what was written is a draft now: it stands in the page that comes
  document.addEventListener("proposed", () => {
    const field = $("#answer-text");
    if (field) field.defaultValue = field.value;
  });

  // --- the line that says what came of it ---
  let fading = 0;
  const toasted = () => {
    clearTimeout(fading);
    const wait = $("#undo") ? 15000 : 6000;
    fading = setTimeout(() => { if (!$("#toast").contains(document.activeElement)) $("#toast").replaceChildren(); }, wait);
  };
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 401) { location.assign("/login"); return; }
    const line = document.createElement("p");
    line.textContent = event.detail.xhr.responseText.slice(0, 200);
    const box = document.createElement("div");
    box.className = "toast loud";
    box.append(line);
    $("#toast").replaceChildren(box);
    toasted();
  });

  // --- keys ---
  const rows = () => $$(".rows .row");
  const current = () => document.activeElement?.closest?.(".rows .row");
  const focus = (row) => { if (row) { row.focus({ preventScroll: true }); row.scrollIntoView({ block: "nearest" }); } };
  const step = (by) => {
    const all = rows();
    const at = all.indexOf(current());
    focus(at < 0 ? all[0] : all[Math.max(0, Math.min(all.length - 1, at + by))]);
  };
  const act = (name) => {
    if (picked().length && $(`#bulkbar button[value="${name}"]`)) { $(`#bulkbar button[value="${name}"]`).click(); return; }
    const row = current() || $(".talk");
    if (row) $(`button.${name}`, row)?.click();
  };
  const keys = {
    j: () => step(1),
    k: () => step(-1),
    c: () => act("claim"),
    d: () => act("dismiss"),
    o: () => $("a.said", current() || document.createElement("i"))?.click(),
    Enter: () => $("a.said", current() || document.createElement("i"))?.click(),
    x: () => { const box = $('input[name="m"]', current() || document.createElement("i")); if (box) { box.checked = !box.checked; count(); } },
    w: () => { const why = $("details.why", current() || document.createElement("i")); if (why) why.open = !why.open; },
    u: () => $("#undo button")?.click(),
    "/": () => $("#search")?.focus(),
    "?": () => $("#help")?.showModal(),
    Escape: () => { document.activeElement?.blur(); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
    if (typing(event.target)) { if (event.key === "Escape") event.target.blur(); return; }
    if (event.key === "Enter" && event.target.matches("a, button, summary, input")) return;
    if (event.key === "j" || event.key === "ArrowDown" && current()) { event.preventDefault(); step(1); return; }
    if (event.key === "k" || event.key === "ArrowUp" && current()) { event.preventDefault(); step(-1); return; }
    const does = keys[event.key];
    if (does) { event.preventDefault(); does(); }
  });
  $("#keys")?.addEventListener("click", () => keys["?"]());

  count();
  tell();
  document.documentElement.dataset.ready = "1";
})();
