/** SystemError beside Node's own errors, the errno table, and the constants. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { constants as system } from "node:os";
import { inspect } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  check,
  errnoName,
  errnoOf,
  IN_PROGRESS,
  INTERRUPTED,
  misuse,
  outOfRange,
  SystemError,
  systemKernel,
  WOULD_BLOCK,
  wrongType,
} from "../../src/kernel/index.js";

describe("SystemError", () => {
  /** The error of a real connection to a port where nobody listens, and what net knows of it. */
  async function refusedByNode(host: string): Promise<NodeJS.ErrnoException & { port: number }> {
    const server = createServer();
    const port = await listening(server, host);
    server.close();
    await once(server, "close");
    const client = connect({ port, host });
    const [error] = (await once(client, "error")) as [NodeJS.ErrnoException & { port: number }];
    return error;
  }

  async function listening(server: Server, host: string): Promise<number> {
    server.listen(0, host);
    await once(server, "listening");
    return (server.address() as { port: number }).port;
  }

  test("of a connection has the keys, the order and the values of node:net's", async () => {
    const theirs = await refusedByNode("127.0.0.1");
    const { errno, code, syscall, port } = theirs;
    const ours = new SystemError("connect", errno as number, { address: "127.0.0.1", port });
    expect({ ...ours }).toEqual({ ...theirs });
    expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort());
    expect(code).toBe("ECONNREFUSED");
    expect(syscall).toBe("connect");
    // Node leaves the description out here and puts it in for listen: ours is the fuller form.
    expect(theirs.message).toBe(`connect ECONNREFUSED 127.0.0.1:${port}`);
    expect(ours.message).toBe(`connect ECONNREFUSED: connection refused 127.0.0.1:${port}`);
  });

  test("of a bind has the message of node:net's, but for the call", async () => {
    const first = createServer();
    onTestFinished(() => void first.close());
    const port = await listening(first, "127.0.0.1");
    const second = createServer().listen(port, "127.0.0.1");
    const [theirs] = (await once(second, "error")) as [NodeJS.ErrnoException];
    const ours = new SystemError("listen", theirs.errno as number, { address: "127.0.0.1", port });
    expect(ours.message).toBe(theirs.message);
    expect({ ...ours }).toEqual({ ...theirs });
  });

  test("is an Error with a name, a stack, and no fields that were not given", () => {
    const error = new SystemError("recv", errnoOf("ECONNRESET"));
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe("Error");
    expect(error.stack).toContain("recv ECONNRESET: connection reset by peer");
    expect(Object.keys(error).sort()).toEqual(["code", "errno", "syscall"]);
    expect("port" in error).toBe(false);
    expect(inspect(error)).toContain("code: 'ECONNRESET'");
  });

  test("says where: a path, IPv6 in brackets, an address without a port", () => {
    const message = (place: object) => new SystemError("bind", errnoOf("EACCES"), place).message;
    expect(message({ path: "/tmp/x" })).toBe("bind EACCES: permission denied /tmp/x");
    expect(message({ address: "::1", port: 80 })).toBe("bind EACCES: permission denied [::1]:80");
    expect(message({ address: "::1" })).toBe("bind EACCES: permission denied ::1");
    expect(message({ port: 80 })).toBe("bind EACCES: permission denied");
  });

  test("of a number without a name says the number", () => {
    expect(new SystemError("recv", -9999)).toMatchObject({
      code: "E9999",
      errno: -9999,
      message: "recv E9999",
    });
  });
});

test("check() answers results and throws errnos", () => {
  for (const result of [0, 1, 2 ** 31]) expect(check("recv", result)).toBe(result);
  expect(() => check("recv", -104)).toThrow(SystemError);
  expect(() => check("bind", errnoOf("EADDRINUSE"), { path: "/x" })).toThrow(
    expect.objectContaining({ syscall: "bind", code: "EADDRINUSE", path: "/x" }),
  );
});

test("errors of misuse have a class, a code, and say what was found", () => {
  expect(misuse(TypeError, "ERR_X", "Wrong")).toMatchObject({ code: "ERR_X", message: "Wrong" });
  expect(wrongType("fd", "a number", "3")).toBeInstanceOf(TypeError);
  expect(wrongType("fd", "a number", "3").message).toBe('The "fd" argument must be a number: "3"');
  const found = (value: unknown) => wrongType("x", "y", value).message.split(": ")[1];
  expect(found(null)).toBe("null");
  expect(found(undefined)).toBe("undefined");
  expect(found(Symbol("s"))).toBe("Symbol(s)");
  expect(found(1n)).toBe("1");
  expect(found(() => {})).toBe("a function");
  expect(found(new Map())).toBe("an instance of Map");
  expect(found(Object.create(null))).toBe("an object");
  expect(found({ constructor: undefined })).toBe("an object");
  expect(found(new (class {})())).toBe("an object");
  expect(outOfRange("port", "0 to 65535", 70000)).toMatchObject({
    name: "RangeError",
    code: "ERR_OUT_OF_RANGE",
    message: 'The "port" argument must be 0 to 65535: 70000',
  });
});

describe("errno names", () => {
  test("go both ways for every number that the system has", () => {
    for (const number of Object.values(system.errno)) {
      const name = errnoName(-number) as keyof typeof system.errno;
      expect(system.errno[name]).toBe(number);
      expect(errnoOf(name)).toBe(-number);
    }
  });

  test("of twins the usual one is told", () => {
    expect(errnoName(WOULD_BLOCK)).toBe("EAGAIN");
    expect(errnoName(IN_PROGRESS)).toBe("EINPROGRESS");
    expect(errnoName(INTERRUPTED)).toBe("EINTR");
    expect(errnoName(errnoOf("EOPNOTSUPP"))).toMatch(/^E(OP)?NOTSUPP?$/);
  });
});

describe("constants", () => {
  const { constants } = systemKernel;

  // The types promise names; the headers must keep the promise. The list is read from the source.
  const source = readFileSync(new URL("../../src/kernel/constants.ts", import.meta.url), "utf8");
  const [, required = "", optional = ""] = source.split(/export type \w+Constant =/);
  const namesOf = (text: string) => [...text.matchAll(/"([A-Z0-9_]+)"/g)].map(([, name]) => name);

  test("required by the types are there, and none is there that they do not know", () => {
    const found = Object.keys(constants);
    expect(namesOf(required).length).toBeGreaterThan(50);
    expect(found).toEqual(expect.arrayContaining(namesOf(required)));
    expect([...namesOf(required), ...namesOf(optional)]).toEqual(expect.arrayContaining(found));
  });

  test("are integers", () => {
    for (const [name, value] of Object.entries(constants)) {
      expect(Number.isInteger(value), name).toBe(true);
    }
  });

  test("have the numbers that are the same everywhere", () => {
    expect(constants).toMatchObject({
      ...{ AF_UNSPEC: 0, AF_UNIX: 1, AF_INET: 2, SOCK_STREAM: 1, SOCK_DGRAM: 2 },
      ...{ IPPROTO_TCP: 6, IPPROTO_UDP: 17, IPPROTO_IPV6: 41, IPPROTO_ICMP: 1 },
      ...{ SHUT_RD: 0, SHUT_WR: 1, SHUT_RDWR: 2, TCP_NODELAY: 1, POLLIN: 1, POLLOUT: 4 },
      ...{ MSG_OOB: 1, MSG_PEEK: 2, SCM_RIGHTS: 1 },
    });
  });

  test("have those of epoll on Linux, of kqueue elsewhere", () => {
    const isLinux = process.platform === "linux";
    expect(constants.EPOLLIN !== undefined).toBe(isLinux);
    expect(constants.EVFILT_READ !== undefined || isLinux).toBe(true);
    if (isLinux) expect(constants.EPOLLIN).toBe(constants.POLLIN);
  });
});
