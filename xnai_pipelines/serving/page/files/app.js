// The chat page: who uses it, what was asked, and what the service answered.

import * as api from "./api.js";
import { byId, h, icon } from "./dom.js";
import * as history from "./history.js";
import * as sources from "./sources.js";
import { Citations, asText, turnView } from "./view.js";
import { language, languageName, switchLanguage, t, translate } from "./words.js";

const question = byId("question");
const thread = byId("thread");
const FILTERS = { source: byId("filter-source"), language: byId("filter-language"), media_type: byId("filter-type") };

const MOST_EARLIER = 6;

let person = null;
let can = null; // what the filters can name
let conversation = history.newConversation();
let asking = null;
const views = new WeakMap(); // what is drawn of each turn

const say = (text) => (byId("status").textContent = text);

// ---- who ----

async function enter(promise) {
  try {
    person = await promise;
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    return lock();
  }
  if (history.belongTo(person.id)) clear();
  byId("door").hidden = true;
  byId("shell").hidden = false;
  byId("sign-out").hidden = !person.can_sign_out;
  can = await api.choices().catch(() => null);
  if (!person.scopes.includes("answer") || !person.scopes.includes("read")) fail(t("forbidden"));
  render();
  toEnd();
  question.focus();
}

/** Leave nothing of the last person on the page. */
function clear() {
  api.forgetRead();
  can = null;
  byId("ask").reset();
  begin(history.opened());
}

function lock() {
  person = null;
  byId("shell").hidden = true;
  byId("door").hidden = false;
  byId("token").focus();
}

byId("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = byId("token");
  byId("token-problem").textContent = "";
  try {
    await enter(api.signIn(token.value).catch((problem) => {
      if (problem.status === 401 || problem.status === 422) byId("token-problem").textContent = problem.message;
      throw problem;
    }));
    token.value = "";
  } catch (problem) {
    byId("token-problem").textContent = words(problem);
  }
});

byId("sign-out").addEventListener("click", async () => {
  try {
    await api.signOut();
  } catch (problem) {
    if (problem.status !== 401) return (byId("person").textContent = words(problem)); // the session goes on
  }
  history.forgetAll();
  clear();
  lock();
});

// ---- conversations ----

function begin(kept) {
  asking?.abort();
  conversation = history.open(kept);
  closeSide();
  render();
  byId("scroller").scrollTop = 0;
}

/** Keep what was answered of the conversation. */
const keep = () => history.keep({ ...conversation, turns: conversation.turns.filter((one) => one.answer) });

function renderHistory() {
  const all = history.conversations();
  byId("no-conversations").hidden = all.length > 0;
  byId("forget").hidden = all.length === 0;
  byId("conversations").replaceChildren(...all.map((one) => {
    const title = one.turns[0]?.question ?? "";
    return h("li", {},
      h("button", { class: "open", type: "button", dir: "auto", "aria-current": one.id === conversation.id ? "true" : null, onclick: () => begin(one) }, title),
      h("button", { class: "round delete", type: "button", "aria-label": t("forgetOne", { title }), onclick: () => {
        history.forget(one.id);
        if (one.id === conversation.id) begin();
        else renderHistory();
      } }, icon("trash")));
  }));
}

byId("new").addEventListener("click", () => {
  begin();
  question.focus();
});
byId("forget").addEventListener("click", () => {
  history.forgetAll();
  begin();
});

// ---- answers ----

const actions = {
  open: sources.open,
  point: sources.point,
  leave: sources.leave,
  canJudge: () => person?.scopes.includes("feedback"),
  async judge(turn, documents, right) {
    try {
      await api.judge(turn.question, documents, right);
    } catch (problem) {
      say(words(problem));
      return;
    }
    turn.judged = { ...turn.judged, ...(turn.answer.refusal ? Object.fromEntries(documents.map((one) => [one, right])) : { answer: right }) };
    keep();
    refresh(turn, right ? 0 : 1);
    say(t("noted"));
  },
  async copy(turn, citations, button) {
    await navigator.clipboard.writeText(asText(turn, citations));
    button.lastChild.textContent = t("copied");
    say(t("copied"));
  },
};

/** Draw a turn again; the focus stays on the button that was pressed. */
function refresh(turn, pressed = null) {
  const view = turnView(turn, actions);
  views.get(turn)?.replaceWith(view);
  views.set(turn, view);
  if (pressed !== null) view.querySelectorAll(".verdict [aria-pressed]")[pressed]?.focus();
}

byId("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (!text || asking) return;
  question.value = "";
  grow();
  showFilters(false);
  const turn = { question: text, filters: filters(), sentences: [], asking: true };
  conversation.turns.push(turn);
  render();
  await answer(turn);
});

async function answer(turn) {
  asking = new AbortController();
  toggleSend();
  say(t("searching"));
  toEnd();
  try {
    turn.answer = await api.ask({ ...turn, history: earlier(turn) }, (sentence) => {
      turn.sentences.push(sentence);
      refresh(turn);
      toEnd();
    }, asking.signal);
    const { sentences, refusal } = turn.answer;
    say(refusal ? t(refusal.nearest.length ? "refused" : "noDocuments") : t("answered", { n: sentences.length }));
  } catch (problem) {
    turn.problem = problem.name === "AbortError" ? t("stopped") : words(problem);
    say(turn.problem);
    if (problem.status === 401) lock();
  }
  delete turn.asking;
  asking = null;
  toggleSend();
  if (turn.answer) {
    delete turn.sentences;
    keep();
  }
  if (conversation.turns.includes(turn)) {
    refresh(turn);
    sources.show(new Citations(turn.answer));
    toEnd();
  }
  renderHistory();
}

/** Return what was asked before a turn, as the service understood it: a follow-up may mean it. */
function earlier(turn) {
  const before = conversation.turns.slice(0, conversation.turns.indexOf(turn)).filter((one) => one.answer);
  return before.slice(-MOST_EARLIER).map(({ answer }) => ({
    question: answer.asked.slice(0, 4_000),
    answer: answer.sentences.map((sentence) => sentence.text).join(" ").slice(0, 2_000),
  }));
}

const words = (problem) => problem.message || t("unreachable");
byId("stop").addEventListener("click", () => asking?.abort());

function fail(text) {
  byId("welcome-count").textContent = text;
}

function toggleSend() {
  byId("send").hidden = asking !== null;
  byId("stop").hidden = asking === null;
}

function toEnd() {
  views.get(conversation.turns.at(-1))?.scrollIntoView({ block: "start", behavior: "auto" });
}

// ---- filters ----

function filters() {
  return Object.fromEntries(Object.entries(FILTERS).map(([name, field]) => [name, field.value.trim() || null]));
}

function showFilters(shown) {
  byId("filters").hidden = !shown;
  byId("filter").setAttribute("aria-expanded", String(shown));
}

function renderFilters() {
  const options = (values, name) => [h("option", { value: "" }, t("any")), ...values.map((one) => h("option", { value: one }, name(one)))];
  const chosen = filters();
  byId("folders").replaceChildren(...(can?.folders ?? []).map((one) => h("option", { value: one })));
  FILTERS.language.replaceChildren(...options(can?.languages ?? [], languageName));
  FILTERS.media_type.replaceChildren(...options(can?.media_types ?? [], typeName));
  for (const [name, value] of Object.entries(chosen)) FILTERS[name].value = value ?? "";
  renderChips();
}

const typeName = (type) => type.split("/")[1].replace(/^(x-|vnd\.)/, "").split(".").at(-1);

function renderChips() {
  byId("chips").replaceChildren(...Object.entries(filters()).filter(([, value]) => value).map(([name, value]) => {
    const shown = name === "language" ? languageName(value) : name === "media_type" ? typeName(value) : value;
    return h("button", { class: "chip", type: "button", "aria-label": t("removeFilter", { name: shown }), onclick: () => {
      FILTERS[name].value = "";
      renderChips();
      question.focus();
    } }, shown, icon("close"));
  }));
}

byId("filter").addEventListener("click", () => {
  showFilters(byId("filters").hidden);
  if (!byId("filters").hidden) FILTERS.source.focus();
});
for (const field of Object.values(FILTERS)) field.addEventListener("input", renderChips);

// ---- the page ----

function render() {
  translate();
  byId("language").textContent = t("other");
  byId("language").setAttribute("aria-label", t("otherName"));
  byId("theme").setAttribute("aria-label", t(isDark() ? "light" : "dark"));
  byId("theme").title = t(isDark() ? "light" : "dark");
  byId("person").textContent = person?.can_sign_out ? t("signedIn", { name: person.name }) : "";
  byId("welcome").hidden = conversation.turns.length > 0;
  byId("welcome-count").textContent = can ? t("count", { n: can.documents }) : byId("welcome-count").textContent;
  thread.replaceChildren(...conversation.turns.map((turn) => {
    const view = turnView(turn, actions);
    views.set(turn, view);
    return view;
  }));
  sources.show(new Citations(conversation.turns.at(-1)?.answer));
  renderFilters();
  renderHistory();
}

const isDark = () => getComputedStyle(document.documentElement).colorScheme === "dark";

function paint(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
}

byId("theme").addEventListener("click", () => {
  const theme = isDark() ? "light" : "dark";
  localStorage.setItem("xnai.theme", theme);
  paint(theme);
  render();
});
byId("language").addEventListener("click", () => {
  switchLanguage();
  render();
});

function grow() {
  question.style.height = "auto";
  question.style.height = `${Math.min(question.scrollHeight, 180)}px`;
}

question.addEventListener("input", grow);
question.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId("ask").requestSubmit();
});

function closeSide() {
  byId("side").classList.remove("open");
  byId("menu").setAttribute("aria-expanded", "false");
  byId("shade").hidden = true;
}

byId("menu").addEventListener("click", () => {
  byId("side").classList.add("open");
  byId("menu").setAttribute("aria-expanded", "true");
  byId("shade").hidden = false;
  byId("new").focus();
});
byId("shade").addEventListener("click", closeAll);
byId("close-panel").addEventListener("click", sources.close);
byId("scroller").addEventListener("scroll", sources.hide, { passive: true });

function closeAll() {
  if (byId("side").classList.contains("open")) {
    closeSide();
    byId("menu").focus();
  }
  showFilters(false);
  sources.hide();
  sources.close();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeAll();
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && person) {
    event.preventDefault();
    question.focus();
  }
});

paint(localStorage.getItem("xnai.theme"));
translate();
enter(api.whoAmI()).catch((problem) => {
  byId("door").hidden = false;
  byId("token-problem").textContent = words(problem);
});
