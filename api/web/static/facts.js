// What an event's page must show, worked out from the verified entry, and whether it shows exactly
// that: each fact and its label in their order, nothing beside them, nothing hidden or turned.
"use strict";

const WORDS = "/assets/fact-words.json";
const CHINA_MS = 8 * 3_600_000;
const FONT_PIXELS_MIN = 8;
const PLAIN = {
  opacity: "1", visibility: "visible", filter: "none", clipPath: "none", transform: "none",
  textIndent: "0px", direction: "ltr", float: "none", maskImage: "none",
};

const squeezed = (text) => text.replace(/\s+/gu, " ").trim();
const grouped = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ",");

function yuan(fen) {
  const digits = String(Math.abs(fen)).padStart(3, "0");
  return `${fen < 0 ? "−" : ""}¥${grouped(digits.slice(0, -2))}.${digits.slice(-2)}`;
}

function percent(points) {
  const [whole, rest] = [Math.floor(points / 100), points - Math.floor(points / 100) * 100];
  return `${whole}.${String(rest).padStart(2, "0")}`.replace(/\.?0+$/, "") + "%";
}

function moment(text) {
  const at = new Date(Date.parse(text) + CHINA_MS).toISOString();
  return `${at.slice(0, 10)} ${at.slice(11, 16)}`;
}

class Words {
  constructor(told, isEnglish) {
    this.told = told;
    this.isEnglish = isEnglish;
  }

  pick(pair, otherwise) {
    return pair ? pair[this.isEnglish ? 1 : 0] : otherwise;
  }

  say(key) {
    return this.pick(this.told.labels[key]);
  }

  both(key) {
    const [chinese, english] = this.told.labels[key];
    return this.isEnglish ? english : `${chinese} ${english}`;
  }

  figure(name, value) {
    if (typeof value === "boolean") return this.say(value ? "yes" : "no");
    if (typeof value === "number" && name.endsWith("_fen")) return yuan(value);
    if (typeof value === "number" && name.endsWith("_bp")) return percent(value);
    if (typeof value === "string" && name.endsWith("_at")) return moment(value);
    return String(value);
  }
}

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isEmpty = (value) =>
  value === null || value === "" || (Array.isArray(value) && value.length === 0);

function* flat(prefix, fields) {
  for (const [name, value] of Object.entries(fields)) {
    const path = prefix + name;
    if (isObject(value)) yield* flat(`${path}.`, value);
    else if (Array.isArray(value) && isObject(value[0])) {
      for (const [number, item] of value.entries()) yield* flat(`${path}[${number + 1}].`, item);
    } else if (!isEmpty(value)) yield [path, Array.isArray(value) ? value.join(", ") : value];
  }
}

// The labels and facts of an entry in the order in which a page shows them.
function expected({ header, state, position }, words) {
  const all = [];
  const label = (key) => all.push(["label", key, words.both(key)]);
  const fact = (key, text) => all.push(["fact", key, squeezed(text)]);
  const both = (key, text) => { label(key); fact(key, text); };
  fact("crumbs", `${words.say("trail")} › #${position}`);
  fact("name", words.pick(words.told.events[header.topic], header.topic));
  fact("topic", header.topic);
  for (const breach of header.breaches ?? []) fact("breach", breach);
  if (header.history) fact("history", words.say("history"));
  label("who");
  both("occurred_at", moment(header.occurred_at));
  both("recorded_at", moment(header.recorded_at));
  const role = header.role ?? "";
  const called = words.pick(words.told.roles[role], role);
  both("role", called + (header.post ? ` · ${header.post}` : ""));
  both("actor", header.actor ?? "–");
  for (const key of ["organisation", "on_behalf_of", "reason"]) {
    if (header[key]) both(key, header[key]);
  }
  label("content");
  const fields = [...flat("", state ?? {})];
  for (const [path, value] of fields) {
    all.push(["label", path, path]);
    fact(path, words.figure(path, value));
  }
  if (fields.length === 0) fact("no_content", words.say("no_content"));
  label("place");
  both("position", String(position));
  both("event_id", header.id);
  both("stream", header.stream);
  both("version", String(header.version));
  both("policy", String(header.policy || "–"));
  label("evidence");
  for (const one of header.evidence ?? []) {
    fact("document", one.name);
    fact("media_type", `${one.media_type} · ${grouped(String(one.size))} B`);
    fact("sha256", `SHA-256 ${one.sha256}`);
  }
  if (!header.evidence?.length) fact("no_evidence", words.say("no_evidence"));
  return all;
}

// A style that could hide a text, move it or put another one in its place.
function mustBePlain(element, must) {
  must(!element.matches("bdo, [style], style, [dir]:not(bdi)"), "how the text is shown");
  const style = getComputedStyle(element);
  for (const [name, value] of Object.entries(PLAIN)) {
    must(style[name] === value || style[name] === undefined, `how the text is shown: ${name}`);
  }
  must(["static", "relative"].includes(style.position), "how the text is shown: position");
  must(["normal", "isolate"].includes(style.unicodeBidi), "how the text is shown: direction");
  must(!/^rgba\(.*, 0\)$/.test(style.color), "how the text is shown: colour");
  must(parseFloat(style.fontSize) >= FONT_PIXELS_MIN, "how the text is shown: size");
  for (const part of ["::before", "::after"]) {
    const { content } = getComputedStyle(element, part);
    must(content === "none" || content === "normal", "a text put beside by a style");
  }
}

function mustBeSeen(element, must) {
  for (let one = element; one && one.id !== "main"; one = one.parentElement) {
    mustBePlain(one, must);
  }
  for (const one of element.querySelectorAll("*")) mustBePlain(one, must);
  const { width, height } = element.getBoundingClientRect();
  must(element.textContent.trim() === "" || (width > 0 && height > 0), "a hidden text");
}

// Everything that stands on the page is a fact, its label, or in a part that is told to be beside.
function mustBeAlone(main, must) {
  const marked = "[data-fact], [data-label]";
  const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const where = node.parentElement;
    if (node.data.trim() === "" || where.closest("script")) continue;
    must(where.closest(`${marked}, [data-beside], #proof`), `a text beside: ${node.data.trim()}`);
  }
  const proof = main.querySelector("#proof");
  for (const part of main.querySelectorAll("[data-beside]")) {
    const comesAfter = proof.compareDocumentPosition(part) & Node.DOCUMENT_POSITION_FOLLOWING;
    must(comesAfter && part === part.parentElement.lastElementChild, "a part beside");
  }
  for (const part of main.querySelectorAll("[data-sealed]")) {
    must(!part.closest("[data-beside], #proof"), "a part beside");
    must(!part.querySelector("[data-beside], img, svg, canvas, iframe, input"), "a part within");
  }
}

export async function mustBeShown(entry, must) {
  const main = document.querySelector("#main");
  const told = await (await fetch(WORDS, { cache: "no-cache" })).json();
  const words = new Words(told, !document.documentElement.lang.startsWith("zh"));
  const wanted = expected(entry, words);
  const shown = [...main.querySelectorAll("[data-fact], [data-label]")];
  for (const [number, element] of shown.entries()) {
    const [kind, key, text] = wanted[number] ?? [];
    must(element.dataset[kind] === key && element.closest("[data-sealed]"), `${key ?? "too much"}`);
    mustBeSeen(element, must);
    must(squeezed(element.textContent) === text, key);
    must(squeezed(element.innerText) === text, key);
  }
  must(shown.length === wanted.length, "something is missing");
  mustBeAlone(main, must);
  const leaf = document.querySelector("#proof [data-leaf]");
  must(leaf && squeezed(leaf.textContent) === entry.leaf, "the leaf hash");
  must(squeezed(leaf.innerText) === entry.leaf, "the leaf hash");
  mustBeSeen(leaf, must);
}
