import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ADDRESS_BYTES, systemKernel } from "../../src/kernel/index.js";
import type { Address } from "../../src/sockets/address.js";
import { formatAddress, parseAddress, parseIpAddress } from "../../src/sockets/address.js";
import { decodeAddress, encodeAddress } from "../../src/sockets/address-record.js";
import { formatIpv6 } from "../../src/sockets/ip-address.js";
import { decodePath, encodePath } from "../../src/sockets/unix-path.js";

const port = fc.integer({ min: 0, max: 65535 });
const ipv4Address: fc.Arbitrary<Address> = fc
  .record({ address: fc.ipV4(), port })
  .map((endpoint) => ({ family: "IPv4", ...endpoint }));
const ipv6Address: fc.Arbitrary<Address> = fc
  .tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), port, fc.nat())
  .map(([bytes, port, scopeId]) => {
    const plain = { family: "IPv6", address: formatIpv6(bytes), port } as const;
    return scopeId === 0 ? plain : { ...plain, scopeId };
  });
const unixAddress: fc.Arbitrary<Address> = fc
  .tuple(fc.constantFrom("", "\0", "\0\0", "/", "a"), fc.string({ maxLength: 20 }))
  .map(([start, rest]) => ({ path: start + (start === "" ? "" : rest) }))
  .filter(({ path }) => path.startsWith("\0") || !path.includes("\0"));

function roundTrip(address: Address): Address | undefined {
  const record = encodeAddress(systemKernel, address, new Uint8Array(ADDRESS_BYTES));
  return decodeAddress(systemKernel, record);
}

describe("address text", () => {
  test.each([
    ["127.0.0.1:80", { family: "IPv4", address: "127.0.0.1", port: 80 }],
    ["[::1]:80", { family: "IPv6", address: "::1", port: 80 }],
    ["[fe80::1%3]:80", { family: "IPv6", address: "fe80::1", port: 80, scopeId: 3 }],
    ["unix:/run/a.sock", { path: "/run/a.sock" }],
    ["unix:@name", { path: "\0name" }],
    ["unix:", { path: "" }],
  ])("%s is read and written", (text, address) => {
    expect(parseAddress(text)).toEqual(address);
    expect(formatAddress(parseAddress(text))).toBe(text);
  });

  test("an address is written in canonical form whatever it was read from", () => {
    expect(formatAddress(parseAddress("[0:0:0:0:0:0:0:1%0]:080"))).toBe("[::1]:80");
  });

  test("a scope may be the name of an interface", () => {
    const scopeId = systemKernel.if_nametoindex("lo");
    expect(parseAddress("[fe80::1%lo]:80")).toEqual({
      family: "IPv6",
      address: "fe80::1",
      port: 80,
      scopeId,
    });
  });

  test("a path that begins with @ is not taken for an abstract name", () => {
    expect(formatAddress({ path: "@a" })).toBe("unix:./@a");
  });

  test("every address comes back from its text", () => {
    fc.assert(
      fc.property(fc.oneof(ipv4Address, ipv6Address, unixAddress), (address) => {
        expect(parseAddress(formatAddress(address))).toEqual(address);
      }),
    );
  });

  test.each([
    "",
    "127.0.0.1",
    "localhost:80",
    "127.0.0.1:",
    "127.0.0.1:-1",
    "127.0.0.1:8x",
    "::1:80",
    "[127.0.0.1]:80",
    "[::1]80",
    "[::1%no-such-if]:80",
    "1.2.3.4:80:81",
  ])("%j is refused with ERR_INVALID_ADDRESS", (text) => {
    expect(() => parseAddress(text)).toThrow(
      expect.objectContaining({ name: "TypeError", code: "ERR_INVALID_ADDRESS" }),
    );
  });

  test("the error says what was read and what is wrong", () => {
    expect(() => parseAddress("localhost:80")).toThrow(
      'Invalid address "localhost": not a numeric IPv4 or IPv6 address',
    );
  });

  test.each([65536, -1, 1.5, Number.NaN])("port %d is refused with ERR_OUT_OF_RANGE", (bad) => {
    expect(() => parseIpAddress("127.0.0.1", bad)).toThrow(
      expect.objectContaining({ name: "RangeError", code: "ERR_OUT_OF_RANGE" }),
    );
  });

  test.each([null, undefined, 80, {}])("a host that is no string is refused: %s", (bad) => {
    expect(() => parseIpAddress(bad as unknown as string, 80)).toThrow(
      expect.objectContaining({ name: "TypeError", code: "ERR_INVALID_ARG_TYPE" }),
    );
  });
});

describe("address records", () => {
  test("every address comes back from its record", () => {
    fc.assert(
      fc.property(fc.oneof(ipv4Address, ipv6Address, unixAddress), (address) => {
        expect(roundTrip(address)).toEqual(address);
      }),
    );
  });

  test("a record of no family is no address", () => {
    expect(decodeAddress(systemKernel, new Uint8Array(ADDRESS_BYTES))).toBeUndefined();
  });

  test("a scope in the text is taken", () => {
    const record = new Uint8Array(ADDRESS_BYTES);
    encodeAddress(systemKernel, { address: "fe80::1%7", port: 1 }, record);
    expect(decodeAddress(systemKernel, record)).toMatchObject({ scopeId: 7 });
  });

  test.each([
    ["a name", { address: "localhost", port: 1 }, "ERR_INVALID_ADDRESS"],
    ["the other family", { family: "IPv6", address: "1.2.3.4", port: 1 }, "ERR_INVALID_ADDRESS"],
    ["a bad port", { address: "1.2.3.4", port: 70000 }, "ERR_OUT_OF_RANGE"],
    ["a bad scope", { address: "::1", port: 1, scopeId: -1 }, "ERR_OUT_OF_RANGE"],
    ["a number as address", { address: 1, port: 1 }, "ERR_INVALID_ARG_TYPE"],
    ["a string", "127.0.0.1:80", "ERR_INVALID_ARG_TYPE"],
    ["nothing", undefined, "ERR_INVALID_ARG_TYPE"],
    ["a number as path", { path: 1 }, "ERR_INVALID_ARG_TYPE"],
    ["a long path", { path: "x".repeat(108) }, "ERR_OUT_OF_RANGE"],
    ["a long abstract name", { path: `\0${"x".repeat(108)}` }, "ERR_OUT_OF_RANGE"],
    ["a path with NUL", { path: "a\0b" }, "ERR_INVALID_ADDRESS"],
  ])("%s is refused", (_, address, code) => {
    const record = new Uint8Array(ADDRESS_BYTES);
    expect(() => encodeAddress(systemKernel, address as never, record)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

describe("unix paths", () => {
  test("any bytes come back from their string", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 108 }), (bytes) => {
        expect(Buffer.from(encodePath(decodePath(bytes)))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test("UTF-8 is read as such, other bytes as lone surrogates", () => {
    expect(decodePath(Buffer.from("/é😀"))).toBe("/é😀");
    expect(decodePath(Uint8Array.of(0x61, 0xff, 0x62))).toBe("a\udcffb");
  });
});
