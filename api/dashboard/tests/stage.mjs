// The stage that each test of the page plays on: a browser, a signed-in page, a client that uploads, and what must hold whatever
// is played: nothing breaks the page's policy, nothing is asked of anybody else, and nothing is thrown.

import assert from "node:assert/strict";
import { createServer, connect } from "node:net";
import { chromium } from "playwright-core";

const { SLUICE_URL, SLUICE_OPERATOR_KEY, SLUICE_API_KEY } = process.env;

/** How long anything on the page may take to appear, in milliseconds. */
export const PATIENCE = 15_000;

/** A PNG of one pixel. */
export const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** A browser that asks nobody but the page. */
export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The Chromium that `./dev test` has found. */
export function browserPath() {
  const path = process.env.SLUICE_TEST_CHROMIUM;
  assert.ok(path, "SLUICE_TEST_CHROMIUM is set: run the tests with ./dev test");
  return path;
}

/** Plays a scene, and ends everything. */
export async function play(scene, { colorScheme = "light", key = SLUICE_OPERATOR_KEY, at = "", signedIn = true, blocked, timezoneId = "UTC" } = {}) {
  const line = await startLine(new URL(SLUICE_URL));
  const browser = await chromium.launch({
    executablePath: browserPath(),
    args: FLAGS,
  });
  const context = await browser.newContext({ colorScheme, timezoneId, viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
  context.setDefaultTimeout(PATIENCE);
  if (blocked) await context.route(blocked, (route) => route.abort());
  const page = await context.newPage();
  const seen = watch(page, line.origin);
  try {
    await page.goto(`${line.origin}/dashboard${at}`);
    if (signedIn) await signIn(page, key);
    await scene({ page, context, line, client: clientWith(SLUICE_API_KEY), seen });
    assert.deepEqual(seen.violations, [], "nothing breaks the page's policy");
    assert.deepEqual(seen.foreign, [], "nothing is asked of anybody else");
    assert.deepEqual(seen.thrown, [], "nothing is thrown");
    console.log("played");
  } catch (error) {
    if (process.env.SLUICE_TEST_SHOTS) await page.screenshot({ path: `${process.env.SLUICE_TEST_SHOTS}/failed-${Date.now()}.png` });
    throw error;
  } finally {
    await browser.close();
    line.end();
  }
}

export async function signIn(page, key = SLUICE_OPERATOR_KEY) {
  await page.getByLabel("An API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
}

/** What happened that must not, as it happens. */
function watch(page, origin) {
  const seen = { violations: [], foreign: [], thrown: [] };
  page.on("console", (message) => {
    if (/Content Security Policy|TrustedHTML|TrustedScript/.test(message.text())) seen.violations.push(message.text());
  });
  page.on("pageerror", (error) => seen.thrown.push(String(error)));
  page.on("request", (request) => {
    const url = new URL(request.url());
    // Pictures of uploads come from the store.
    if (url.origin !== origin && request.resourceType() !== "image") seen.foreign.push(request.url());
  });
  return seen;
}

/** The line between the browser and the API, which can be cut and mended. */
async function startLine({ hostname, port }) {
  const open = new Set();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      open.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const cut = () => {
    isCut = true;
    for (const socket of open) socket.destroy();
  };
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    cut,
    mend: () => void (isCut = false),
    end: () => {
      cut();
      server.close();
    },
  };
}

/** A client of the API, as an application would be. */
export function clientWith(key) {
  const ask = async (method, path, body) => {
    const answer = await fetch(SLUICE_URL + path, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
    return answer.json();
  };
  const declare = (filename, bytes = PNG, content_type = "image/png") => ask("POST", "/v1/uploads", { filename, content_type, size: bytes.length });
  return {
    ask,
    declare,
    /** Declares so many pictures, in this order. */
    async declareMany(count, named) {
      const made = [];
      for (let n = 0; n < count; n += 1) made.push(await declare(named(n)));
      return made;
    },
    /** Declares a file and sends these bytes, which need not be what was declared. */
    async upload(filename, bytes = PNG, content_type = "image/png") {
      const upload = await declare(filename, bytes, content_type);
      const sent = await fetch(upload.grant.url, { method: upload.grant.method, headers: upload.grant.headers, body: bytes });
      assert.ok(sent.ok, `the store takes it: ${sent.status}`);
      return upload;
    },
    /** The upload, once there is a verdict. */
    async decided(id) {
      for (let tries = 0; tries < 60; tries += 1) {
        const upload = await ask("GET", `/v1/uploads/${id}`);
        if (upload.status !== "pending") return upload;
        await new Promise((later) => setTimeout(later, 250));
      }
      throw new Error(`${id} stays pending`);
    },
  };
}

/** Waits until something is so. */
export async function until(what, isSo) {
  const end = Date.now() + PATIENCE;
  while (!(await isSo())) {
    if (Date.now() > end) assert.fail(`waited in vain until ${what}`);
    await new Promise((later) => setTimeout(later, 50));
  }
}
