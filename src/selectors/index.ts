export { type SelectorOptions, WAIT_SLICE_MS } from "./base-selector.js";
export * from "./default-selector.js";
export * from "./epoll-selector.js";
export {
  EVENT_READ,
  EVENT_WRITE,
  type EventMask,
  FLAG_ERROR,
  FLAG_HANGUP,
  FLAG_READ_CLOSED,
  type Mode,
} from "./events.js";
export * from "./kqueue-selector.js";
export * from "./poll-selector.js";
export * from "./select-selector.js";
export * from "./selector.js";
export { WakeChannel } from "./wake-channel.js";
export * from "./waker.js";
