// What tests send, and what they find of it.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";

import type { Sluice } from "../src/index.js";

export const MIB = 1024 * 1024;

/** A setting that whoever runs the test makes. */
export function setting(name: string): string {
  const value = process.env[name];
  assert(value, `${name} is not set: run the tests with ./dev test`);
  return value;
}

const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
  "base64",
);

/** A true PNG with something behind its end, no two parts of which are the same. */
export function pngOf(size: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32BE(Math.imul(at, 2_654_435_761) >>> 0, at);
  PIXEL.copy(bytes);
  return bytes;
}

export function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What the store has of a confirmed upload. */
export async function stored(sluice: Sluice, uploadId: string): Promise<Buffer> {
  const response = await fetch((await sluice.download(uploadId)).url);
  assert.equal(response.status, 200);
  return Buffer.from(await response.arrayBuffer());
}
