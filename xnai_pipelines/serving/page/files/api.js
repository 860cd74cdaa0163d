// What the page asks the service.

let csrf = null;

export class Problem extends Error {
  constructor(status, message, kind = "") {
    super(message);
    this.status = status;
    this.kind = kind;
  }
}

async function call(method, path, body, signal, accept = "application/json") {
  const headers = { Accept: accept };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (csrf) headers["X-CSRF-Token"] = csrf;
  let response;
  try {
    response = await fetch(path, { method, headers, body: JSON.stringify(body), signal, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "");
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Problem(response.status, problem.message ?? "", problem.error);
}

const json = async (response) => (await response).json();

async function person(response) {
  const found = await json(response);
  csrf = found.csrf;
  return found;
}

export const whoAmI = () => person(call("GET", "/session"));
export const signIn = (token) => person(call("POST", "/session", { token }));
export const choices = () => json(call("GET", "/v1/filters"));

export async function signOut() {
  await call("DELETE", "/session");
  csrf = null;
}

export const judge = (question, documents, right) => json(call("POST", "/v1/feedback", { question, documents, right }));

/** Ask a question after others; `show` gets each sentence as it comes. Returns the whole answer. */
export async function ask({ question, filters, history }, show, signal) {
  const response = await call("POST", "/v1/answer", { question, filters, history }, signal, "text/event-stream");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Problem(0, "");
    const events = (pending + value).split("\n\n");
    pending = events.pop();
    for (const event of events) {
      const [name, data] = event.split("\n").map((line) => line.slice(line.indexOf(": ") + 2));
      const content = JSON.parse(data);
      if (name === "sentence") show(content);
      else if (name === "answer") return content;
      else throw new Problem(500, content.message, content.error);
    }
  }
}

const read = new Map();

/** Return the text around a quote: what stands before it, the quote, what stands after. */
export function around(citation, before, after) {
  const start = Math.max(0, citation.start - before);
  const path = `/v1/documents/${citation.document_id}?start=${start}&end=${citation.end + after}`;
  if (!read.has(path)) {
    const found = json(call("GET", path)).then((part) => {
      const characters = Array.from(part.text); // the service counts characters, not JavaScript's halves of them
      const cut = (from, to) => characters.slice(from - part.start, to - part.start).join("");
      return {
        before: cut(part.start, citation.start), quote: cut(citation.start, citation.end), after: cut(citation.end, part.end),
        more: { before: part.start > 0, after: part.end < part.length }, title: part.title,
      };
    });
    read.set(path, found);
    found.catch(() => read.delete(path));
  }
  return read.get(path);
}

export const forgetRead = () => read.clear();
