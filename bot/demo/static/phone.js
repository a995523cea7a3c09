// The staff's chat on a phone. Everything comes as JSON from ./events; every text is set as text.
"use strict";

const chat = document.getElementById("chat");
const state = document.getElementById("state");
const newest = document.getElementById("newest");
const toast = document.getElementById("toast");
const alertBox = document.getElementById("alert");
const alertText = document.getElementById("alert-text");
const TOAST_MS = 4200;
const AT_END_PX = 60;
const MOST_TEXT = 4096; // https://core.telegram.org/bots/api#sendmessage: as strings here count, in UTF-16 units
const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
let toastTimer = 0;

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// Entities are counted in UTF-16 units, as JavaScript's strings are, and may lie inside each other: the text is
// cut wherever one begins or ends. https://core.telegram.org/bots/api#messageentity
function styled(text, entities) {
  const pieces = document.createDocumentFragment();
  const cuts = new Set([0, text.length]);
  for (const one of entities) cuts.add(one.offset).add(one.offset + one.length);
  const places = [...cuts].filter((at) => at <= text.length).sort((a, b) => a - b);
  let quote = null;
  let quoteEnd = -1;
  for (let i = 0; i + 1 < places.length; i += 1) {
    const [from, to] = [places[i], places[i + 1]];
    const here = entities.filter((one) => one.offset <= from && to <= one.offset + one.length);
    const quoted = here.find((one) => one.type.endsWith("blockquote"));
    if (quoted && quoteEnd !== quoted.offset + quoted.length) {
      quote = element("span", "quote");
      quoteEnd = quoted.offset + quoted.length;
      pieces.append(quote);
    }
    let part = text.slice(from, to);
    if (!quoted && from === quoteEnd) part = part.replace(/^\n/, ""); // a quote is a block: it ends its line
    const kinds = here.map((one) => one.type).filter((type) => ["bold", "underline", "pre", "text_link"].includes(type));
    const piece = element("span", kinds.join(" ").replace("text_link", "link"), part);
    if (kinds.includes("text_link")) {
      piece.tabIndex = 0;
      piece.setAttribute("role", "link");
      piece.dataset.url = here.find((one) => one.type === "text_link").url;
    }
    (quoted ? quote : pieces).append(piece);
  }
  return pieces;
}

function keys(item) {
  const block = element("div", "keys");
  for (const labels of item.buttons) {
    const row = element("div", "row");
    for (const label of labels) {
      const button = element("button", "", label);
      button.type = "button";
      button.addEventListener("click", () => press(item.message, label, button));
      row.append(button);
    }
    block.append(row);
  }
  const row = element("div", "row");
  const reply = element("button", "write", "Reply");
  reply.type = "button";
  reply.addEventListener("click", () => write(item));
  row.append(reply);
  block.append(row);
  return block;
}

// The fields that are open, by message: a card that is drawn anew takes its own along, with what stands in it.
const fields = new Map();

function write(item) {
  if (!fields.has(item.message)) fields.set(item.message, field(item.message));
  const form = fields.get(item.message);
  chat.querySelector(`[data-id="${CSS.escape(item.id)}"]`).append(form);
  form.querySelector("textarea").focus();
  form.scrollIntoView({ block: "nearest" });
}

function field(message) {
  const form = element("form", "reply");
  const text = element("textarea");
  text.rows = 2;
  text.maxLength = MOST_TEXT;
  text.dir = "auto";
  text.placeholder = "Reply to this card …";
  text.setAttribute("aria-label", "Reply to this card");
  const send = element("button", "", "Send");
  form.append(text, send);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!send.hasAttribute("aria-busy")) reply(message, text.value, send);
  });
  text.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") fold(message);
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  return form;
}

function fold(message) {
  const form = fields.get(message);
  const card = form && form.parentElement;
  fields.delete(message);
  if (form) form.remove();
  const back = card && card.querySelector("button.write");
  if (back) back.focus({ preventScroll: true });
}

function drawn(item) {
  const made = element("li", `item ${item.kind}`);
  made.dataset.id = item.id;
  made.dataset.order = item.order;
  const bubble = element("div", "bubble");
  if (item.kind === "card") {
    bubble.append(styled(item.text, item.entities));
    const open = item.buttons.flat().some((label) => label === "Claim");
    made.classList.toggle("is-closed", !open && /^(Answered|Dismissed)/.test(item.text));
  } else {
    made.classList.toggle("mine", item.is_mine === true);
    if (item.name) bubble.append(element("div", "who", item.name));
    if (item.about) bubble.append(element("span", "quote", item.about));
    bubble.append(document.createTextNode(item.text));
  }
  const edited = item.is_edited ? "edited " : "";
  bubble.append(element("time", "when", edited + clock.format(new Date(item.at))));
  made.append(bubble);
  if (item.kind === "card" && item.buttons.length) made.append(keys(item));
  if (item.kind === "card" && fields.has(item.message)) made.append(fields.get(item.message));
  return made;
}

function isAtEnd() {
  return chat.scrollHeight - chat.scrollTop - chat.clientHeight < AT_END_PX;
}

function toEnd() {
  chat.scrollTop = chat.scrollHeight;
  newest.hidden = true;
}

function focused(old) {
  const here = document.activeElement;
  return here && old.contains(here) && here.textContent;
}

function show(item) {
  const wasAtEnd = isAtEnd();
  const old = chat.querySelector(`[data-id="${CSS.escape(item.id)}"]`);
  const label = old && focused(old);
  const writing = old && old.querySelector("textarea:focus");
  const made = drawn(item);
  if (old) {
    old.replaceWith(made);
    if (writing) writing.focus({ preventScroll: true });
    const buttons = [...made.querySelectorAll("button")];
    if (label) (buttons.find((button) => button.textContent === label) || buttons[0] || chat).focus();
  } else {
    const later = [...chat.children].find((other) => Number(other.dataset.order) > item.order);
    made.classList.add("is-new");
    chat.insertBefore(made, later || null);
  }
  if (wasAtEnd) toEnd();
  else if (!old) newest.hidden = false;
}

function say(text) {
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { toast.hidden = true; }, TOAST_MS);
}

// What the person is told; null: it did not get through, and they are told that.
async function post(path, what, button) {
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(what),
    });
    const told = await answer.json();
    if (!told.error) return told;
    say(told.error);
  } catch {
    say("No connection to the demo.");
  } finally {
    button.removeAttribute("aria-busy");
  }
  return null;
}

async function press(message, label, button) {
  const told = await post("press", { message, label }, button);
  if (told && told.is_loud) {
    alertText.textContent = told.text;
    alertBox.showModal();
  } else if (told && told.text) say(told.text);
}

async function reply(message, text, button) {
  const told = await post("reply", { message, text }, button);
  if (told) fold(message);
}

function onLink(event) {
  if (!event.target.dataset || !event.target.dataset.url) return;
  if (event.type === "keydown" && event.key !== "Enter") return;
  say(`In real life this opens the post. Here it exists on this machine only: ${event.target.dataset.url}`);
}

chat.addEventListener("click", onLink);
chat.addEventListener("keydown", onLink);
chat.addEventListener("scroll", () => { if (isAtEnd()) newest.hidden = true; }, { passive: true });
newest.addEventListener("click", toEnd);

const events = new EventSource("events");
events.addEventListener("open", () => { state.textContent = "3 people and a bot"; });
events.addEventListener("error", () => { state.textContent = "connecting …"; });
events.addEventListener("message", (event) => show(JSON.parse(event.data)));
