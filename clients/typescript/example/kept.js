// What is remembered of uploads under way, so that they go on after the page was reloaded or died.

/** @typedef {{ id: string, token: string, name: string, size: number, modified: number }} Kept */

const PREFIX = "upload:";

/**
 * @param {import("@sluice/client").Upload} upload
 * @param {File} file
 */
export function keep(upload, file) {
  const { name, size, lastModified: modified } = file;
  const kept = { id: upload.id, token: upload.upload_token?.token, name, size, modified };
  localStorage.setItem(PREFIX + upload.id, JSON.stringify(kept));
}

/** @param {string} id */
export function forget(id) {
  localStorage.removeItem(PREFIX + id);
}

/** @returns {Kept[]} */
export function all() {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  return keys.map((key) => JSON.parse(localStorage.getItem(key) ?? ""));
}

/**
 * The upload that was begun with this very file.
 *
 * @param {File} file
 */
export function find(file) {
  const { name, size, lastModified: modified } = file;
  return all().find((kept) => kept.name === name && kept.size === size && kept.modified === modified);
}
