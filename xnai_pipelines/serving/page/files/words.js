// The words of the page in each language.

const WORDS = {
  en: {
    language: "English", other: "RU", otherName: "По-русски", brand: "Documents", title: "Ask your documents",
    skip: "Skip to the question", tokenHelp: "Sign in with the access token that your administrator gave you.",
    token: "Access token", signIn: "Sign in", signOut: "Sign out", history: "History", newQuestion: "New question",
    noHistory: "Your questions appear here. They are kept in this browser only.", clearHistory: "Clear history",
    forgetOne: "Delete “{title}”", thread: "Questions and answers", welcome: "What would you like to know?",
    count: { one: "Answers quote {n} document. Each sentence links to the passage that proves it.",
      other: "Answers quote {n} documents. Each sentence links to the passage that proves it." },
    filters: "Filters", source: "Folder or file", sourceHint: "handbook/", documentLanguage: "Language", type: "Type",
    any: "Any", removeFilter: "Remove filter {name}", question: "Question", ask: "Ask a question",
    hint: "Enter sends, Shift + Enter starts a new line.", send: "Send", stop: "Stop", sources: "Sources",
    close: "Close", noSources: "The passages that prove an answer appear here.", searching: "Searching the documents…",
    answered: { one: "Answer with {n} sentence.", other: "Answer with {n} sentences." },
    refused: "The documents do not answer this.", noDocuments: "There are no documents to answer from.",
    nearest: "These passages come nearest:", stopped: "Stopped.",
    verbatim: "Quoted word for word", supported: "Supported by its source", unsupported: "Not supported by any document",
    citation: "Source {n}: {place}", helpful: "Did this answer the question?", yes: "Yes", no: "No",
    thisAnswers: "This answers it", noted: "Noted. It counts in the next evaluation.", copy: "Copy", copied: "Copied",
    more: "Show more", showSources: { one: "{n} source", other: "{n} sources" },
    gone: "This document can no longer be read.", unreachable: "The service cannot be reached. Try again in a moment.",
    understood: "Searched for: {text}", dark: "Dark colours", light: "Light colours", release: "Release {n}", by: "Written by {name}", signedIn: "Signed in as {name}",
    forbidden: "Your token does not allow questions. Ask for the scopes answer and read.",
  },
  ru: {
    language: "Русский", other: "EN", otherName: "In English", brand: "Документы", title: "Вопросы к документам",
    skip: "Перейти к вопросу", tokenHelp: "Войдите с токеном доступа, который вам выдал администратор.",
    token: "Токен доступа", signIn: "Войти", signOut: "Выйти", history: "История", newQuestion: "Новый вопрос",
    noHistory: "Здесь появятся ваши вопросы. Они хранятся только в этом браузере.", clearHistory: "Очистить историю",
    forgetOne: "Удалить «{title}»", thread: "Вопросы и ответы", welcome: "Что вы хотите узнать?",
    count: { one: "Ответы цитируют {n} документ. У каждого предложения есть ссылка на источник.",
      few: "Ответы цитируют {n} документа. У каждого предложения есть ссылка на источник.",
      other: "Ответы цитируют {n} документов. У каждого предложения есть ссылка на источник." },
    filters: "Фильтры", source: "Папка или файл", sourceHint: "handbook/", documentLanguage: "Язык", type: "Тип",
    any: "Любой", removeFilter: "Убрать фильтр {name}", question: "Вопрос", ask: "Задайте вопрос",
    hint: "Enter — отправить, Shift + Enter — новая строка.", send: "Отправить", stop: "Остановить", sources: "Источники",
    close: "Закрыть", noSources: "Здесь появятся фрагменты, которые подтверждают ответ.", searching: "Ищу в документах…",
    answered: { one: "Ответ из {n} предложения.", other: "Ответ из {n} предложений." },
    refused: "В документах нет ответа на этот вопрос.", noDocuments: "Нет документов, из которых можно ответить.",
    nearest: "Ближе всего эти фрагменты:", stopped: "Остановлено.",
    verbatim: "Дословная цитата", supported: "Подтверждено источником", unsupported: "Не подтверждено документами",
    citation: "Источник {n}: {place}", helpful: "Это ответ на вопрос?", yes: "Да", no: "Нет",
    thisAnswers: "Здесь есть ответ", noted: "Учтено. Это войдёт в следующую оценку.", copy: "Копировать", copied: "Скопировано",
    more: "Показать ещё", showSources: { one: "{n} источник", few: "{n} источника", other: "{n} источников" },
    gone: "Этот документ больше недоступен.", unreachable: "Сервис недоступен. Попробуйте ещё раз чуть позже.",
    understood: "Искали: {text}", dark: "Тёмные цвета", light: "Светлые цвета", release: "Релиз {n}", by: "Ответ написала модель {name}", signedIn: "Вы вошли как {name}",
    forbidden: "Ваш токен не даёт задавать вопросы. Попросите права answer и read.",
  },
};

const KEPT = "xnai.language";
let current = localStorage.getItem(KEPT) ?? navigator.languages.find((one) => one.slice(0, 2) in WORDS)?.slice(0, 2) ?? "en";

export const language = () => current;

export function switchLanguage() {
  current = current === "en" ? "ru" : "en";
  localStorage.setItem(KEPT, current);
}

/** Return words in the current language; `n` chooses the plural. */
export function t(key, values = {}) {
  const found = WORDS[current][key];
  const text = typeof found === "string" ? found : found[new Intl.PluralRules(current).select(values.n)] ?? found.other;
  return text.replace(/\{(\w+)\}/g, (_, name) => (typeof values[name] === "number" ? values[name].toLocaleString(current) : values[name]));
}

/** Write the words of all elements that name them. */
export function translate(root = document) {
  document.documentElement.lang = current;
  document.title = t("title");
  for (const [attribute, write] of [
    ["data-t", (element, text) => (element.textContent = text)],
    ["data-t-label", (element, text) => {
      element.setAttribute("aria-label", text);
      if (element.tagName === "BUTTON") element.title = text;
    }],
    ["data-t-placeholder", (element, text) => element.setAttribute("placeholder", text)],
  ]) {
    for (const element of root.querySelectorAll(`[${attribute}]`)) write(element, t(element.getAttribute(attribute)));
  }
}

/** Return the name of a document's language, such as "German" for "de". */
export const languageName = (code) => new Intl.DisplayNames([current], { type: "language", fallback: "code" }).of(code);
