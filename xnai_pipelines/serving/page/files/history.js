// Conversations, kept in this browser alone: at most 50, the latest first.

const KEPT = "xnai.history";
const MOST = 50;

function load() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

export const conversations = load;

export function keep(conversation) {
  const others = load().filter((one) => one.id !== conversation.id);
  let all = [conversation, ...others].slice(0, MOST);
  while (all.length) {
    try {
      localStorage.setItem(KEPT, JSON.stringify(all));
      return;
    } catch {
      all = all.slice(0, -1); // the browser's room is full: the oldest goes
    }
  }
}

export const forget = (id) => localStorage.setItem(KEPT, JSON.stringify(load().filter((one) => one.id !== id)));
export const forgetAll = () => localStorage.removeItem(KEPT);
export const newConversation = () => ({ id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, turns: [] });
