/** What a user sees when there is no addon to load. In processes of their own: loading is for ever. */
import { describe, expect, test } from "vitest";
import { runChild } from "../support/child.js";

/** Runs `prepare`, imports the package, and answers the error's fields. */
async function errorOf(prepare: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runChild(`
    ${prepare}
    try {
      await import("socket-reactor");
      console.log("{}");
    } catch (error) {
      const { name, code, message, cause } = error;
      console.log(JSON.stringify({ name, code, message, hasCause: cause instanceof Error }));
    }
  `);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Record<string, unknown>;
}

const stub = (property: string, value: string) =>
  `Object.defineProperty(process, "${property}", { value: "${value}" });`;

test("the package loads where nothing is wrong", async () => {
  expect(await errorOf("")).toEqual({});
});

describe("SOCKET_REACTOR_PREBUILD that holds no addon", () => {
  test("is named in the error, with everything else that was tried and the remedy", async () => {
    const error = await errorOf(`process.env.SOCKET_REACTOR_PREBUILD = "/nonexistent/addon";`);
    expect(error).toMatchObject({ name: "Error", code: "ERR_ADDON_NOT_FOUND", hasCause: true });
    const { message } = error as { message: string };
    expect(message).toContain("tried /nonexistent/addon (SOCKET_REACTOR_PREBUILD)");
    expect(message).toContain("(built in a checkout)");
    expect(message).toContain("(prebuilt)");
    expect(message).toMatch(/\n {2}remedy: .*C\+\+20 compiler/);
    expect(message).toContain(`${process.platform}-${process.arch}`);
  });
});

describe("a system that is not supported", () => {
  test.each(["win32", "aix", "sunos"])("%s is told what is", async (platform) => {
    const error = await errorOf(stub("platform", platform));
    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_PLATFORM", hasCause: false });
    expect(error["message"]).toContain(`does not support ${platform}`);
    expect(error["message"]).toContain("Linux, macOS, FreeBSD, NetBSD, OpenBSD");
  });
});
