/** Changes of a Socket's interest wait until the next wait: what is saved, and what is never lost. */
import { expect, test } from "vitest";
import {
  EpollSelector,
  EVENT_READ,
  EVENT_WRITE,
  errnoOf,
  Socket,
  systemKernel,
} from "../../src/index.js";

const hasEpoll = systemKernel.constants.EPOLLIN !== undefined;
if (!hasEpoll) console.log("skipped: epoll is not on this system");
const epollTest = test.skipIf(!hasEpoll);

epollTest("out, then in again before the next wait costs no system call", () => {
  const [a, b] = Socket.pair();
  const selector = new EpollSelector();
  selector.register(a, EVENT_READ);
  const { changes } = selector.stats();
  for (let i = 0; i < 3; i += 1) {
    selector.unregister(a);
    selector.register(a, EVENT_READ);
    selector.modify(a, EVENT_READ | EVENT_WRITE);
    selector.modify(a, EVENT_READ);
  }
  b.send(Buffer.from("x"));
  expect(selector.select(0)).toHaveLength(1);
  expect(selector.stats().changes).toBe(changes);
  for (const open of [selector, a, b]) open.close();
});

epollTest("unregister() of a socket takes effect at once, whenever the kernel hears of it", () => {
  const [a, b] = Socket.pair();
  const selector = new EpollSelector();
  selector.register(a, EVENT_READ);
  b.send(Buffer.from("x"));
  selector.unregister(a);
  expect(selector.select(0)).toEqual([]);
  expect(selector.stats().stale).toBe(0);
  for (const open of [selector, a, b]) open.close();
});

epollTest("a removal put off reaches the kernel before the descriptor number is free", () => {
  const [a, b] = Socket.pair();
  const copy = systemKernel.dup(a.fileno()); // keeps the open file, and so epoll's entry, alive
  const selector = new EpollSelector();
  selector.register(a, EVENT_READ);
  selector.unregister(a);
  const number = a.fileno();
  a.close();
  const successor = Socket.fromFd(systemKernel.dup(b.fileno()));
  expect(successor.fileno()).toBe(number);
  selector.register(successor, EVENT_WRITE);
  expect(selector.select(0).map(({ key }) => key.fileobj)).toEqual([successor]);
  expect(selector.stats().stale).toBe(0);
  for (const open of [selector, b, successor]) open.close();
  systemKernel.close(copy);
});

epollTest("a changed, then closed socket does not take its successor's removal with it", () => {
  const selector = new EpollSelector();
  const [first, peer] = Socket.pair();
  selector.register(first, EVENT_READ);
  selector.modify(first, EVENT_WRITE); // put off
  const number = first.fileno();
  first.close();
  const [second, other] = Socket.pair();
  expect(second.fileno()).toBe(number);
  selector.register(second, EVENT_WRITE);
  selector.unregister(second); // put off
  expect(selector.select(0)).toEqual([]);
  selector.register(second, EVENT_WRITE);
  selector.register(other, EVENT_WRITE);
  expect(selector.select(0)).toHaveLength(2);
  for (const open of [selector, second, peer, other]) open.close();
});

epollTest(
  "what the kernel refuses of a change put off is thrown by the wait; the rest lives",
  () => {
    let isRefusing = false;
    const kernel = {
      ...systemKernel,
      epoll_ctl: (...args: Parameters<typeof systemKernel.epoll_ctl>) =>
        isRefusing ? errnoOf("ENOMEM") : systemKernel.epoll_ctl(...args),
    };
    const [a, b] = Socket.pair({ kernel });
    const selector = new EpollSelector({ kernel });
    selector.register(a, EVENT_READ);
    selector.register(b, EVENT_WRITE);
    isRefusing = true;
    selector.modify(a, EVENT_WRITE);
    expect(() => selector.select(0)).toThrow(expect.objectContaining({ code: "ENOMEM" }));
    isRefusing = false;
    expect([...selector.map.keys()]).toEqual([b.fileno()]);
    expect(selector.select(0).map(({ key }) => key.fileobj)).toEqual([b]);
    for (const open of [selector, a, b]) open.close();
  },
);

epollTest("flush() gives the kernel what was put off, without a wait", () => {
  const [a, b] = Socket.pair();
  const selector = new EpollSelector();
  selector.register(a, EVENT_READ);
  const { changes, waits } = selector.stats();
  selector.modify(a, EVENT_WRITE);
  expect(selector.stats().changes).toBe(changes);
  selector.flush();
  expect(selector.stats()).toMatchObject({ changes: changes + 1, waits });
  for (const open of [selector, a, b]) open.close();
});

epollTest("onDropped hears of a refusal that came late, and the other changes are made", () => {
  const refused = new Set<number>();
  const kernel = {
    ...systemKernel,
    epoll_ctl: (...args: Parameters<typeof systemKernel.epoll_ctl>) =>
      refused.has(args[2]) ? errnoOf("ENOMEM") : systemKernel.epoll_ctl(...args),
  };
  const [a, b] = Socket.pair({ kernel });
  const dropped: [unknown, string | undefined][] = [];
  const selector = new EpollSelector<string>({
    kernel,
    onDropped: (key, error) => dropped.push([key.data, error?.code]),
  });
  selector.register(a, EVENT_READ, "a");
  selector.register(b, EVENT_READ, "b");
  refused.add(a.fileno());
  selector.modify(a, EVENT_WRITE);
  selector.modify(b, EVENT_WRITE);
  expect(selector.select(0).map(({ key }) => key.data)).toEqual(["b"]);
  expect(dropped).toEqual([["a", "ENOMEM"]]);
  for (const open of [selector, a, b]) open.close();
});

epollTest(
  "onDropped hears of a socket that was closed, but not of unregister() and close()",
  () => {
    const [a, b] = Socket.pair();
    const dropped: unknown[] = [];
    const selector = new EpollSelector<string>({ onDropped: (key) => dropped.push(key.data) });
    selector.register(a, EVENT_READ, "a");
    selector.register(b, EVENT_READ, "b");
    a.close();
    expect(dropped).toEqual(["a"]);
    selector.unregister(b);
    b.close();
    selector.close();
    expect(dropped).toEqual(["a"]);
  },
);
