/** Who is let in, and what others are shown of where somebody comes from. */
import { describe, expect, test } from "vitest";
import { Admission, networkOf, plainHost } from "../../../src/demos/chat/admission.js";
import { CONNECTIONS_PER_ADDRESS_MAX } from "../../../src/demos/chat/limits.js";

describe("Admission", () => {
  test("lets so many in at a time, and one more when one has left", () => {
    const admission = new Admission({ connectionsMax: 2, connectionsPerAddressMax: undefined });
    expect(admission.enter("127.0.0.1")).toBe(undefined);
    expect(admission.enter("127.0.0.2")).toBe(undefined);
    expect(admission.enter("127.0.0.3")).toBe("The server is full, try again later");
    expect(admission).toMatchObject({ open: 2, refused: 1 });
    admission.leave("127.0.0.1");
    expect(admission.enter("127.0.0.3")).toBe(undefined);
  });

  test("lets so many of one address in, and any number of loopback unless it is told", () => {
    const several = { connectionsMax: 1000, connectionsPerAddressMax: undefined };
    const admission = new Admission(several);
    for (let n = 0; n < CONNECTIONS_PER_ADDRESS_MAX; n += 1) {
      expect(admission.enter("192.0.2.1")).toBe(undefined);
      expect(admission.enter("127.0.0.1")).toBe(undefined);
      expect(admission.enter("0::1")).toBe(undefined);
    }
    expect(admission.enter("192.0.2.1")).toBe("Too many connections from your address");
    expect(admission.enter("192.0.2.2")).toBe(undefined);
    expect(admission.enter("127.0.0.1")).toBe(undefined);
    expect(admission.enter("0::1")).toBe(undefined);

    const strict = new Admission({ ...several, connectionsPerAddressMax: 1 });
    expect(strict.enter("127.0.0.1")).toBe(undefined);
    expect(strict.enter("127.0.0.1")).toBe("Too many connections from your address");
    strict.leave("127.0.0.1");
    expect(strict.enter("127.0.0.1")).toBe(undefined);
  });

  test("counts the addresses of one IPv6 network together", () => {
    const admission = new Admission({ connectionsMax: 10, connectionsPerAddressMax: 1 });
    expect(admission.enter("2001:db8:0:1::1")).toBe(undefined);
    expect(admission.enter("2001:db8:0:1:ffff::2")).toBe("Too many connections from your address");
    expect(admission.enter("2001:db8:0:2::1")).toBe(undefined);
  });
});

test.each([
  ["127.0.0.1", "127.0.0.1"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["::1", "0::1"],
  ["::", "0::"],
  ["2001:db8::7", "2001:db8::7"],
  [undefined, "gone"],
])("the host of %s is shown as %s", (address, host) => {
  expect(plainHost(address)).toBe(host);
});

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["0::1", "0:0:0:0"],
  ["0::", "0:0:0:0"],
  ["2001:db8::7", "2001:db8:0:0"],
  ["2001:db8::", "2001:db8:0:0"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["1::2:3:4:5:6:7", "1:0:2:3"],
])("%s belongs to %s", (host, network) => {
  expect(networkOf(host)).toBe(network);
});
