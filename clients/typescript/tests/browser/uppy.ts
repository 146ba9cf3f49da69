// Unmodified Uppy sends files through Sluice, whole and in parts, and shows the verdict as its own.
import assert from "node:assert/strict";

import type { Page } from "playwright-core";

import type { Upload } from "../../src/index.js";
import { MIB, pngOf, stored } from "../files.js";
import { chosen, partOf, play } from "./stage.js";

const INPUT = ".uppy-Dashboard-input[type=file]:not([webkitdirectory])";
const LARGE = 12 * MIB;

type Chosen = ReturnType<typeof chosen>;

/** Opens the page, chooses files, lets Uppy send them, and gives what it says of each by its name. */
async function send(page: Page, url: string, files: Chosen[], pausing = false): Promise<Record<string, string>> {
  await page.goto(`${url}/uppy/page.html`);
  await page.setInputFiles(INPUT, files);
  return page.evaluate(async (pausing) => {
    type File = { name: string; error?: string | null };
    interface Uppy {
      upload(): Promise<{ successful: File[]; failed: File[] }>;
      once(event: string, act: () => void): void;
      pauseAll(): void;
      resumeAll(): void;
    }
    const { uppy } = globalThis as unknown as { uppy: Uppy };
    const pause = () => {
      uppy.pauseAll();
      uppy.resumeAll();
    };
    if (pausing) uppy.once("s3-multipart:part-uploaded", pause);
    const { successful, failed } = await uppy.upload();
    return Object.fromEntries([...successful, ...failed].map(({ name, error }) => [name, error ?? "successful"]));
  }, pausing);
}

/** The id of the upload that was declared of a file. */
function idOf(page: Page, name: string): Promise<string> {
  return page.evaluate((name) => {
    const { uploads } = globalThis as unknown as { uploads: Map<string, Upload> };
    return [...uploads.values()].find(({ filename }) => filename === name)?.id ?? "";
  }, name);
}

await play(async ({ page, url, sluice }) => {
  const answers: [string, number][] = [];
  page.on("response", (response) => {
    if (response.request().method() === "PUT") answers.push([response.url(), response.status()]);
  });

  const whole = await send(page, url, [
    chosen("pixel.png", "image/png", pngOf(100)),
    chosen("script.png", "image/png", "#!/bin/sh\necho hello\n"),
  ]);
  assert.equal(whole["pixel.png"], "successful");
  assert.match(whole["script.png"] ?? "", /image\/png was declared; the file is text\/x-shellscript/);
  assert.equal((await sluice.get(await idOf(page, "script.png"))).status, "rejected");

  const inParts = await send(page, url, [chosen("film.png", "image/png", pngOf(LARGE))], true);
  assert.equal(inParts["film.png"], "successful");
  assert.ok((await stored(sluice, await idOf(page, "film.png"))).equals(pngOf(LARGE)));
  assert.deepEqual(answers.map(([, status]) => status), [200, 200, 200, 200, 200]);
  const parts = answers.flatMap(([url]) => partOf(url) ?? []);
  assert.deepEqual(parts, [1, 2, 3], "what had arrived before the pause was not sent again");
});
