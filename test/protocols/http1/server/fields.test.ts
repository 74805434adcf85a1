/** What an application may put into a head, and what it may not (line 21). */
import { describe, expect, test } from "vitest";
import type { HttpResponse } from "../../../../src/protocols/http1/index.js";
import { errorOf } from "../../../streams/support.js";
import { answerOf, get } from "./support.js";

describe("what an application puts into a head (line 21)", () => {
  const bad = ["a\r\nb", "a\nb", "a\rb", "a\0b", "\u007f", "\u0100", "\u{1f600}"];
  /** Calls `act` with a response, and answers what it threw. */
  async function thrown(act: (response: HttpResponse) => unknown): Promise<Error> {
    let error: unknown;
    await answerOf((_, response) => {
      error = errorOf(() => act(response));
      if (!response.isEnded) {
        response.status = 200;
        response.statusText = undefined;
        response.end();
      }
    });
    return error as Error;
  }

  test.each(bad)("a value with %j is refused by its name", async (value) => {
    for (const method of ["setHeader", "addHeader", "setTrailer"] as const) {
      const error = await thrown((response) => response[method]("X-Test", value));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain("X-Test");
    }
    const early = await thrown((response) => response.informational(103, [["X-Test", value]]));
    expect(early.message).toContain("X-Test");
  });

  test("a name and a value that were right before make no other value right", async () => {
    for (const value of bad) {
      const error = await thrown((response) => {
        response.setHeader("X-Known", "right").setHeader("X-Known", "right");
        response.setHeader("X-Known", value);
      });
      expect(error).toMatchObject({ name: "TypeError", code: "ERR_INVALID_CHAR" });
    }
  });

  test.each(["", "a b", "a:", "a\r\n", "\u00e9", "(x)"])("a name %j is refused", async (name) => {
    const error = await thrown((response) => response.setHeader(name, "x"));
    expect(error).toMatchObject({ name: "TypeError", code: "ERR_INVALID_HTTP_TOKEN" });
  });

  test.each(bad)("a status text with %j is refused when the head is made", async (text) => {
    const error = await thrown((response) => {
      response.statusText = text;
      response.end();
    });
    expect(error.message).toContain("statusText");
  });

  test.each([0, 99, 100, 101, 199, 600, 200.5, Number.NaN])("a status of %d", async (status) => {
    const error = await thrown((response) => {
      response.status = status;
      response.end();
    });
    expect(error).toMatchObject({ name: "RangeError", code: "ERR_OUT_OF_RANGE" });
  });

  test("framing is the server's affair", async () => {
    for (const [name, value] of [
      ["Transfer-Encoding", "gzip"],
      ["Connection", "te"],
      ["Content-Length", "-1"],
      ["Content-Length", "5, 5"],
      ["Content-Length", "0x5"],
    ] as const) {
      expect(await thrown((response) => response.setHeader(name, value))).toBeInstanceOf(
        RangeError,
      );
    }
  });

  test("an Upgrade field has its option of Connection, whether that is set or not", async () => {
    for (const isSaid of [true, false]) {
      const answer = await answerOf((_, response) => {
        response.status = 426;
        if (isSaid) response.setHeader("Connection", "Upgrade");
        response.setHeader("Upgrade", "x");
        expect(response.getHeader("connection")).toBe("upgrade");
        response.end();
      }, get() + get("/", "Connection: close"));
      expect(answer.match(/Connection: upgrade\r\n/g)).toHaveLength(2);
      expect(answer.match(/Connection: close\r\n/g)).toHaveLength(1);
    }
    const answer = await answerOf((_, response) => {
      response.setHeader("Connection", "upgrade").setHeader("Upgrade", "x").removeHeader("upgrade");
      response.end();
    });
    expect(answer).not.toContain("pgrade");
  });

  test("a trailer cannot say what had to be known before", async () => {
    const error = await thrown((response) => response.setTrailer("Content-Length", "5"));
    expect(error).toMatchObject({ code: "ERR_HTTP_TRAILER_FORBIDDEN" });
  });

  test("values in Latin-1 arrive as they are, the body in UTF-8", async () => {
    const answer = await answerOf((_, response) => {
      response.statusText = "Süß";
      response.setHeader("X-Name", "é").end("é");
    });
    expect(answer).toBe(
      "HTTP/1.1 200 Süß\r\nContent-Length: 2\r\nX-Name: é\r\nConnection: close\r\n\r\n\u00c3\u00a9",
    );
  });

  test("fields are set, added, read and removed whatever their case", async () => {
    const answer = await answerOf((_, response) => {
      response.setHeader("A", "1").addHeader("a", "2").setHeader("B", "3").setHeader("C", "4");
      expect(response.getHeader("a")).toBe("1, 2");
      response.setHeader("b", "5").removeHeader("c");
      expect(response.getHeader("C")).toBeUndefined();
      response.end();
    });
    expect(answer).toContain("\r\nA: 1\r\na: 2\r\nb: 5\r\n");
  });

  test("after the head was sent nothing goes into it", async () => {
    await answerOf((_, response) => {
      response.flushHeaders();
      for (const act of [
        () => response.setHeader("A", "1"),
        () => response.removeHeader("A"),
        () => response.informational(103),
      ]) {
        expect(errorOf(act)).toMatchObject({ code: "ERR_HTTP_HEAD_SENT" });
      }
      response.end();
      expect(errorOf(() => response.end())).toMatchObject({ code: "ERR_HTTP_RESPONSE_ENDED" });
      expect(errorOf(() => response.write("x"))).toMatchObject({ code: "ERR_HTTP_RESPONSE_ENDED" });
    });
  });
});
