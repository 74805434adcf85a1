/** The lists beside the talk: rooms and conversations with what is unread, and who is here. */
import { byId, hueOf, isolated, make, reconcile, setText } from "./dom.js";
import { fold } from "./irc-message.js";

/** In a room of thousands nobody reads the list to its end. */
const PEOPLE_SHOWN = 200;

const PRIVILEGE_NAMES = { "@": "operator", "+": "may speak" };

export class SideView {
  #rooms = byId("rooms");
  #people = byId("people");
  /** The element of each room: rooms are renamed, so their name is no key. */
  #keys = new WeakMap();
  #lastKey = 0;
  /** Whose people are shown, and in which version. */
  #room;
  #membersVersion = 0;
  #actions;

  /** @param {{ show: (room) => void, talkTo: (nick: string) => void }} actions */
  constructor(actions) {
    this.#actions = actions;
  }

  /** @param {import("./rooms.js").Rooms} rooms */
  showRooms(rooms) {
    const all = rooms.all();
    reconcile(this.#rooms, all, {
      key: (room) => this.#keyOf(room),
      create: (room) => {
        const button = make("button", "entry", isolated(""), make("span", "count"));
        button.type = "button";
        button.addEventListener("click", () => this.#actions.show(room));
        return make("li", "", button);
      },
      update: (item, room) => updateRoom(item.firstElementChild, room, room === rooms.active),
    });
    const elsewhere = rooms.unreadCount();
    const badge = byId("rooms-unread");
    badge.hidden = elsewhere === 0;
    setText(badge, String(elsewhere));
    badge.classList.toggle(
      "called",
      all.some(({ isCalled }) => isCalled),
    );
  }

  /** @param {import("./room.js").Room} room @param {(nick: string) => boolean} isMe */
  showPeople(room, isMe) {
    const isShown = room === this.#room && room.membersVersion === this.#membersVersion;
    if (isShown) return;
    this.#room = room;
    this.#membersVersion = room.membersVersion;
    const all = room.sortedMembers();
    const shown = all.slice(0, PEOPLE_SHOWN);
    const count = room.isJoined ? String(all.length) : ""; // outside, nobody knows
    setText(byId("here-count"), count);
    setText(byId("people-count"), count);
    const left = all.length - shown.length;
    setText(byId("people-more"), left > 0 ? `and ${left} more` : "");
    reconcile(this.#people, shown, {
      key: ({ nick }) => fold(nick),
      create: ({ nick }) => {
        const button = make(
          "button",
          "entry",
          make("span", "sign"),
          isolated("", hueOf(fold(nick))),
        );
        button.type = "button";
        button.addEventListener("click", () => this.#actions.talkTo(button.dataset.nick));
        return make("li", "", button);
      },
      update: (item, member) => updateMember(item.firstElementChild, member, isMe(member.nick)),
    });
  }

  #keyOf(room) {
    if (!this.#keys.has(room)) this.#keys.set(room, String(++this.#lastKey));
    return this.#keys.get(room);
  }
}

function updateRoom(button, room, isActive) {
  const [name, count] = button.children;
  setText(name, room.name);
  setText(count, room.unread > 0 ? String(room.unread) : "");
  count.classList.toggle("called", room.isCalled);
  const isOutside = room.kind === "room" && !room.isJoined;
  const notes = [
    ...(isOutside ? ["not in it"] : []),
    ...(room.unread > 0 ? [`${room.unread} unread`] : []),
  ];
  if (notes.length > 0) button.setAttribute("aria-label", [room.name, ...notes].join(", "));
  else button.removeAttribute("aria-label");
  button.classList.toggle("away", isOutside);
  button.classList.toggle("out", room.kind === "room" && !room.isWanted);
  button.dataset.kind = room.kind;
  if (isActive) button.setAttribute("aria-current", "true");
  else button.removeAttribute("aria-current");
}

function updateMember(button, { nick, privileges }, isMe) {
  const [sign, name] = button.children;
  setText(sign, privileges.charAt(0));
  setText(name, nick);
  const role = PRIVILEGE_NAMES[privileges.charAt(0)];
  const label = [nick, role, isMe ? "you" : undefined].filter((part) => part !== undefined);
  button.dataset.nick = nick;
  button.setAttribute("aria-label", label.join(", "));
  button.title = isMe ? "This is you" : `Talk to ${nick} alone`;
  button.disabled = isMe;
}
