// An upload's whole life with the client that openapi-typescript and openapi-fetch make of the OpenAPI document.
import { strict as assert } from "node:assert";

import createClient from "openapi-fetch";

import type { components, paths } from "./schema.js";

type Upload = components["schemas"]["Upload"];
type Grant = components["schemas"]["Grant"];
type Problem = components["schemas"]["Problem"];
type Bytes = Uint8Array<ArrayBuffer>;

const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
  "base64",
);
const MIB = 1024 * 1024;

const api = createClient<paths>({
  baseUrl: setting("SLUICE_URL"),
  headers: { authorization: `Bearer ${setting("SLUICE_API_KEY")}` },
});
const seen = new Set<string>();

function setting(name: string): string {
  const value = process.env[name];
  assert(value, `${name} is not set`);
  return value;
}

/** What an operation answered, which must be no problem. */
function good<T>({ data, error }: { data?: T; error?: Problem }): T {
  assert(data !== undefined, `${error?.code}: ${error?.detail}`);
  return data;
}

async function declared(filename: string, bytes: Bytes): Promise<Upload> {
  const body = { filename, content_type: "image/png", size: bytes.length };
  const upload = good(await api.POST("/v1/uploads", { body }));
  assert.equal(upload.status, "pending");
  seen.add(upload.id);
  return upload;
}

async function sent(url: string, headers: Record<string, string>, bytes: Bytes): Promise<void> {
  const { "content-length": _, ...others } = headers;
  const response = await fetch(url, { method: "PUT", headers: others, body: bytes });
  assert.equal(response.status, 200, await response.text());
}

async function put(grant: Grant | undefined, bytes: Bytes): Promise<void> {
  assert(grant?.kind === "put");
  await sent(grant.url, grant.headers, bytes);
}

async function verdict(upload_id: string): Promise<Upload> {
  const params = { path: { upload_id }, header: { Prefer: "wait=20" } };
  return good(await api.GET("/v1/uploads/{upload_id}", { params }));
}

async function comesBack(upload_id: string, bytes: Bytes): Promise<void> {
  const params = { path: { upload_id } };
  const download = good(await api.GET("/v1/uploads/{upload_id}/download", { params }));
  const response = await fetch(download.url, { method: download.method });
  assert(Buffer.from(await response.arrayBuffer()).equals(bytes));
}

async function aTrueFileIsConfirmedAndComesBack(): Promise<void> {
  const { id, grant } = await declared("pixel.png", PIXEL);
  await put(grant, PIXEL);
  const confirmed = await verdict(id);
  assert.equal(confirmed.status, "confirmed");
  assert.equal(confirmed.object?.size, PIXEL.length);
  await comesBack(id, PIXEL);
}

async function aFalseFileIsRejectedWithReasons(): Promise<void> {
  const script = Buffer.from("#!/bin/sh\necho hello\n");
  const { id, grant } = await declared("holiday.png", script);
  await put(grant, script);
  const rejected = await verdict(id);
  assert.equal(rejected.status, "rejected");
  assert.deepEqual(rejected.reasons?.map(({ code }) => code), ["type_not_allowed", "type_mismatch"]);
}

async function problemsAreTyped(): Promise<void> {
  const body = { filename: "a.png", content_type: "image/png", size: 2 ** 40 };
  const { error: refused, response } = await api.POST("/v1/uploads", { body });
  assert.equal(response.status, 422);
  assert.equal(refused?.code, "invalid_declaration");
  assert.deepEqual(refused.errors?.map(({ pointer, code }) => [pointer, code]), [["/size", "too_large"]]);

  const params = { path: { upload_id: "019b3f7e-5c1d-7c43-9f0e-2b6f6f1f9a10" } };
  const { error: unknown } = await api.GET("/v1/uploads/{upload_id}", { params });
  assert.deepEqual([unknown?.status, unknown?.code], [404, "upload_not_found"]);
}

async function aGrantIsRenewed(): Promise<void> {
  const { id } = await declared("late.png", PIXEL);
  const params = { path: { upload_id: id } };
  const { grant } = good(await api.POST("/v1/uploads/{upload_id}/grant", { params }));
  await put(grant, PIXEL);
  assert.equal((await verdict(id)).status, "confirmed");
}

async function aLargeFileGoesInParts(): Promise<void> {
  const film = Buffer.alloc(11 * MIB, 7);
  PIXEL.copy(film);
  const { id, grant } = await declared("film.png", film);
  assert(grant?.kind === "multipart");
  assert.equal(grant.parts.length, grant.part_count);
  for (const { part_number, size, url, headers } of grant.parts) {
    const begin = (part_number - 1) * grant.part_size;
    await sent(url, headers, film.subarray(begin, begin + size));
  }
  const path = { upload_id: id };
  const parts = good(await api.GET("/v1/uploads/{upload_id}/parts", { params: { path } }));
  assert.deepEqual(parts.data.map(({ size }) => size), [5 * MIB, 5 * MIB, MIB]);
  const params = { path, header: { Prefer: "wait=20" } };
  const sentParts = parts.data.map(({ part_number, etag }) => ({ part_number, etag }));
  good(await api.POST("/v1/uploads/{upload_id}/complete", { params, body: { parts: sentParts } }));
  assert.equal((await verdict(id)).status, "confirmed");
  await comesBack(id, film);
}

async function anUploadIsCanceled(): Promise<void> {
  const { id } = await declared("never.png", PIXEL);
  const params = { path: { upload_id: id } };
  const canceled = good(await api.DELETE("/v1/uploads/{upload_id}", { params }));
  assert.equal(canceled.status, "canceled");
}

async function allAreListedPageByPage(): Promise<void> {
  const listed: string[] = [];
  for (let cursor: string | undefined, more = true; more; ) {
    const page = good(await api.GET("/v1/uploads", { params: { query: { limit: 2, cursor } } }));
    listed.push(...page.data.map(({ id }) => id));
    more = page.has_more;
    cursor = page.next_cursor;
  }
  assert.equal(listed.length, seen.size);
  assert.deepEqual(new Set(listed), seen);
}

for (const step of [
  aTrueFileIsConfirmedAndComesBack,
  aFalseFileIsRejectedWithReasons,
  problemsAreTyped,
  aGrantIsRenewed,
  aLargeFileGoesInParts,
  anUploadIsCanceled,
  allAreListedPageByPage,
]) {
  console.log(step.name);
  await step();
}
