// An answer on the page: its sentences with their states and numbered citations, or a refusal.

import { h, icon } from "./dom.js";
import { t } from "./words.js";

const GLYPHS = { verbatim: "quote", supported: "check", unsupported: "warn" };

/** Return where a citation leads, such as "report.pdf, Costs, page 3". */
export function place(citation) {
  return [fileOf(citation).name, citation.heading_path.at(-1), citation.page].filter(Boolean).join(", ");
}

/** Return the name of a citation's file and the folder that it is in. */
export function fileOf(citation) {
  const cut = citation.source.lastIndexOf("/") + 1;
  return { name: citation.source.slice(cut), folder: citation.source.slice(0, cut) };
}

const keyOf = (citation) => `${citation.document_id}:${citation.start}:${citation.end}`;

/** The citations of an answer, numbered in the order in which they are first named. */
export class Citations {
  constructor(answer) {
    this.list = [];
    this.numbers = new Map();
    if (answer) this.#addAll([...answer.sentences.flatMap((sentence) => sentence.citations), ...(answer.refusal?.nearest ?? [])]);
  }

  #addAll(citations) {
    for (const citation of citations) this.number(citation);
  }

  number(citation) {
    const key = keyOf(citation);
    if (!this.numbers.has(key)) this.numbers.set(key, this.list.push(citation));
    return this.numbers.get(key);
  }
}

/** Return the mark of a citation; `actions` says what happens when it is pointed at and chosen. */
function mark(citation, citations, actions) {
  const number = citations.number(citation);
  return h("button", {
    class: "cite", type: "button", "aria-label": t("citation", { n: number, place: place(citation) }),
    onclick: (event) => actions.open(citations, number, event.currentTarget),
    onpointerenter: (event) => event.pointerType === "mouse" && actions.point(citation, event.currentTarget),
    onpointerleave: () => actions.leave(),
    onfocus: (event) => event.currentTarget.matches(":focus-visible") && actions.point(citation, event.currentTarget),
    onblur: () => actions.leave(),
  }, String(number));
}

/** Return text with code between backticks, single or double, and strong words, set as such; all else as it is written. */
function inline(text) {
  return text.split(/(``[^\n]+?``|`[^`\n]+`|\*\*[^*\n]+\*\*)/).map((part) => {
    const code = /^(`{1,2})(.+)\1$/.exec(part);
    if (code) return h("code", {}, code[2].trim());
    return /^\*\*.+\*\*$/.test(part) ? h("strong", {}, part.slice(2, -2)) : part;
  });
}

/** Return the start of a passage for a card, without the marks of headings. */
export const excerpt = (text) => h("p", { class: "excerpt", dir: "auto" }, inline(text.replace(/^#{1,6}\s+/gm, "")));

/** Return code without the lines that mark it as such. */
const unfenced = (text) => text.replace(/^\s*(```|~~~)[^\n]*\n|\n\s*(```|~~~)\s*$/g, "");

/** Return a sentence with what answers emphasised: the same occurrence of it as in the quote. */
function answering(sentence, show) {
  const cited = sentence.citations.find((one) => one.span);
  if (!cited) return show(sentence.text);
  const { span } = cited;
  const parts = sentence.text.split(span.text);
  const before = Array.from(cited.quote).slice(0, span.start - cited.start).join("").split(span.text).length;
  const at = parts.length > before ? before : 1; // a row of a table is said in another order than it is written
  if (parts.length < 2) return show(sentence.text);
  return [show(parts.slice(0, at).join(span.text)), h("strong", {}, span.text), show(parts.slice(at).join(span.text))].flat();
}

function sentenceView(sentence, citations, actions) {
  const kept = /^\s*(```|~~~|\|)/.test(sentence.text); // code and tables keep their lines
  return h("div", { class: `sentence ${sentence.state}` },
    h("span", { class: "state", title: t(sentence.state) }, icon(GLYPHS[sentence.state]), h("span", { class: "unseen" }, `${t(sentence.state)}: `)),
    h(kept ? "pre" : "p", { dir: "auto" }, kept ? unfenced(sentence.text) : answering(sentence, inline), " ", h("span", { class: "cites" }, sentence.citations.map((one) => mark(one, citations, actions)))),
    sentence.reason ? h("p", { class: "reason" }, `${t("unsupported")}. `, h("span", { lang: "en" }, sentence.reason)) : null);
}

function refusalView(turn, citations, actions) {
  const { nearest } = turn.answer.refusal;
  const judged = turn.judged ?? {};
  return h("div", { class: "refusal" },
    h("p", { class: "lead" }, t(nearest.length ? "refused" : "noDocuments")),
    nearest.length ? h("p", { class: "quiet" }, t("nearest")) : null,
    h("ol", { class: "nearest" }, nearest.map((citation) => h("li", {},
      h("p", { class: "place" }, mark(citation, citations, actions), h("span", {}, place(citation))),
      excerpt(citation.quote),
      actions.canJudge() ? verdict(turn, [citation.document_id], judged[citation.document_id], actions, "thisAnswers") : null))));
}

/** Return the buttons that judge documents; `given` is what was judged before. */
function verdict(turn, documents, given, actions, single) {
  const button = (right, name, glyph) => h("button", {
    class: "small", type: "button", "aria-pressed": String(given === right),
    onclick: () => actions.judge(turn, documents, right),
  }, icon(glyph), name);
  return h("div", { class: "verdict" },
    single ? button(true, t(single), "up") : [h("span", { class: "quiet" }, t("helpful")), button(true, t("yes"), "up"), button(false, t("no"), "down")],
    given === undefined ? null : h("span", { class: "quiet noted" }, t("noted")));
}

function footView(turn, citations, actions) {
  const documents = [...new Set(citations.list.map((one) => one.document_id))];
  const { answer } = turn;
  const states = Object.keys(GLYPHS).filter((state) => answer.sentences.some((one) => one.state === state));
  return h("footer", { class: "under" },
    states.length ? h("ul", { class: "legend" }, states.map((state) => h("li", { class: state }, icon(GLYPHS[state]), t(state)))) : null,
    answer.notes.map((note) => h("p", { class: "note", lang: "en" }, icon("warn"), note)),
    answer.answerer === "extractive" ? null : h("p", { class: "quiet" }, t("by", { name: answer.answerer })),
    h("div", { class: "row" },
      citations.list.length ? h("button", { class: "small sources-button", type: "button", onclick: (event) => actions.open(citations, 0, event.currentTarget) }, t("showSources", { n: citations.list.length })) : null,
      answer.sentences.length ? h("button", { class: "small", type: "button", onclick: (event) => actions.copy(turn, citations, event.currentTarget) }, icon("copy"), t("copy")) : null,
      answer.sentences.length && actions.canJudge() ? verdict(turn, documents, turn.judged?.answer, actions) : null));
}

/** Return a question with what is known of its answer: nothing, some sentences, all, or a problem. */
export function turnView(turn, actions) {
  const citations = new Citations(turn.answer);
  const sentences = turn.answer?.sentences ?? turn.sentences ?? [];
  const waits = turn.asking && !sentences.length;
  return h("article", { class: "turn", "aria-busy": String(Boolean(turn.asking)) },
    h("h2", { class: "asked", dir: "auto" }, turn.question),
    turn.answer && turn.answer.asked !== turn.question ? h("p", { class: "quiet" }, t("understood", { text: turn.answer.asked })) : null,
    waits ? h("p", { class: "waits" }, h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), t("searching")) : null,
    h("div", { class: "answer" }, sentences.map((sentence) => sentenceView(sentence, citations, actions))),
    turn.answer?.refusal ? refusalView(turn, citations, actions) : null,
    turn.problem ? h("p", { class: "problem" }, icon("warn"), turn.problem) : null,
    turn.answer ? footView(turn, citations, actions) : null);
}

/** Return an answer as text, with its sources. */
export function asText(turn, citations) {
  const sentences = turn.answer.sentences.map((one) => `${one.text} ${one.citations.map((citation) => `[${citations.number(citation)}]`).join("")}`);
  const sources = citations.list.map((one, at) => `[${at + 1}] ${one.source}${one.page ? `, ${one.page}` : ""}`);
  return `${sentences.join("\n")}\n\n${sources.join("\n")}`;
}
