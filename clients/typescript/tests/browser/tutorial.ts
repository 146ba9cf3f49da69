// The tutorial's own function, to the letter, on a page of another origin.
import assert from "node:assert/strict";

import { pngOf, setting } from "../files.js";
import { play } from "./stage.js";

/** From the tutorial. It calls paths, so its page says whose they are. */
const UPLOAD_TO_CLOUD = `
async function uploadToCloud(file) {
  // Step 1: Get the presigned URL
  const urlRes = await fetch("/files/upload-url", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ filename: file.name, mimeType: file.type }),
  });
  const { uploadUrl, key } = await urlRes.json();
  // Step 2: Upload directly to S3
  await fetch(uploadUrl, {
    method: "PUT",
    headers: { "content-type": file.type },
    body: file,
  });
  // Step 3: Confirm with the server
  const confirmRes = await fetch("/files/confirm", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ key, filename: file.name, mimeType: file.type, size: file.size }),
  });
  return confirmRes.json();
}`;

interface Answer {
  id?: string;
  url?: string;
  status?: string;
  code?: string;
}

await play(async ({ page, url }) => {
  const sluice = setting("SLUICE_URL");
  await page.goto(url);
  const toSluice = (href: string) => document.head.prepend(Object.assign(document.createElement("base"), { href }));
  await page.evaluate(toSluice, `${sluice}/`);
  await page.addScriptTag({ content: UPLOAD_TO_CLOUD });
  const upload = (bytes: Buffer): Promise<Answer> =>
    page.evaluate((bytes) => {
      const { uploadToCloud } = globalThis as unknown as { uploadToCloud: (file: File) => Promise<Answer> };
      return uploadToCloud(new File([new Uint8Array(bytes)], "photo.png", { type: "image/png" }));
    }, [...bytes]);

  const confirmed = await upload(pngOf(5000));
  assert.equal(confirmed.url, `/files/${confirmed.id}`);
  const opened = await fetch(sluice + confirmed.url);
  assert.equal(opened.headers.get("content-type"), "image/png");
  assert.ok(Buffer.from(await opened.arrayBuffer()).equals(pngOf(5000)));

  const rejected = await upload(Buffer.from("#!/bin/sh\necho hello\n"));
  assert.deepEqual([rejected.status, rejected.code], [422, "file_rejected"]);
});
