// The application's server of the example: it alone holds the API key, and declares uploads for its page.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { ProblemError, Sluice } from "@sluice/client";

/** @typedef {import("node:http").IncomingMessage} Request */
/** @typedef {import("node:http").ServerResponse} Response */

const TYPES = { html: "text/html; charset=utf-8", css: "text/css", js: "text/javascript" };
/** A declaration is much shorter. */
const LONGEST_BODY = 64 * 1024;

/** The page may send files to any store, and runs no script but its own. */
const HEADERS = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    // Uppy's page puts styles on elements, shows pictures before they are sent, and reads what its signer says.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' blob: data:",
    "connect-src * data:",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

/**
 * Serves the example for a Sluice, at a free port if none is named, and gives its URL. `root` is this package's folder.
 *
 * @param {{ url: string, key: string, port?: number, root?: URL }} settings
 */
export async function serve({ url, key, port = 0, root = new URL("..", import.meta.url) }) {
  const sluice = new Sluice({ url, key });
  const server = createServer((request, response) => {
    answer(sluice, { url, root }, request, response).catch((error) => {
      if (response.headersSent) return response.destroy();
      // What is wrong with a declaration is for its user to know; all else is ours.
      if (error instanceof ProblemError && error.status === 422) {
        return json(response, 422, { detail: error.errors.map(({ detail }) => detail).join(" ") || error.message });
      }
      console.error(error);
      json(response, 500, { detail: "Something went wrong. Try again." });
    });
  });
  await new Promise((listening) => server.listen(port, "127.0.0.1", () => listening(undefined)));
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}

/**
 * @param {Sluice} sluice
 * @param {{ url: string, root: URL }} places
 * @param {Request} request
 * @param {Response} response
 */
async function answer(sluice, { url, root }, request, response) {
  const asked = `${request.method} ${request.url?.split("?")[0]}`;
  // Where the page finds Sluice.
  if (asked === "GET /settings") return json(response, 200, { url });
  if (asked === "POST /uploads") return declare(sluice, request, response);
  const file = asked.startsWith("GET ") && fileAt(asked.slice("GET ".length));
  if (!file) return json(response, 404, { detail: "There is nothing here." });
  const type = TYPES[/** @type {keyof TYPES} */ (file.split(".").at(-1))];
  const content = await readFile(new URL(file, root));
  response.writeHead(200, { ...HEADERS, "content-type": type }).end(content);
}

/**
 * Here a real application asks who is calling, and whether they may upload this.
 *
 * @param {Sluice} sluice
 * @param {Request} request
 * @param {Response} response
 */
async function declare(sluice, request, response) {
  // A page of another site could send a form, but not this type.
  if (request.headers["content-type"] !== "application/json") return json(response, 415, { detail: "Send JSON." });
  const { filename, content_type, size } = JSON.parse(await bodyOf(request));
  json(response, 201, await sluice.create({ filename, content_type, size }));
}

/** @param {Request} request */
async function bodyOf(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > LONGEST_BODY) throw new Error("The body is too long.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/**
 * @param {Response} response
 * @param {number} status
 * @param {unknown} body
 */
function json(response, status, body) {
  response.writeHead(status, { ...HEADERS, "content-type": "application/json" }).end(JSON.stringify(body));
}

/**
 * The file that is served at a path. All are named here, and the library's and the recipes' lie flat in their folders.
 *
 * @param {string} path
 */
function fileAt(path) {
  if (path === "/") return "example/page.html";
  const [, folder, name] = /^\/(?:(client|uppy)\/)?([a-z0-9]+\.(?:html|css|js))$/.exec(path) ?? [];
  if (!name) return undefined;
  if (folder === "client") return `dist/${name}`;
  if (folder === "uppy") return name === "page.html" ? "recipes/uppy/page.html" : `out/uppy/${name}`;
  return ["page.js", "kept.js", "row.js", "page.css"].includes(name) ? `example/${name}` : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { SLUICE_URL: url, SLUICE_API_KEY: key, PORT } = process.env;
  if (!url || !key) throw new Error("SLUICE_URL and SLUICE_API_KEY are not set: set -a; . .dev/env; set +a");
  const { url: here } = await serve({ url, key, port: Number(PORT ?? 3000) });
  console.log(`The example is at ${here}`);
}
