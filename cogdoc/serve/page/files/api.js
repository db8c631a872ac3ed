// Talks to the server, and only to the one that the page came from.

import { read, words, write, language } from "./words.js";

const KEY = "cogdoc-key";

/** A failure that people see in one line. */
export class ServerError extends Error {
  constructor(kind, message, hint = null, status = 0) {
    super(message);
    this.kind = kind;
    this.hint = hint;
    this.status = status;
  }

  /** The line in the language of the person. The server's own words are English. */
  get line() {
    const own = words(`error ${this.kind}`);
    if (!this.message) return own || this.kind;
    if (own && language !== "en") return `${own}（${this.message}）`;
    return own || (this.hint ? `${this.message}: ${this.hint}` : this.message);
  }
}

let askForKey = null;

/** Set what asks the person for a key; it resolves to true once there is another key. */
export function onKeyNeeded(action) {
  askForKey = action;
}

export function setKey(key) {
  write(KEY, key, "sessionStorage");
}

const hasKey = () => Boolean(read(KEY, "sessionStorage"));

/** A request, repeated once if the server asks for a key and the person gives one. */
async function send(path, options = {}) {
  for (;;) {
    const headers = new Headers(options.headers);
    const key = read(KEY, "sessionStorage");
    if (key) headers.set("Authorization", `Bearer ${key}`);
    let response;
    try {
      response = await fetch(path, { ...options, headers, cache: "no-store" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ServerError("network", "");
    }
    if (response.ok) return response;
    if (response.status === 401 && askForKey && (await askForKey(hasKey()))) continue;
    throw await failure(response);
  }
}

async function failure(response) {
  const body = await response.json().catch(() => ({}));
  const error = body.error || { message: `HTTP ${response.status}`, kind: "server-reply" };
  return new ServerError(error.code || error.kind, error.message, error.hint, response.status);
}

const posted = (body, signal) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
  signal,
});

/** What the server reads with. */
export async function readiness() {
  const response = await fetch("/readyz", { cache: "no-store" });
  return response.json();
}

/** Send a document; the server keeps it until `forget`. */
export async function keep(file, password = "") {
  const form = new FormData();
  form.append("file", file, file.name || "picture");
  if (password) form.append("password", password);
  const response = await send("/page/documents", { method: "POST", body: form });
  return response.json();
}

/** Have the server delete a document; also while the page closes. */
export function forget(id) {
  const headers = {};
  const key = read(KEY, "sessionStorage");
  if (key) headers.Authorization = `Bearer ${key}`;
  fetch(`/page/documents/${id}`, { method: "DELETE", keepalive: true, headers }).catch(() => {});
}

export async function pagePicture(id, number, side, signal) {
  const response = await send(`/page/documents/${id}/pages/${number}?side=${side}`, { signal });
  return response.blob();
}

/** The results of a task, as the server has them: calls `onEvent` with the name and the content of each event. */
export async function stream(id, task, body, signal, onEvent) {
  const response = await send(`/page/documents/${id}/${task}`, posted(body, signal));
  for await (const { name, data } of events(response.body)) {
    if (name === "error") {
      const { message, hint, kind } = data.error;
      throw new ServerError(kind, message, hint);
    }
    onEvent(name, data);
  }
}

/** Results in one of the formats of the command line. */
export async function exported(task, out, source, records) {
  const response = await send("/page/exports", posted({ task, out, source, records }));
  return response.text();
}

/** The server-sent events of a body. */
async function* events(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const lines = block.split("\n").filter((line) => !line.startsWith(":"));
      const field = (name) => lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
      const data = field("data").join("\n");
      if (data) yield { name: field("event")[0] || "message", data: JSON.parse(data) };
    }
  }
}
