// Uppy's `signRequest` for Sluice: each request that Uppy would have signed for S3, as a URL of the upload's grant.
//
// Parts and whole files go to the store. What Uppy would ask of S3 besides, to begin, list, complete and abort an upload
// in parts, is done here with the upload's token, and Uppy reads S3's answer from a `data:` URL.

/** @typedef {import("@sluice/client").Sluice} Sluice */
/** @typedef {import("@sluice/client").Upload} Upload */
/** @typedef {{ method: string, key: string, uploadId?: string, partNumber?: number }} Request */
/** @typedef {{ url: string, headers?: Record<string, string> }} Signed */

/**
 * @param {Sluice} sluice
 * @param {ReadonlyMap<string, Upload>} uploads What was declared, by the key that Uppy has for it.
 * @returns {(request: Request) => Promise<Signed>}
 */
export function signer(sluice, uploads) {
  const grants = new Grants(sluice);
  return async ({ method, key, uploadId, partNumber }) => {
    const upload = uploads.get(key);
    if (!upload) throw new Error("This file was not declared.");
    const options = { token: upload.upload_token?.token };
    switch (`${method} ${uploadId ? "parts" : "file"}`) {
      case "PUT file":
      case "PUT parts":
        return grants.of(upload, partNumber);
      case "POST file":
        return xml(`<InitiateMultipartUploadResult><UploadId>${upload.id}</UploadId></InitiateMultipartUploadResult>`);
      case "GET parts":
        return xml(listed(await sluice.parts(upload.id, options)));
      case "POST parts":
        await sluice.complete(upload.id, options);
        return xml(completed(upload));
      case "DELETE parts":
        await sluice.cancel(upload.id, options);
        return xml("<Aborted/>");
      default:
        throw new Error(`${method} is not for uploads.`);
    }
  };
}

/** The URLs of grants. Each is used once: Uppy asks again when it has failed. */
class Grants {
  /** @type {Map<string, Signed>} */
  #unused = new Map();
  /** @type {Set<string>} */
  #seen = new Set();

  /** @param {Sluice} sluice */
  constructor(sluice) {
    this.sluice = sluice;
  }

  /**
   * @param {Upload} upload
   * @param {number} part
   * @returns {Promise<Signed>}
   */
  async of(upload, part = 1) {
    if (!this.#seen.has(upload.id)) this.#add(upload);
    this.#seen.add(upload.id);
    const name = `${upload.id} ${part}`;
    if (!this.#unused.has(name)) {
      const parts = upload.grant?.kind === "multipart" ? [{ part_number: part }] : undefined;
      this.#add(await this.sluice.renew(upload.id, parts, { token: upload.upload_token?.token }));
    }
    const signed = this.#unused.get(name);
    this.#unused.delete(name);
    if (!signed) throw new Error(`There is no part ${part}.`);
    return signed;
  }

  /** @param {Upload} upload */
  #add({ id, grant }) {
    if (grant?.kind === "put") this.#unused.set(`${id} 1`, signed(grant));
    if (grant?.kind !== "multipart") return;
    for (const part of grant.parts) this.#unused.set(`${id} ${part.part_number}`, signed(part));
  }
}

/**
 * Without the length, which browsers set themselves and let no script set.
 *
 * @param {Signed} grant
 * @returns {Signed}
 */
function signed({ url, headers }) {
  const others = Object.entries(headers ?? {}).filter(([name]) => name !== "content-length");
  return { url, headers: Object.fromEntries(others) };
}

/** @param {readonly { part_number: number, etag: string }[]} parts */
function listed(parts) {
  const each = parts.map(({ part_number, etag }) => `<PartNumber>${part_number}</PartNumber><ETag>${etag}</ETag>`);
  return `<ListPartsResult>${each.map((part) => `<Part>${part}</Part>`).join("")}</ListPartsResult>`;
}

/** @param {Upload} upload */
function completed({ id }) {
  const result = `<Location>sluice:${id}</Location><Key>${id}</Key>`;
  return `<CompleteMultipartUploadResult>${result}</CompleteMultipartUploadResult>`;
}

/** @param {string} text */
function xml(text) {
  return { url: `data:application/xml,${encodeURIComponent(text)}` };
}
