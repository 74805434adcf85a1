/**
 * The chat's page: puts together the connection, the client of IRC above it and what is seen, and
 * passes on what is done. What comes from the network changes the state; the state is shown at most
 * once in a while, however much came.
 */
import { Client } from "./client.js";
import { leave, runInput } from "./commands.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { byId, setText } from "./dom.js";
import { alternateNick } from "./irc-message.js";
import { LogView } from "./log-view.js";
import { Panels } from "./panels.js";
import { rememberedNick, rememberedVisit, rememberNick, rememberVisit } from "./remembered.js";
import { RoomBrowser } from "./room-browser.js";
import { Rooms } from "./rooms.js";
import { SideView } from "./side-view.js";
import { EnterForm, StateView } from "./state-view.js";

/** Between two looks at the state: as long as a frame, and timers run in hidden tabs, too. */
const SHOW_MS = 16;

const FIRST_ROOM = "#lobby";

const rooms = new Rooms();
/** Does the server want another nickname, and nobody has said which? */
let isAsking = false;
const url = new URL("irc", location.href);
url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
url.hash = url.search = "";

const connection = new Connection(url.href, {
  onState: later,
  onOpen: () => client.opened(),
  onLine: (line) => {
    client.receive(line);
    later();
  },
  onLost: () => {
    client.lost();
    if (isAsking)
      connection.close(); // who thinks it over is not asked again and again
    else if (form.isShown) form.refuse("The server cannot be reached; the page goes on trying");
  },
});

const client = new Client({
  rooms,
  send: (line) => connection.send(line),
  listener: {
    onRegistered: () => {
      const wasAsking = form.isShown;
      connection.settle();
      form.hide();
      rememberNick(client.wanted);
      show();
      if (wasAsking || document.activeElement === document.body) composer.focus();
    },
    onNick: () => rememberNick(client.wanted),
    onNickRefused: (nick, reason) => {
      isAsking = true;
      enterForm();
      form.ask(alternateNick(nick, 1), `“${nick}” cannot be had: ${reason}. How about this one?`);
    },
    onRefused: (reason) => form.refuse(reason),
    onList: (listed) => browser.list(listed),
  },
});

const form = new EnterForm((nick) => {
  isAsking = false;
  if (connection.state === "open") client.rename(nick);
  else {
    client.choose(nick);
    connection.open();
  }
});
const state = new StateView(() => connection.retry());
const log = new LogView();
const panels = new Panels();
const side = new SideView({
  show: showRoom,
  talkTo: (nick) => showRoom(rooms.open("private", nick)),
});
const composer = new Composer({
  send: (text) => {
    const wrong = runInput({ client, rooms, browse: () => browser.open(askForRooms), quit }, text);
    show();
    return wrong;
  },
  names: () => [...rooms.active.members.values()].map(({ nick }) => nick),
});
const browser = new RoomBrowser({
  ask: askForRooms,
  join: (name) => {
    const room = rooms.find(client.isRoomName(name) ? name : `#${name}`);
    if (room?.isJoined) showRoom(room);
    else composer.tell(runInput({ client, rooms }, `/join ${name}`));
  },
});

// What is shown

let showTimer;
let shownHash = location.hash;

function later() {
  showTimer ??= setTimeout(show, SHOW_MS);
}

function show() {
  clearTimeout(showTimer);
  showTimer = undefined;
  state.show(connection, client, isAsking);
  byId("rooms-toggle").hidden = form.isShown;
  if (form.isShown) return;
  const { active } = rooms;
  side.showRooms(rooms);
  side.showPeople(active, (nick) => client.isMe(nick));
  setText(byId("room-name"), active.name);
  setText(byId("topic"), active.topic);
  byId("leave").hidden = active.kind === "server";
  setText(byId("leave"), active.kind === "room" ? "Leave" : "Close");
  byId("people-panel").hidden = byId("people-toggle").hidden = active.kind !== "room";
  log.show(active);
  composer.show(active);
  const unread = rooms.unreadCount();
  const title = `${unread > 0 ? `(${unread}) ` : ""}${active.name} – socket-reactor chat`;
  if (document.title !== title) document.title = title;
  rememberPlace(active);
}

/** In the address, for a reload and for others; and the rooms, for a reload. */
function rememberPlace(active) {
  const hash = active.kind === "room" ? `#${encodeURIComponent(active.name.slice(1))}` : "";
  if (hash !== shownHash) history.replaceState(null, "", hash || location.pathname);
  shownHash = hash;
  const joined = rooms.all().filter(({ isWanted }) => isWanted);
  rememberVisit({ nick: client.wanted, rooms: joined.map(({ name }) => name) });
}

function showRoom(room) {
  rooms.show(room);
  panels.close();
  show();
  composer.focus();
}

function roomOfAddress() {
  const name = location.hash.slice(1);
  try {
    return name === "" ? undefined : `#${decodeURIComponent(name).replace(/[\s,]+/g, "-")}`;
  } catch {
    return undefined; // a % that means nothing
  }
}

// What is done

function askForRooms() {
  return client.isRegistered && client.send("LIST");
}

function enterForm() {
  form.show(rememberedNick(), roomOfAddress() ?? FIRST_ROOM);
  later();
}

function quit(reason) {
  client.send("QUIT", reason || "has left the page");
  connection.close();
  client.lost();
  rooms.clear();
  rememberVisit(undefined);
  composer.clear();
  wish();
  enterForm();
}

/** The rooms that will be entered: those of before a reload, and that of the address. */
function wish(names = []) {
  const first = roomOfAddress() ?? names[0] ?? FIRST_ROOM;
  for (const name of new Set([...names, first])) rooms.open("room", name).isWanted = true;
  rooms.show(rooms.open("room", first));
}

byId("leave").addEventListener("click", () => {
  composer.tell(leave(client, rooms, rooms.active));
  show();
  composer.focus();
});
window.addEventListener("hashchange", () => {
  const name = roomOfAddress();
  shownHash = location.hash;
  if (form.isShown) {
    if (rooms.all().every(({ isJoined }) => !isJoined)) rooms.clear();
    wish();
    enterForm();
  }
  if (name === undefined || form.isShown) return;
  const room = rooms.find(name);
  if (room) showRoom(room);
  else composer.tell(runInput({ client, rooms }, `/join ${name}`));
});
window.addEventListener("online", () => connection.retry());
for (const name of ["visibilitychange", "focus", "blur"]) {
  (name === "visibilitychange" ? document : window).addEventListener(name, () => {
    rooms.look(document.visibilityState === "visible" && document.hasFocus());
    if (document.visibilityState === "visible") connection.retry();
    later();
  });
}
document.addEventListener("keydown", (event) => {
  if (form.isShown || byId("browser").open) return;
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (event.altKey && step !== undefined) {
    event.preventDefault();
    const all = rooms.all();
    showRoom(all[(all.indexOf(rooms.active) + step + all.length) % all.length]);
  } else if (event.key === "PageUp" || event.key === "PageDown") {
    event.preventDefault();
    log.scrollPage(event.key === "PageUp" ? -1 : 1);
  }
});

const visit = rememberedVisit();
rooms.look(document.hasFocus());
wish(visit?.rooms);
if (visit === undefined) enterForm();
else {
  client.choose(visit.nick, true);
  form.hide();
  connection.open();
}
