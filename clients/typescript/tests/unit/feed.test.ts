// How a stream of events is read, and when it is opened again.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mock, test, type TestContext } from "node:test";

import { NetworkError } from "../../src/errors.js";
import { parse } from "../../src/feed.js";
import { Sluice } from "../../src/sluice.js";

test("events, comments and ids come off a stream in whole blocks", () => {
  const text = 'id: A\nevent: upload\ndata: {"id":"1"}\n\n: still here\nid: B\n\nid: C\nevent: upl';
  assert.deepEqual(parse(text), {
    blocks: [
      { id: "A", data: '{"id":"1"}', retry: undefined },
      { id: "B", data: undefined, retry: undefined },
    ],
    rest: "id: C\nevent: upl",
  });
});

test("wherever a stream is cut, the same is read", () => {
  const text = 'retry: 1000\n\nid: A\nevent: upload\ndata: {"name":"a: b"}\n\nid: B\nevent: upload\ndata: {}\n\n';
  for (let at = 0; at <= text.length; at++) {
    const first = parse(text.slice(0, at));
    const second = parse(first.rest + text.slice(at));
    assert.deepEqual([...first.blocks, ...second.blocks], parse(text).blocks);
  }
});

test("a stream says when to come again, in digits", () => {
  const retries = (text: string) => parse(text).blocks.map(({ retry }) => retry);
  assert.deepEqual(retries(":\nretry: 2000\nid: A\n\nretry:5\n\n"), [2000, 5]);
  assert.deepEqual(retries("retry: soon\n\nretry: -1\n\nretry:\n\n:\n\n"), Array(4).fill(undefined));
});

/** A server of streams, and who watches it while time only goes on when it is told to. */
async function streaming(t: TestContext, serve: (response: ServerResponse) => void, tries = 3) {
  const opened: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    opened.push(request);
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    serve(response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = new AbortController();
  return { opened, stop, feed: new Sluice({ url, key: "k", tries }).watch({ signal: stop.signal }) };
}

/** Lets what is under way come about. */
async function settled(): Promise<void> {
  for (const until = performance.now() + 100; performance.now() < until; ) await new Promise(setImmediate);
}

/** Lets time go on, so many milliseconds after the other, until it is so. */
async function until(isSo: () => boolean, milliseconds: number): Promise<void> {
  for (let times = 0; times < 10; times++) {
    await settled();
    if (isSo()) return;
    mock.timers.tick(milliseconds);
  }
  assert.fail("it never came about");
}

test("a stream that has gone silent is given up after 45 seconds and opened again where it stopped", async (t) => {
  const { opened, feed } = await streaming(t, (response) => response.write('retry: 1000\nid: A\ndata: {"id":"1"}\n\n'));
  await feed.next();
  await settled();
  mock.timers.tick(3_600_000);
  await settled();
  assert.equal(opened.length, 1, "work on an event may take its time");
  const next = feed.next();
  await settled();
  mock.timers.tick(44_999);
  await settled();
  assert.equal(opened[0]?.socket.destroyed, false);
  mock.timers.tick(1);
  await until(() => opened[0]?.socket.destroyed === true, 0);
  await until(() => opened.length === 2, 2000);
  assert.equal((await next).value?.id, "1");
  assert.deepEqual(opened.map(({ headers }) => headers["last-event-id"]), [undefined, "A"]);
  await feed.return(undefined);
});

test("a stream that ends is not opened again at once", async (t) => {
  const { opened, stop, feed } = await streaming(t, (response) => response.end('retry: 1000\nid: A\n\n'));
  const next = assert.rejects(feed.next(), { name: "AbortError" });
  await until(() => opened.length === 1, 0);
  for (let times = 1; times <= 5; times++) {
    await settled();
    mock.timers.tick(999);
    await settled();
    assert.equal(opened.length, times);
    await until(() => opened.length > times, 1001);
  }
  stop.abort();
  await next;
});

test("a stream that ends and has said nothing has failed", async (t) => {
  const { opened, feed } = await streaming(t, (response) => response.end(), 1);
  await assert.rejects(feed.next(), NetworkError);
  assert.equal(opened.length, 1);
});
