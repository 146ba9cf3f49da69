// Unmodified Uppy on Sluice: its uploads are declared before it begins, and confirmed before it says that it is done.
import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import "@uppy/core/css/style.min.css";
import Dashboard from "@uppy/dashboard";
import "@uppy/dashboard/css/style.min.css";

import { Sluice } from "@sluice/client";

import { signer } from "./signer.js";

const { url } = await (await fetch("/settings")).json();
const sluice = new Sluice({ url });

/**
 * What was declared, by Uppy's ids of files.
 *
 * @type {Map<string, import("@sluice/client").Upload>}
 */
const uploads = new Map();
const uppy = new Uppy();

/**
 * The application's server declares a file. One that is tried again, and still pending, goes on.
 *
 * @param {string} id
 */
async function declare(id) {
  const file = uppy.getFile(id);
  const known = uploads.get(id);
  if (known && (await sluice.get(known.id, { token: known.upload_token?.token })).status === "pending") return;
  const body = JSON.stringify({ filename: file.name, content_type: file.type, size: file.size });
  const answer = await fetch("/uploads", { method: "POST", headers: { "content-type": "application/json" }, body });
  const upload = await answer.json();
  if (!answer.ok) throw new Error(upload.detail);
  uploads.set(id, upload);
}

/**
 * Waits for the verdict on what has been sent.
 *
 * @param {string} id
 */
async function confirm(id) {
  const upload = uploads.get(id);
  const file = uppy.getFile(id);
  // One that has failed before has nothing to wait for.
  if (!upload || file.error) return;
  uppy.emit("postprocess-progress", file, { mode: "indeterminate", message: "Waiting for the verdict" });
  const options = { token: upload.upload_token?.token };
  // Sluice looks at once, should the store's event be lost.
  await sluice.complete(upload.id, options);
  await sluice.wait(upload.id, options);
}

/**
 * Does this for each file, and shows with the file what failed.
 *
 * @param {(id: string) => Promise<void>} work
 * @returns {(ids: string[]) => Promise<void>}
 */
function forEach(work) {
  const one = async (/** @type {string} */ id) => {
    try {
      await work(id);
    } catch (error) {
      uppy.emit("upload-error", uppy.getFile(id), /** @type {Error} */ (error));
    }
  };
  return async (ids) => void (await Promise.all(ids.map(one)));
}

uppy.addPreProcessor(forEach(declare));
uppy.addPostProcessor(forEach(confirm));
uppy.use(Dashboard, { target: "#uppy", inline: true, theme: "auto", width: "100%" });
uppy.use(AwsS3, {
  // What Uppy takes for the object's key only says which file is meant.
  generateObjectKey: ({ id }) => id,
  shouldUseMultipart: ({ id }) => uploads.get(id)?.grant?.kind === "multipart",
  getChunkSize: ({ size }) => partSize(size),
  signRequest: signer(sluice, uploads),
});

/**
 * The size of parts that was granted for a file of this size: Uppy does not say which file it asks for.
 *
 * @param {number} size
 */
function partSize(size) {
  const same = [...uploads.values()].find((upload) => upload.size === size && upload.grant?.kind === "multipart");
  return same?.grant?.kind === "multipart" ? same.grant.part_size : size;
}

// For tests, and for trying it out in the browser's console.
Object.assign(globalThis, { uppy, uploads });
