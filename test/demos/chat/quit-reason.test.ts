/** What the others read when a connection is over. */
import { expect, test } from "vitest";
import { quitReason } from "../../../src/demos/chat/quit-reason.js";
import { errnoOf, SystemError } from "../../../src/index.js";

test.each([
  ["ECONNRESET", "Connection reset by peer"],
  ["EPIPE", "Connection reset by peer"],
  ["ETIMEDOUT", "Connection timed out"],
  ["ENOMEM", "Connection lost"],
] as const)("%s: %s", (code, reason) => {
  expect(quitReason(new SystemError("recv", errnoOf(code)))).toBe(reason);
});

test("an end in order, a deadline of the stream, and what nobody thought of", () => {
  expect(quitReason(undefined)).toBe("Client closed connection");
  const deadline = Object.assign(new Error("The write deadline"), { code: "ERR_STREAM_TIMEOUT" });
  expect(quitReason(deadline)).toBe("Write timeout");
  expect(quitReason(new Error("toString"))).toBe("Connection lost");
  expect(quitReason(Object.assign(new Error(), { code: "toString" }))).toBe("Connection lost");
});
