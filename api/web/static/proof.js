// Checks in the visitor's own browser what the page claims about the log, and only then shows a
// seal: hashes the entry, climbs to the checkpoint's root, checks signatures, and compares with the
// checkpoint that this browser remembers. Whatever is not checked is said to be not checked.
"use strict";

const ORDER = ["entry", "path", "signature", "witnesses", "memory"];
const NEEDED = ["path", "signature", "memory"];
const HASH_BYTES = 32;
const NOTE = 1;
const COSIGNATURE = 4;
const PROOF_HASHES_MAX = 63;

class Wrong extends Error {}

const utf8 = new TextEncoder();

function must(condition, what) {
  if (!condition) throw new Wrong(what);
}

function joined(...parts) {
  const all = parts.map((part) => (typeof part === "string" ? utf8.encode(part) : part));
  const whole = new Uint8Array(all.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of all) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
}

const leafHash = (entry) => sha256([0], entry);
const nodeHash = (left, right) => sha256([1], left, right);
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes));
const same = (one, other) => hex(one) === hex(other);

function fromBase64(text) {
  let binary;
  try {
    binary = atob(text);
  } catch {
    throw new Wrong("base64");
  }
  must(btoa(binary) === text, "base64");
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function readHash(text) {
  const hash = fromBase64(text);
  must(hash.length === HASH_BYTES, "the length of a hash");
  return hash;
}

function readSize(text) {
  must(/^(0|[1-9][0-9]{0,15})$/.test(text) && Number.isSafeInteger(Number(text)), "a number");
  return Number(text);
}

// The largest power of two below a size: where RFC 6962 splits a tree.
function splitOf(size) {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

async function rootFrom(leaf, index, size, path) {
  must(index < size && path.length <= PROOF_HASHES_MAX, "the place in the tree");
  if (size === 1) {
    must(path.length === 0, "the length of the proof");
    return leaf;
  }
  must(path.length > 0, "the length of the proof");
  const split = splitOf(size);
  const [rest, last] = [path.slice(0, -1), path[path.length - 1]];
  if (index < split) return nodeHash(await rootFrom(leaf, index, split, rest), last);
  return nodeHash(last, await rootFrom(leaf, index - split, size - split, rest));
}

// The roots of the older and of the newer tree that a consistency proof leads to (RFC 6962, 2.1.2).
async function rootsFrom(oldSize, oldRoot, size, path, isWhole) {
  if (oldSize === size) {
    must(path.length === (isWhole ? 0 : 1), "the length of the proof");
    return isWhole ? [oldRoot, oldRoot] : [path[0], path[0]];
  }
  must(path.length > 0 && path.length <= PROOF_HASHES_MAX, "the length of the proof");
  const split = splitOf(size);
  const [rest, last] = [path.slice(0, -1), path[path.length - 1]];
  if (oldSize <= split) {
    const [older, newer] = await rootsFrom(oldSize, oldRoot, split, rest, isWhole);
    return [older, await nodeHash(newer, last)];
  }
  const [older, newer] = await rootsFrom(oldSize - split, oldRoot, size - split, rest, false);
  return [await nodeHash(last, older), await nodeHash(last, newer)];
}

function readNote(whole) {
  const gap = whole.lastIndexOf("\n\n");
  must(gap > 0 && whole.endsWith("\n"), "the form of the checkpoint");
  const text = whole.slice(0, gap + 1);
  const lines = whole.slice(gap + 2, -1).split("\n").map((line) => {
    const found = /^\u2014 ([^\s+]+) (\S+)$/u.exec(line);
    must(found, "the form of a signature");
    return { name: found[1], data: fromBase64(found[2]) };
  });
  const parts = text.split("\n");
  must(parts.length === 4 && parts[3] === "", "the form of the checkpoint");
  return { text, lines, origin: parts[0], size: readSize(parts[1]), root: readHash(parts[2]) };
}

async function readKey(vkey) {
  const [name, id, ...rest] = vkey.split("+");
  const raw = fromBase64(rest.join("+"));
  must(hex((await sha256(name, "\n", raw)).slice(0, 4)) === id, "the id of a key");
  const algorithm = { name: "Ed25519" };
  const key = await crypto.subtle.importKey("raw", raw.slice(1), algorithm, false, ["verify"]);
  return { name, id, kind: raw[0], key };
}

// Whether a key signed a note; a signature in its name that does not hold is somebody's lie.
async function signedBy(key, note) {
  let found = false;
  for (const { name, data } of note.lines) {
    if (name !== key.name || hex(data.slice(0, 4)) !== key.id) continue;
    let [message, signature] = [utf8.encode(note.text), data.slice(4)];
    if (key.kind === COSIGNATURE) {
      must(signature.length === 72, "the form of a cosignature");
      const time = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
      message = joined(`cosignature/v1\ntime ${time}\n`, message);
      signature = signature.slice(8);
    }
    must(await crypto.subtle.verify({ name: "Ed25519" }, key.key, signature, message), "a signature");
    found = true;
  }
  return found;
}

function readProof(whole) {
  const gap = whole.indexOf("\n\n");
  const lines = whole.slice(0, gap).split("\n");
  must(gap > 0 && lines.shift() === "c2sp.org/tlog-proof@v1", "the form of the proof");
  if (lines[0].startsWith("extra ")) lines.shift();
  const index = /^index (\d+)$/.exec(lines.shift() ?? "");
  must(index, "the form of the proof");
  const note = readNote(whole.slice(gap + 2));
  return { index: readSize(index[1]), path: lines.map(readHash), note };
}

async function got(address) {
  const response = await fetch(address, { credentials: "same-origin", cache: "no-cache" });
  must(response.ok, `${address}: ${response.status}`);
  return response;
}

// Equal whatever the order of the keys.
function equal(one, other) {
  if (one === null || other === null || typeof one !== "object" || typeof other !== "object") {
    return one === other;
  }
  const [names, others] = [Object.keys(one), Object.keys(other)];
  return names.length === others.length
    && Array.isArray(one) === Array.isArray(other)
    && names.every((name) => name in other && equal(one[name], other[name]));
}

class Checking {
  constructor(panel) {
    this.panel = panel;
    this.said = JSON.parse(panel.dataset.said);
    this.facts = "/assets/facts.js";
  }

  // Runs one check and writes its outcome beside it; false: not checked, for lack of a key.
  async check(name, run) {
    const item = this.panel.querySelector(`[data-check="${name}"]`);
    let result = "no";
    try {
      result = (await run()) === false ? "skipped" : "yes";
    } catch (error) {
      if (!(error instanceof Wrong || error instanceof SyntaxError)) throw error;
      item.append(` (${error.message})`);
    }
    item.dataset.result = result;
    item.querySelector(".mark").textContent = { yes: "✓", no: "✗", skipped: "–" }[result];
    return result;
  }

  async run() {
    const results = {};
    for (const name of ORDER) {
      if (this.panel.querySelector(`[data-check="${name}"]`)) {
        results[name] = await this.check(name, () => this[name]());
      }
    }
    const failed = Object.values(results).includes("no");
    const whole = NEEDED.every((name) => !(name in results) || results[name] === "yes");
    if (failed || !whole) return failed ? "failed" : "unchecked";
    await this.remember();
    return "verified";
  }

  async entry() {
    this.bytes = new Uint8Array(await (await got(this.said.entry)).arrayBuffer());
    const whole = new TextDecoder("utf-8", { fatal: true }).decode(this.bytes);
    const gap = whole.indexOf("\n");
    const header = JSON.parse(whole.slice(0, gap));
    for (const [name, shown] of Object.entries(this.said.header)) {
      must(equal(header[name] ?? null, shown), name);
    }
    if (this.said.state !== null) { // null: another application's bytes, of which nothing is shown
      must(equal(JSON.parse(whole.slice(gap + 1)), this.said.state), "state");
    }
    const state = this.said.state === null ? null : JSON.parse(whole.slice(gap + 1));
    const leaf = toBase64(await leafHash(this.bytes));
    const shown = await import(this.facts);
    await shown.mustBeShown({ header, state, leaf, position: this.said.position }, must);
    this.panel.querySelector("pre.entry").textContent = whole;
  }

  async path() {
    const proof = readProof(await (await got(this.said.proof)).text());
    this.note = proof.note;
    must(proof.index === this.said.position, "the position");
    must(this.bytes, "the entry");
    const leaf = await leafHash(this.bytes);
    must(toBase64(leaf) === this.said.leaf, "the leaf hash");
    const root = await rootFrom(leaf, proof.index, proof.note.size, proof.path);
    must(same(root, proof.note.root), "the root");
  }

  async signature() {
    this.note ??= readNote(await (await got(this.said.checkpoint)).text());
    const keys = await Promise.all(this.said.keys.map(readKey));
    this.signing = [];
    for (const [number, key] of keys.entries()) {
      must(key.kind === NOTE && key.name === this.note.origin, "the origin");
      if (await signedBy(key, this.note)) this.signing.push(this.said.keys[number]);
    }
    if (keys.length === 0) return false;
    must(this.signing.length > 0, "no signature by the log");
  }

  async witnesses() {
    must(this.note, "the checkpoint");
    const keys = await Promise.all(this.said.witnesses.map(readKey));
    const signed = await Promise.all(keys.map((key) => signedBy(key, this.note)));
    const count = signed.filter(Boolean).length;
    this.panel.querySelector(".witnessed").textContent = `${count} / ${keys.length}`;
    return count > 0;
  }

  // The log must begin with what this browser saw of it before.
  async memory() {
    must(this.note, "the checkpoint");
    const before = this.recalled();
    if (!before) return;
    const { size, root, origin } = this.note;
    must(before.keys.some((key) => this.signing.includes(key)), "another key than before");
    must(size >= before.size, "shorter than before");
    if (before.size === 0) return;
    const address = `/v1/log/consistency?from=${before.size}&to=${size}`;
    const told = await (await got(address)).json();
    must(told.origin === origin, "the origin");
    const roots = await rootsFrom(
      before.size, readHash(before.root), size, told.hashes.map(readHash), true);
    must(same(roots[0], readHash(before.root)) && same(roots[1], root), "not what it was before");
    this.panel.querySelector(".remembered").textContent = `${before.size} → ${size}`;
  }

  get place() {
    return `minzhang log ${this.note.origin}`;
  }

  recalled() {
    try {
      return JSON.parse(localStorage.getItem(this.place));
    } catch {
      return null;
    }
  }

  async remember() {
    const seen = { size: this.note.size, root: toBase64(this.note.root), keys: this.signing };
    try {
      localStorage.setItem(this.place, JSON.stringify(seen));
    } catch {
      // A browser that keeps nothing still checks everything else.
    }
  }
}

async function checkPanel(panel) {
  let state = "unchecked";
  if (globalThis.crypto?.subtle) {
    try {
      state = await new Checking(panel).run();
    } catch (error) {
      console.info(`not checked: ${error}`); // no Ed25519 here, or no network
    }
  }
  const seal = panel.querySelector(".seal");
  seal.dataset.state = state;
  seal.textContent = seal.dataset[state];
  seal.dataset.settled = "yes";
}

for (const panel of document.querySelectorAll("[data-said]")) checkPanel(panel);
