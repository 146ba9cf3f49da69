// Who asks for a verdict, and how.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";

import { Sluice } from "../../src/sluice.js";

/** A Sluice that takes a file, and has a verdict when the upload is looked at so many times. */
async function deciding(t: TestContext, looks: number, answers: Record<string, [number, string]> = {}) {
  const asked: string[] = [];
  const server = createServer(({ method, url, headers }, response) => {
    asked.push([method, url, headers.prefer].filter(Boolean).join(" "));
    const status = asked.length < looks ? "pending" : "confirmed";
    const [code, body] = answers[`${method}`] ?? [200, JSON.stringify({ id: "1", status })];
    response.writeHead(code, { "content-type": code < 400 ? "application/json" : "application/problem+json" }).end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { asked, url, sluice: new Sluice({ url, key: "k", tries: 1 }) };
}

test("who waits for what others send only reads, however long it takes", async (t) => {
  const incomplete = { title: "Incomplete", detail: "Parts are missing.", code: "incomplete_parts", status: 409 };
  const { asked, sluice } = await deciding(t, 3, { POST: [409, JSON.stringify(incomplete)] });
  assert.equal((await sluice.wait("1")).status, "confirmed");
  assert.deepEqual(asked, Array(3).fill("GET /v1/uploads/1 wait=20"));
});

test("who has sent the file says so, where the verdict is late", async (t) => {
  const { asked, url, sluice } = await deciding(t, 3);
  const grant = { kind: "put", method: "PUT", url: `${url}/store`, headers: {}, expires_at: "2026-11-24T13:00:00.000Z" } as const;
  const upload = { ...(await sluice.get("1")), size: 3, grant };
  asked.length = 0;
  assert.equal((await sluice.continueUpload(upload, new Blob(["abc"]))).status, "confirmed");
  assert.deepEqual(asked, ["PUT /store", "GET /v1/uploads/1 wait=20", "POST /v1/uploads/1/complete wait=20"]);
});
