// Where an answer comes from: the card beside a citation's mark, and the panel in which the document is read.

import { around } from "./api.js";
import { byId, h, icon } from "./dom.js";
import { excerpt, fileOf, place } from "./view.js";
import { t } from "./words.js";

const POINT_MS = 120; // a pointer that only passes opens nothing
const LEAVE_MS = 160; // time to move from the mark into the card
const GLANCE = 180; // characters shown on either side of a quote
const READ = 1200;

const popover = byId("popover");
const panel = byId("panel");
let timer = 0;
let described = null;

/** Show the quote of a citation beside its mark. */
export function point(citation, anchor) {
  clearTimeout(timer);
  timer = setTimeout(() => glance(citation, anchor), POINT_MS);
}

export function leave() {
  clearTimeout(timer);
  timer = setTimeout(hide, LEAVE_MS);
}

export function hide() {
  clearTimeout(timer);
  popover.hidden = true;
  described?.removeAttribute("aria-describedby");
  described = null;
}

popover.addEventListener("pointerenter", () => clearTimeout(timer));
popover.addEventListener("pointerleave", leave);

async function glance(citation, anchor) {
  hide();
  const text = h("p", { class: "context", dir: "auto" }, h("mark", {}, citation.quote));
  popover.replaceChildren(whereView(citation), text);
  popover.hidden = false;
  described = anchor;
  anchor.setAttribute("aria-describedby", "popover");
  put(anchor);
  const part = await around(citation, GLANCE, GLANCE).catch(() => null);
  if (described !== anchor) return;
  if (part) {
    text.replaceChildren(...marked(part));
    const quote = text.querySelector("mark");
    text.classList.toggle("clipped", text.scrollHeight > text.clientHeight + 1);
    text.scrollTop = quote.offsetTop - Math.max(0, (text.clientHeight - quote.offsetHeight) / 2);
  } else popover.append(h("p", { class: "quiet" }, t("gone")));
  put(anchor);
}

/** Put the card under the mark, or above it if there is more room. */
function put(anchor) {
  const at = anchor.getBoundingClientRect();
  const box = popover.getBoundingClientRect();
  const left = Math.min(Math.max(12, at.left - 24), window.innerWidth - box.width - 12);
  const below = at.bottom + 8;
  const top = below + box.height < window.innerHeight - 12 || at.top < box.height + 20 ? below : at.top - box.height - 8;
  popover.style.left = `${left}px`;
  popover.style.top = `${top}px`;
}

function whereView(citation) {
  const { name, folder } = fileOf(citation);
  const under = [citation.heading_path.join(" › "), citation.page].filter(Boolean).join(" · ");
  return h("span", { class: "where" },
    h("span", { class: "file", dir: "auto" }, folder ? h("span", { class: "folder" }, folder) : null, name),
    under ? h("span", { class: "under", dir: "auto" }, under) : null);
}

function marked(part) {
  const before = part.more.before ? `… ${flowing(part.before).trimStart()}` : flowing(part.before);
  const after = part.more.after ? `${flowing(part.after).trimEnd()} …` : flowing(part.after);
  return [before, h("mark", {}, flowing(part.quote, 1)), after];
}

/** Return a text whose lines run on if they are at least that long and words follow: they were broken for another width. */
const flowing = (text, length = 50) => text.replace(new RegExp(`(.{${length}})\\n(?=[\\p{L}\`(“«])`, "gu"), "$1 ");

let opener = null;
let shown = null;

/** Show the citations of an answer in the panel and read the one with this number; 0 reads none. */
export function open(citations, number, from) {
  hide();
  opener = from;
  show(citations);
  panel.classList.add("open");
  byId("shade").hidden = !isSheet();
  document.body.classList.toggle("sheet-open", isSheet());
  if (number) void read(byId("sources").children[number - 1], citations.list[number - 1], true);
  else panel.focus();
}

const isSheet = () => getComputedStyle(panel).position === "fixed";

export function show(citations) {
  if (shown === citations) return;
  shown = citations;
  byId("source-count").textContent = citations?.list.length || "";
  byId("no-sources").hidden = Boolean(citations?.list.length);
  byId("sources").replaceChildren(...(citations?.list ?? []).map((citation, at) => card(citation, at + 1)));
}

export function close() {
  const wasOpen = panel.classList.contains("open");
  panel.classList.remove("open");
  document.body.classList.remove("sheet-open");
  byId("shade").hidden = true;
  if (wasOpen && opener?.isConnected) opener.focus();
  opener = null;
}

panel.addEventListener("keydown", (event) => {
  if (event.key === "Tab" && isSheet()) stay(event);
});

/** Keep the focus in the sheet while it covers the page. */
function stay(event) {
  const all = [...panel.querySelectorAll("button, [tabindex='0']")].filter((one) => one.offsetParent);
  const edge = event.shiftKey ? all[0] : all.at(-1);
  if (document.activeElement === edge) {
    event.preventDefault();
    (event.shiftKey ? all.at(-1) : all[0]).focus();
  }
}

function card(citation, number) {
  const item = h("li", { class: "source" });
  item.append(
    h("button", { class: "head", type: "button", "aria-expanded": "false", onclick: () => toggle(item, citation) },
      h("span", { class: "number", "aria-hidden": "true" }, String(number)),
      h("span", { class: "unseen" }, t("citation", { n: number, place: "" })), whereView(citation), icon("chevron")),
    excerpt(citation.quote));
  return item;
}

function toggle(item, citation) {
  if (item.classList.contains("reads")) fold(item);
  else void read(item, citation, false);
}

function fold(item) {
  item.classList.remove("reads");
  item.querySelector(".head").setAttribute("aria-expanded", "false");
  item.querySelector(".reader")?.remove();
}

/** Open the document of a card at its quote. */
async function read(item, citation, focus) {
  for (const other of item.parentElement.querySelectorAll(".reads")) if (other !== item) fold(other);
  const head = item.querySelector(".head");
  item.classList.add("reads");
  head.setAttribute("aria-expanded", "true");
  if (focus) head.focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
  let size = READ;
  const reader = h("div", { class: "reader", tabindex: "0", role: "region", "aria-label": place(citation) });
  item.querySelector(".reader")?.remove();
  item.append(reader);
  const fill = async () => {
    let part;
    try {
      part = await around(citation, size, size);
    } catch {
      reader.replaceChildren(h("p", { class: "quiet" }, t("gone")));
      return;
    }
    const more = h("button", { class: "small", type: "button", onclick: () => ((size *= 4), fill()) }, t("more"));
    reader.replaceChildren(h("p", { class: "text", dir: "auto" }, ...marked(part)));
    if (part.more.before || part.more.after) reader.append(more);
    const quote = reader.querySelector("mark");
    reader.scrollTop = quote.offsetTop - reader.clientHeight / 3;
  };
  await fill();
  item.scrollIntoView({ block: "nearest" });
}
