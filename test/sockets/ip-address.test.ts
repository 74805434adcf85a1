import { isIPv4, isIPv6, SocketAddress } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { systemKernel } from "../../src/kernel/index.js";
import {
  formatIpv4,
  formatIpv6,
  parseIpv4,
  parseIpv6,
  parseScope,
} from "../../src/sockets/ip-address.js";

function ipv4(text: string): number[] | undefined {
  const bytes = new Uint8Array(4);
  return parseIpv4(text, bytes) ? [...bytes] : undefined;
}

function ipv6(text: string): string | undefined {
  const bytes = new Uint8Array(16);
  return parseIpv6(text, bytes) ? formatIpv6(bytes) : undefined;
}

/** Text that is an address, or nearly. */
const nearlyIpv4 = fc.stringMatching(/^[0-9.]{0,16}$/);
const nearlyIpv6 = fc
  .array(fc.constantFrom("0", "1", "a", "ffff", "00", "12345", ":", "::", "1.2.3.4", ".", "g"), {
    maxLength: 17,
  })
  .chain((parts) => fc.constantFrom(parts.join(""), parts.join(":")));

describe("IPv4 text", () => {
  test("four decimal parts become four bytes and come back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
        expect(ipv4(formatIpv4(bytes))).toEqual([...bytes]);
      }),
    );
  });

  test.each(["", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1..2.3", "1.2.3.4 ", "0x1.2.3.4"])(
    "%j is no address",
    (text) => expect(ipv4(text)).toBeUndefined(),
  );

  test("what node:net takes for IPv4 is taken here, and nothing else", () => {
    fc.assert(
      fc.property(fc.oneof(nearlyIpv4, fc.ipV4(), fc.string()), (text) => {
        expect(ipv4(text) !== undefined).toBe(isIPv4(text));
      }),
    );
  });
});

describe("IPv6 text", () => {
  test.each([
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["0001:0002:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["::ffff:c000:201", "::ffff:192.0.2.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
  ])("%s is written %s", (text, canonical) => expect(ipv6(text)).toBe(canonical));

  test.each([
    "",
    ":",
    ":::",
    "1",
    ":1",
    "1:",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "1::2::3",
    "12345::",
    "g::",
    "::1.2.3",
    "::1.2.3.04",
    "1.2.3.4::",
    "::1.2.3.4:1",
    "1:2:3:4:5:6:7:1.2.3.4",
    "::1%eth0",
    " ::1",
  ])("%j is no address", (text) => expect(ipv6(text)).toBeUndefined());

  test("what node:net takes for IPv6 is taken here, and nothing else", () => {
    fc.assert(
      fc.property(fc.oneof(nearlyIpv6, fc.ipV6(), fc.string()), (text) => {
        expect(ipv6(text) !== undefined, text).toBe(isIPv6(text) && !text.includes("%"));
      }),
      { numRuns: 2000 },
    );
  });

  test("any sixteen bytes come back from their text", () => {
    const zeros = fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 });
    const any = fc.oneof(fc.uint8Array({ minLength: 16, maxLength: 16 }), zeros);
    fc.assert(
      fc.property(any, (values) => {
        const bytes = Uint8Array.from(values);
        const back = new Uint8Array(16);
        expect(parseIpv6(formatIpv6(bytes), back)).toBe(true);
        expect(back).toEqual(bytes);
      }),
    );
  });

  test("the canonical form is that of URL and of node:net", () => {
    const zeros = fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ minLength: 16, maxLength: 16 }), zeros), (values) => {
        const text = formatIpv6(Uint8Array.from(values));
        // URL writes no dotted parts; Node also the deprecated ::1.2.3.4 of RFC 4291 2.5.5.1.
        if (!text.includes(".")) expect(new URL(`http://[${text}]`).hostname).toBe(`[${text}]`);
        const { address } = new SocketAddress({ address: text, family: "ipv6" });
        if (/^::[0-9]+\./.test(address)) expect(ipv6(address)).toBe(text);
        else expect(address).toBe(text);
      }),
    );
  });
});

describe("scopes", () => {
  test("a number is itself, up to 2^32-1", () => {
    expect(parseScope("0")).toBe(0);
    expect(parseScope("4294967295")).toBe(4294967295);
    expect(parseScope("4294967296")).toBeUndefined();
  });

  test("a name is the index of its interface", () => {
    expect(parseScope("lo")).toBe(systemKernel.if_nametoindex("lo"));
  });

  test.each(["", "no-such-if", "a-name-that-is-too-long", "l\0o", "-1", "1.5"])(
    "%j is no scope",
    (scope) => expect(parseScope(scope)).toBeUndefined(),
  );
});
