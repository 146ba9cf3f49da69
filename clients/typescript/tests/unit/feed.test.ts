// How a stream of events is read.
import assert from "node:assert/strict";
import { test } from "node:test";

import { parse } from "../../src/feed.js";

test("events, comments and ids come off a stream in whole blocks", () => {
  const text = 'id: A\nevent: upload\ndata: {"id":"1"}\n\n: still here\nid: B\n\nid: C\nevent: upl';
  assert.deepEqual(parse(text), {
    blocks: [
      { id: "A", data: '{"id":"1"}' },
      { id: "B", data: undefined },
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
