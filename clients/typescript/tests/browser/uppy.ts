// Unmodified Uppy sends files through Sluice, whole and in parts, and shows the verdict as its own.
import assert from "node:assert/strict";

import { MIB, pngOf, stored } from "../files.js";
import { type Stage, chosen, play } from "./stage.js";

const INPUT = ".uppy-Dashboard-input[type=file]:not([webkitdirectory])";
const LARGE = 12 * MIB;

/** Lets Uppy send what was chosen, and gives what it says of the files by name. */
async function send({ page }: Stage): Promise<Record<string, string>> {
  return page.evaluate(async () => {
    type File = { name: string; error?: string | null };
    type Result = { successful: File[]; failed: File[] };
    const { uppy } = globalThis as unknown as { uppy: { upload: () => Promise<Result> } };
    const { successful, failed } = await uppy.upload();
    const each = [...successful, ...failed].map(({ name, error }) => [name, error ?? "successful"] as const);
    return Object.fromEntries(each);
  });
}

await play(async (stage) => {
  const { page, url, sluice } = stage;
  await page.goto(`${url}/uppy/page.html`);
  await page.setInputFiles(INPUT, [
    chosen("pixel.png", "image/png", pngOf(100)),
    chosen("film.png", "image/png", pngOf(LARGE)),
    chosen("script.png", "image/png", "#!/bin/sh\necho hello\n"),
  ]);
  const puts = new Map<string, number>();
  const ids: Record<string, string> = {};
  page.on("response", async (response) => {
    if (response.request().method() === "PUT") puts.set(response.url(), response.status());
    if (response.url() !== `${url}/uploads`) return;
    const { id, filename } = (await response.json()) as { id: string; filename: string };
    ids[filename] = id;
  });

  const said = await send(stage);
  assert.equal(said["pixel.png"], "successful");
  assert.equal(said["film.png"], "successful");
  assert.match(said["script.png"] ?? "", /image\/png was declared; the file is text\/x-shellscript/);
  assert.equal(puts.size, 2 + 3, "two whole files, and three parts");
  assert.ok([...puts.values()].every((status) => status === 200));
  assert.ok((await stored(sluice, ids["film.png"] ?? "")).equals(pngOf(LARGE)));
  assert.equal((await sluice.get(ids["script.png"] ?? "")).status, "rejected");
});
