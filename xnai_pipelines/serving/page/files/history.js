// Conversations, kept in this browser alone for the person who had them: at most 50, the latest first.

const KEPT = "xnai.history";
const OPEN = "xnai.open"; // of this tab: a new tab begins a new conversation
const MOST = 50;

let person = null;

function load() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT));
    return kept.person === person ? kept.conversations : [];
  } catch {
    return [];
  }
}

const save = (conversations) => localStorage.setItem(KEPT, JSON.stringify({ person, conversations }));

/** Keep the conversations of this person from now on; those of another are forgotten. Returns whether it is another. */
export function belongTo(id) {
  const isAnother = id !== person;
  person = id;
  if (load().length === 0) forgetAll();
  return isAnother;
}

export const conversations = load;

export function keep(conversation) {
  const others = load().filter((one) => one.id !== conversation.id);
  let all = [conversation, ...others].slice(0, MOST);
  while (all.length) {
    try {
      save(all);
      return;
    } catch {
      all = all.slice(0, -1); // the browser's room is full: the oldest goes
    }
  }
}

export const forget = (id) => save(load().filter((one) => one.id !== id));
export const forgetAll = () => localStorage.removeItem(KEPT);
export const newConversation = () => ({ id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, turns: [] });

/** Return a conversation, or a new one, and have it opened again if the page is loaded again. */
export function open(conversation = newConversation()) {
  sessionStorage.setItem(OPEN, conversation.id);
  return conversation;
}

/** Return the kept conversation that was open before the page was loaded again, if there is one. */
export const opened = () => load().find((one) => one.id === sessionStorage.getItem(OPEN));
