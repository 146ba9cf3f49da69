// Unmodified Uppy sends files through Sluice, whole and in parts, and shows the verdict as its own.
import assert from "node:assert/strict";

import type { Page } from "playwright-core";

import { MIB, pngOf, stored } from "../files.js";
import { chosen, partOf, play } from "./stage.js";

const INPUT = ".uppy-Dashboard-input[type=file]:not([webkitdirectory])";
const LARGE = 12 * MIB;

type Chosen = ReturnType<typeof chosen>;

/** Chooses files, lets Uppy send them, and gives what it says of each by its name. */
async function send(page: Page, files: Chosen[], pausing = false): Promise<Record<string, string>> {
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

await play(async ({ page, url, sluice }) => {
  await page.goto(`${url}/uppy/page.html`);
  const answers: [string, number][] = [];
  const ids: Record<string, string> = {};
  page.on("response", async (response) => {
    if (response.request().method() === "PUT") answers.push([response.url(), response.status()]);
    if (response.url() !== `${url}/uploads`) return;
    const { id, filename } = (await response.json()) as { id: string; filename: string };
    ids[filename] = id;
  });

  const whole = await send(page, [
    chosen("pixel.png", "image/png", pngOf(100)),
    chosen("script.png", "image/png", "#!/bin/sh\necho hello\n"),
  ]);
  assert.equal(whole["pixel.png"], "successful");
  assert.match(whole["script.png"] ?? "", /image\/png was declared; the file is text\/x-shellscript/);
  assert.equal((await sluice.get(ids["script.png"] ?? "")).status, "rejected");

  const inParts = await send(page, [chosen("film.png", "image/png", pngOf(LARGE))], true);
  assert.equal(inParts["film.png"], "successful");
  assert.ok((await stored(sluice, ids["film.png"] ?? "")).equals(pngOf(LARGE)));
  assert.deepEqual(answers.map(([, status]) => status), [200, 200, 200, 200, 200]);
  const parts = answers.flatMap(([url]) => partOf(url) ?? []);
  assert.deepEqual(parts, [1, 2, 3], "what had arrived before the pause was not sent again");
});
