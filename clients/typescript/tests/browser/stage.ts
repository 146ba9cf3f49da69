// What a test in a browser stands on: Chromium, the example's server on an origin of its own, and files to choose.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type BrowserContext, chromium, type Page } from "playwright-core";

import { serve } from "../../example/server.js";
import { Sluice } from "../../src/index.js";
import { pngOf, setting } from "../files.js";

/** A browser that asks nobody but the page's servers for anything. */
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Seen from where this is compiled to. */
const PACKAGE = new URL("../../../", import.meta.url);

/** A stage, and who is on it. */
export interface Stage {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Where the example is. */
  readonly url: string;
  /** The application, with its API key. */
  readonly sluice: Sluice;
  /** Writes a PNG of so many bytes to a file, and gives its path. */
  readonly png: (name: string, size: number) => Promise<string>;
}

/** Plays a test on a stage. No script of the page may fail. */
export async function play(test: (stage: Stage) => Promise<void>): Promise<void> {
  const [url, key] = [setting("SLUICE_URL"), setting("SLUICE_API_KEY")];
  const folder = await mkdtemp(join(tmpdir(), "sluice-browser-"));
  const server = await serve({ url, key, root: PACKAGE });
  const browser = await chromium.launch({ executablePath: setting("SLUICE_TEST_CHROMIUM"), args: QUIET });
  try {
    // Scripts of the test's own are let in.
    const context = await browser.newContext({ bypassCSP: true });
    // Machines are busy.
    context.setDefaultTimeout(60_000);
    const failed: Error[] = [];
    context.on("weberror", (error) => failed.push(error.error()));
    const page = await context.newPage();
    const png = async (name: string, size: number) => {
      const path = join(folder, name);
      await writeFile(path, pngOf(size));
      return path;
    };
    await test({ context, page, url: server.url, sluice: new Sluice({ url, key }), png });
    assert.deepEqual(failed, []);
  } finally {
    await browser.close();
    server.close();
    await rm(folder, { recursive: true });
  }
}

/** A file to choose, as Playwright takes it. */
export function chosen(name: string, mimeType: string, text: string | Buffer) {
  return { name, mimeType, buffer: Buffer.from(text) };
}

/** Lets no more than so many bytes a second leave the page. */
export async function slow(page: Page, bytesPerSecond: number): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 1,
    downloadThroughput: -1,
    uploadThroughput: bytesPerSecond,
  });
}

/** The row of the file with this name. */
export function row(page: Page, name: string) {
  return page.locator("#uploads > .upload").filter({ has: page.getByText(name, { exact: true }) });
}

/** Waits until the row of a file looks like this. */
export async function looks(page: Page, name: string, look: string): Promise<void> {
  await row(page, name).and(page.locator(`[data-look="${look}"]`)).waitFor();
}

/** The ids of uploads that the page remembers. */
export function kept(page: Page): Promise<string[]> {
  return page.evaluate(() => Object.keys(localStorage).map((key) => key.replace("upload:", "")));
}

/** The number of the part that a request puts, if it puts one. */
export function partOf(url: string): number | undefined {
  const part = new URL(url).searchParams.get("partNumber");
  return part === null ? undefined : Number(part);
}
