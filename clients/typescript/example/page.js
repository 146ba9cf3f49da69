// The page of the example: files go straight to the store, and each row says what became of one.
import { NotConfirmedError, RejectedError, Sluice } from "/client/index.js";

import { all, find, forget, keep } from "./kept.js";
import { Row } from "./row.js";

const { url } = await (await fetch("/settings")).json();
const sluice = new Sluice({ url });

/**
 * The rows of uploads that a former page began, by id.
 *
 * @type {Map<string, Row>}
 */
const interrupted = new Map();

/**
 * Sends a file and shows what becomes of it. One that was begun before goes on where it stopped.
 *
 * @param {File} file
 */
async function send(file) {
  const begun = find(file);
  const row = (begun && interrupted.get(begun.id)) ?? new Row(file);
  const stop = new AbortController();
  const options = { signal: stop.signal, onProgress: row.progress.bind(row) };
  row.show("sending", "Starting");
  row.offer("Cancel", () => cancel(row, file, stop));
  try {
    if (begun) await sluice.resume(begun.id, file, { ...options, token: begun.token });
    else await sluice.continueUpload(await declare(file), file, options);
    settle(row, file, "confirmed", "Confirmed");
  } catch (error) {
    if (!stop.signal.aborted) fail(row, file, error);
  }
}

/** Sluice does not take such a file. */
class RefusedError extends Error {}

/**
 * The application's server declares it, and hands on the upload with its grant and its token.
 *
 * @param {File} file
 * @returns {Promise<import("@sluice/client").Upload>}
 */
async function declare(file) {
  const body = JSON.stringify({ filename: file.name, content_type: file.type, size: file.size });
  const answer = await fetch("/uploads", { method: "POST", headers: { "content-type": "application/json" }, body });
  const upload = await answer.json();
  if (answer.status === 422) throw new RefusedError(upload.detail);
  if (!answer.ok) throw new Error(upload.detail);
  keep(upload, file);
  return upload;
}

/**
 * @param {Row} row
 * @param {File} file
 * @param {AbortController} stop
 */
async function cancel(row, file, stop) {
  // The signal only stops the sending here; the upload itself is canceled after that.
  stop.abort();
  const begun = find(file);
  settle(row, file, "failed", "Canceled");
  if (begun) await sluice.cancel(begun.id, { token: begun.token }).catch(console.error);
}

/**
 * @param {Row} row
 * @param {File} file
 * @param {unknown} error
 */
function fail(row, file, error) {
  if (error instanceof RejectedError) {
    settle(row, file, "failed", "Rejected", error.reasons.map(({ detail }) => detail));
  } else if (error instanceof RefusedError || error instanceof NotConfirmedError) {
    settle(row, file, "failed", error.message);
  } else {
    row.show("interrupted", error instanceof Error ? error.message : String(error));
    row.offer("Try again", () => {
      row.remove();
      void send(file);
    });
  }
}

/**
 * @param {Row} row
 * @param {File} file
 * @param {"confirmed" | "failed"} look
 * @param {string} text
 * @param {string[]} reasons
 */
function settle(row, file, look, text, reasons = []) {
  const begun = find(file);
  if (begun) forget(begun.id);
  row.show(look, text, reasons);
  row.offer("Remove", () => row.remove());
}

for (const begun of all()) {
  const row = new Row(begun);
  row.show("interrupted", "Interrupted. Choose the same file again to go on.");
  row.offer("Cancel", () => {
    forget(begun.id);
    row.remove();
    sluice.cancel(begun.id, { token: begun.token }).catch(console.error);
  });
  interrupted.set(begun.id, row);
}

const drop = /** @type {HTMLElement} */ (document.querySelector("#drop"));
const chooser = /** @type {HTMLInputElement} */ (document.querySelector("#chooser"));

/** @param {FileList | null | undefined} files */
const sendAll = (files) => {
  for (const file of files ?? []) void send(file);
};

chooser.addEventListener("change", () => {
  sendAll(chooser.files);
  // So that the same file can be chosen again.
  chooser.value = "";
});
drop.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  sendAll(event.dataTransfer?.files);
});
