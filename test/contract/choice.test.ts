/** Which backend one gets: by default, by name, by the environment. */
import { describe, expect, test } from "vitest";
import {
  type Backend,
  createSelector,
  DefaultSelector,
  EpollSelector,
  KqueueSelector,
  PollSelector,
  SelectSelector,
  supportedBackends,
} from "../../src/index.js";
import { runChild } from "../support/child.js";
import { expectCode } from "./contract.js";

const CLASSES = {
  epoll: EpollSelector,
  kqueue: KqueueSelector,
  poll: PollSelector,
  select: SelectSelector,
};

/** What a process says with the environment variable set. */
async function choose(backend: string): Promise<{ stdout: string; stderr: string }> {
  process.env["SOCKET_REACTOR_BACKEND"] = backend;
  try {
    return await runChild(`import { DefaultSelector } from "socket-reactor";
      console.log(new DefaultSelector().capabilities.backend);`);
  } finally {
    delete process.env["SOCKET_REACTOR_BACKEND"];
  }
}

describe("the choice of a backend", () => {
  test("poll and select are everywhere, and the system's own comes before them", () => {
    const supported = supportedBackends();
    expect(supported.slice(-2)).toEqual(["poll", "select"]);
    if (process.platform === "linux") expect(supported).toContain("epoll");
    else expect(supported).toContain("kqueue");
  });

  test("the default is the one the environment names, else the first of the supported", () => {
    const wanted = process.env["SOCKET_REACTOR_BACKEND"] ?? supportedBackends()[0];
    using selector = new DefaultSelector();
    expect(selector.capabilities.backend).toBe(wanted);
    using other = createSelector();
    expect(other).toBeInstanceOf(DefaultSelector);
  });

  test("by name one gets that class", () => {
    for (const backend of supportedBackends()) {
      using selector = createSelector({ backend });
      expect(selector).toBeInstanceOf(CLASSES[backend]);
      expect(selector.capabilities.backend).toBe(backend);
    }
  });

  test("an unknown name is refused, with the names there are", () => {
    for (const backend of ["devpoll", "", "toString"]) {
      const error = expectCode(
        () => createSelector({ backend: backend as Backend }),
        "ERR_NOT_SUPPORTED",
      );
      expect(error.message).toContain("poll, select");
    }
  });

  test("a backend whose calls this system lacks is refused", () => {
    const all = Object.keys(CLASSES) as Backend[];
    const missing = all.filter((backend) => !supportedBackends().includes(backend));
    for (const backend of missing) {
      expectCode(() => createSelector({ backend }), "ERR_NOT_SUPPORTED", "ENOSYS");
    }
  });

  test.each(["poll", "select"])("SOCKET_REACTOR_BACKEND=%s makes it the default", async (name) => {
    expect((await choose(name)).stdout).toBe(`${name}\n`);
  });

  test("SOCKET_REACTOR_BACKEND with an unknown name is an error that says so", async () => {
    const { stdout, stderr } = await choose("devpoll");
    expect(stdout).toBe("");
    expect(stderr).toContain("SOCKET_REACTOR_BACKEND");
    expect(stderr).toContain('"devpoll"');
  });
});
