/**
 * `socket-reactor chat` in a process of its own, as it is but for the beats of its backplane, and its
 * longest wait for a lost Redis: of so many milliseconds, which stand before the command's options.
 */
import { chat } from "../../../dist/demos/chat/command.js";

const [beatMs, ...args] = process.argv.slice(2);
await chat(args, { beatMs: Number(beatMs), reconnectMaxMs: Number(beatMs) });
