// A follower in JavaScript, from docs/delivery-protocol.md alone: Node 20 or newer, no packages. An example and a proof, not a product:
// it keeps nothing on disk and sends no receipts.
//
//     python conformance/run.py -- node conformance/node_follower.mjs

import { createHash, createPublicKey, verify } from "node:crypto";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { readJson } from "./node_strict_json.mjs";

const SILENCE = 35_000;
const FEATURES = new Set(["jinja2"]);
const NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}";
const IS_NAME = new RegExp(`^${NAME}$`);
const IS_PATH = new RegExp(`^${NAME}(/${NAME})*$`);
const IS_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const IS_DIGEST = /^sha256:[0-9a-f]{64}$/;
const IS_HASH = /^[0-9a-f]{64}$/;

class Refusal extends Error {
  constructor(code, sentence) {
    super(sentence);
    this.code = code;
  }
}

const sha = (content) => createHash("sha256").update(content).digest();
const keyIdOf = (raw) => sha(raw).toString("hex").slice(0, 16);
const isText = (value) => typeof value === "string" && value.isWellFormed();
const isInteger = (value, least) => Number.isInteger(value) && value >= least && value <= 1e18;

function malformed(what) {
  throw new Refusal("malformed", what);
}

function parsed(text) {
  try {
    return readJson(text);
  } catch (error) {
    return malformed(error.message);
  }
}

function signedBy(raw, text, signature) {
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]);
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, "base64"));
}

// What is on the wire.

function readEntry(value, mayBeRemoved) {
  if (!Array.isArray(value) || value.length !== 6) malformed("an entry has six members");
  const [path, state, version, release, digest, reason] = value;
  if (!isText(path) || !IS_PATH.test(path)) malformed("path");
  if (!["live", "suspended", ...(mayBeRemoved ? ["removed"] : [])].includes(state)) malformed("state");
  if (!isInteger(version, 1) || !isInteger(release, 1)) malformed("version or release");
  if (!isText(digest) || !isText(reason)) malformed("digest or reason");
  if (state === "live" ? !IS_DIGEST.test(digest) || reason !== "" : digest !== "") malformed("digest or reason");
  return { path, state, version, release, digest, reason, text: JSON.stringify(value) };
}

function readEntries(values, mayBeRemoved) {
  if (!Array.isArray(values)) malformed("a list of entries");
  const entries = values.map((value) => readEntry(value, mayBeRemoved));
  if (new Set(entries.map((entry) => entry.path)).size !== entries.length) malformed("a path is named twice");
  return entries;
}

function readStatement(text) {
  if (/[\r\n]/.test(text)) malformed("a statement is on one line");
  const said = parsed(text);
  const right =
    said?.v === 1 && isText(said.installation) && said.installation !== "" &&
    isText(said.environment_id) && said.environment_id !== "" &&
    IS_NAME.test(said.project) && IS_NAME.test(said.environment) &&
    isInteger(said.epoch, 1) && isInteger(said.release, 0) && isInteger(said.count, 0) &&
    isText(said.previous) && (said.release === 0 ? said.previous === "" : IS_HASH.test(said.previous)) &&
    IS_HASH.test(said.root) && IS_TIME.test(said.acknowledged_at) &&
    Array.isArray(said.requires) && said.requires.every((name) => IS_NAME.test(name));
  if (!right) malformed("a member of the statement is missing or wrong");
  const changes = readEntries(said.changes, true);
  if (said.release === 0 ? changes.length : changes.some((change) => change.release !== said.release)) malformed("changes");
  return { ...said, changes };
}

function readHeader(value) {
  if (!isText(value?.statement) || !isText(value.as_of) || !isText(value.key_id) || !isText(value.signature)) malformed("header");
  if (!IS_TIME.test(value.as_of) || !/^[0-9a-f]{16}$/.test(value.key_id)) malformed("as_of or key_id");
  return { ...value, said: readStatement(value.statement), hash: sha(value.statement).toString("hex") };
}

function rootOf(entries) {
  const buckets = Array.from({ length: 256 }, () => []);
  for (const entry of entries.values()) buckets[sha(entry.path)[0]].push(sha(entry.text));
  const hashes = buckets.map((leaves) => (leaves.length ? sha(Buffer.concat(leaves.sort(Buffer.compare))) : Buffer.alloc(32)));
  return sha(Buffer.concat(hashes)).toString("hex");
}

const position = (header) => `${header.said.epoch}-${header.said.release}`;
const compare = (one, other) => one.said.epoch - other.said.epoch || one.said.release - other.said.release;
const isNext = (held, header) => header.said.epoch === held.said.epoch && header.said.release === held.said.release + 1;

class Follower {
  constructor({ url, token, project, environment, trust }) {
    this.base = `${url}/delivery/v1`;
    this.place = `${this.base}/${project}/${environment}`;
    this.headers = { Authorization: `Bearer ${token}` };
    this.project = project;
    this.environment = environment;
    const pinned = Buffer.from(trust, "base64");
    this.keys = new Map([[keyIdOf(pinned), pinned]]);
    this.revoked = new Set();
    this.held = null; // { header, entries, texts }, replaced as a whole
    this.head = null;
    this.refused = null;
    this.resyncAfter = 0;
    this.resyncsFailed = 0;
  }

  async run() {
    for (let failed = 0; ; failed += 1) {
      try {
        await this.learnKeys();
        await this.follow(() => (failed = 0));
      } catch (error) {
        if (error instanceof Refusal) this.refused = error.code;
      }
      await sleep(Math.min(5_000, 100 * 2 ** Math.min(failed, 10)) * (0.5 + Math.random() / 2));
    }
  }

  async get(address) {
    const answer = await fetch(address, { headers: this.headers, signal: AbortSignal.timeout(30_000) });
    if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
    return answer.text();
  }

  async learnKeys() {
    const document = parsed(await this.get(`${this.base}/keys`));
    const waiting = document.keys.filter((key) => key.algorithm === "ed25519");
    for (let more = true; more; ) {
      more = false;
      for (const key of waiting) {
        const raw = Buffer.from(key.public, "base64");
        const signer = this.keys.get(key.signed_by);
        if (this.keys.has(key.key_id) || this.revoked.has(key.key_id) || !signer || raw.length !== 32 || key.key_id !== keyIdOf(raw)) continue;
        if (!signedBy(signer, `promptops-key-v1\n${key.key_id}\n${key.public}`, key.signature)) continue;
        this.keys.set(key.key_id, raw);
        more = true;
      }
    }
    // Those that were taken back leave for good, on the word of a trusted key that was not.
    const said = document.keys.filter((key) => key.revoked_at);
    const standing = new Map([...this.keys].filter(([id]) => !said.some((key) => key.key_id === id)));
    for (const key of said) {
      const signer = standing.get(key.revoked_by);
      const text = `promptops-revoke-v1\n${key.key_id}\n${key.revoked_at}`;
      if (this.keys.has(key.key_id) && signer && signedBy(signer, text, key.revocation)) {
        this.keys.delete(key.key_id);
        this.revoked.add(key.key_id);
      }
    }
  }

  // Events.

  async follow(answered) {
    const cut = new AbortController();
    const resume = this.held ? { "Last-Event-ID": position(this.held.header) } : {};
    let silence = setTimeout(() => cut.abort(), SILENCE);
    try {
      const headers = { ...this.headers, ...resume, Accept: "text/event-stream" };
      const answer = await fetch(`${this.place}/events`, { headers, signal: cut.signal });
      if (!answer.ok) throw new Error(`events answered ${answer.status}`);
      const decoder = new TextDecoder();
      let waiting = "";
      let event = { name: "", data: [] };
      for await (const piece of answer.body) {
        clearTimeout(silence);
        silence = setTimeout(() => cut.abort(), SILENCE);
        answered();
        const lines = (waiting + decoder.decode(piece, { stream: true })).split("\n");
        waiting = lines.pop();
        for (const line of lines.map((one) => one.replace(/\r$/, ""))) {
          if (line === "") {
            if (event.data.length) await this.take(event.name, event.data.join("\n"));
            event = { name: "", data: [] };
          } else if (line.startsWith(":")) {
            if (!this.isAtHead()) await this.resyncSoon();
          } else {
            const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
            if (field === "event") event.name = value;
            if (field === "data") event.data.push(value);
          }
        }
      }
    } finally {
      clearTimeout(silence);
    }
  }

  async take(name, data) {
    try {
      if (name === "hello" || name === "as_of") await this.takeHead(readHeader(parsed(data).header));
      if (name === "release") await this.takeRelease(parsed(data));
      if (name === "reset") await this.resync();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refused = error.code;
      this.head = null;
      await this.resyncSoon();
    }
  }

  isAtHead() {
    return this.held !== null && this.head !== null && compare(this.held.header, this.head) >= 0;
  }

  async takeHead(header) {
    await this.checkOrigin(header);
    if (this.held && this.order(header) === 0) this.vouched(header);
    this.head = header;
    if (!this.held) await this.resync();
  }

  async takeRelease({ header: value, artifacts = {} }) {
    const header = readHeader(value);
    await this.checkOrigin(header);
    if (!this.held) return this.resync();
    if (compare(header, this.held.header) < 0) return undefined; // told twice
    if (this.order(header) === 0) return this.vouched(header);
    this.checkFeatures(header);
    if (!isNext(this.held.header, header)) return this.resync();
    this.checkChain(header);
    const entries = new Map(this.held.entries);
    for (const change of header.said.changes) {
      if (change.state === "removed") entries.delete(change.path);
      else entries.set(change.path, change);
    }
    this.checkRoot(header, entries);
    return this.swap(header, entries, artifacts);
  }

  async resyncSoon() {
    if (Date.now() >= this.resyncAfter) await this.resync();
  }

  async resync() {
    try {
      const document = parsed(await this.get(this.place));
      const header = readHeader(document.header);
      const entries = new Map(readEntries(document.entries, false).map((entry) => [entry.path, entry]));
      await this.checkOrigin(header);
      if (this.held && this.order(header) === 0) this.vouched(header);
      else {
        this.checkFeatures(header);
        if (this.held && isNext(this.held.header, header)) this.checkChain(header);
        this.checkRoot(header, entries);
        await this.swap(header, entries, document.artifacts);
      }
      this.head = header;
      this.resyncsFailed = 0;
    } catch (error) {
      if (error instanceof Refusal) this.refused = error.code;
      this.resyncsFailed += 1;
      this.resyncAfter = Date.now() + Math.min(30_000, 500 * 2 ** this.resyncsFailed);
      if (!(error instanceof Refusal)) throw error;
    }
  }

  // The rules, in the order of the page.

  async checkOrigin(header) {
    if (!this.keys.has(header.key_id) && !this.revoked.has(header.key_id)) await this.learnKeys();
    if (this.revoked.has(header.key_id)) throw new Refusal("revoked-key", header.key_id);
    const key = this.keys.get(header.key_id);
    if (!key) throw new Refusal("unknown-key", header.key_id);
    const text = `promptops-header-v1\n${header.as_of}\n${header.key_id}\n${header.statement}`;
    if (!signedBy(key, text, header.signature)) throw new Refusal("wrong-signature", position(header));
    const { said } = header;
    const before = this.held?.header.said;
    const other = said.project !== this.project || said.environment !== this.environment;
    if (other || (before && said.environment_id !== before.environment_id)) throw new Refusal("other-environment", said.environment);
    if (before && said.installation !== before.installation) throw new Refusal("other-installation", said.installation);
  }

  order(header) {
    const order = compare(header, this.held.header);
    if (order < 0) throw new Refusal("older", position(header));
    if (order === 0 && header.statement !== this.held.header.statement) throw new Refusal("conflicting", position(header));
    return order;
  }

  checkFeatures(header) {
    const unknown = header.said.requires.filter((name) => !FEATURES.has(name));
    if (unknown.length) throw new Refusal("unknown-feature", unknown.join(", "));
  }

  checkChain(header) {
    if (header.said.previous !== this.held.header.hash) throw new Refusal("broken-chain", position(header));
  }

  checkRoot(header, entries) {
    if (entries.size !== header.said.count || rootOf(entries) !== header.said.root) throw new Refusal("wrong-root", position(header));
  }

  async swap(header, entries, given) {
    const texts = new Map();
    for (const entry of entries.values()) {
      if (entry.state !== "live") continue;
      const before = this.held?.entries.get(entry.path);
      const same = before?.digest === entry.digest && before.version === entry.version;
      const text = same ? this.held.texts.get(entry.path) : (given[entry.digest] ?? (await this.get(`${this.place}/artifacts/${entry.digest}`)));
      if (!same) this.checkArtifact(entry, text);
      texts.set(entry.path, text);
    }
    this.held = { header, entries, texts };
    if (this.head === null || compare(this.head, header) < 0) this.head = header;
  }

  checkArtifact(entry, text) {
    if (`sha256:${sha(text).toString("hex")}` !== entry.digest) throw new Refusal("wrong-artifact", entry.path);
    const { project, path, version } = JSON.parse(text);
    if (project !== this.project || path !== entry.path || version !== entry.version) throw new Refusal("wrong-artifact", entry.path);
  }

  vouched(header) {
    if (header.as_of > this.held.header.as_of) this.held = { ...this.held, header };
  }

  has(paths) {
    const prompt = (entry) => {
      if (entry === undefined) return null;
      if (entry.state === "suspended") return { suspended: entry.reason };
      return { version: entry.version, release: entry.release, digest: entry.digest };
    };
    return {
      position: this.held && position(this.held.header),
      prompts: Object.fromEntries(paths.map((path) => [path, prompt(this.held?.entries.get(path))])),
      refused: this.refused,
    };
  }
}

const told = process.env;
const follower = new Follower({
  url: told.PROMPTOPS_URL,
  token: told.PROMPTOPS_TOKEN,
  project: told.PROMPTOPS_PROJECT,
  environment: told.PROMPTOPS_ENVIRONMENT,
  trust: told.PROMPTOPS_TRUST_KEY,
});
follower.run();
for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(follower.has(JSON.parse(line))));
process.exit(0);
