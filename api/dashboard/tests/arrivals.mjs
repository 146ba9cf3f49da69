// What is decided appears by itself, without moving what is being read.

import assert from "node:assert/strict";
import { play, until } from "./stage.mjs";

await play(
  async ({ page, client }) => {
    await page.getByText("No uploads yet").waitFor();
    const good = await client.upload("holiday.png");
    const bad = await client.upload("script.png", Buffer.from("#!/bin/sh\necho no picture\n"));
    const row = (name) => page.getByRole("row").filter({ hasText: name });
    await row("holiday.png").getByText("confirmed").waitFor();
    await row("script.png").getByText("rejected").waitFor();
    await row("script.png").getByText("type_mismatch").waitFor();

    await page.getByRole("button", { name: "Pause" }).click();
    await client.upload("later.png");
    await page.getByRole("button", { name: "1 new" }).waitFor();
    assert.equal(await row("later.png").count(), 0, "what is being read does not move");
    await page.getByRole("button", { name: "1 new" }).click();
    await row("later.png").waitFor();
    await page.getByRole("button", { name: "Paused" }).click();

    // Who has scrolled down reads on, too.
    for (let n = 0; n < 45; n += 1) await client.declare(`filler-${n}.png`);
    await row("filler-44.png").waitFor();
    await page.mouse.wheel(0, 900);
    await until("the page is scrolled", () => page.evaluate(() => scrollY > 300));
    const before = await row("filler-20.png").boundingBox();
    await client.upload("while-reading.png");
    await page.getByRole("button", { name: "1 new" }).waitFor();
    assert.deepEqual(await row("filler-20.png").boundingBox(), before, "nothing has moved");
    await page.keyboard.press("n");
    await row("while-reading.png").waitFor();
    await until("the page is at its top", () => page.evaluate(() => scrollY === 0));

    await row("script.png").getByRole("link").click();
    await page.getByRole("heading", { name: "script.png" }).waitFor();
    assert.ok(page.url().endsWith(`/dashboard/uploads/${bad.id}`));
    await page.getByRole("row", { name: /Type/ }).getByText("differs").waitFor();
    await page.getByText("told by the store's event").first().waitFor();
    assert.equal(await page.getByRole("button", { name: "Download" }).count(), 0, "what was rejected is not given out");

    // The page of one upload is alive as well.
    const pending = await client.declare("slow.png");
    await page.goto(new URL(`/dashboard/uploads/${pending.id}`, page.url()).href);
    await page.getByText("No verdict yet").waitFor();
    await fetch(pending.grant.url, { method: "PUT", headers: pending.grant.headers, body: Buffer.alloc(pending.size, 7) });
    await page.getByText("No verdict yet").waitFor({ state: "detached" });

    await page.goto(new URL(`/dashboard/uploads/${good.id}`, page.url()).href);
    const picture = page.getByRole("img", { name: "What was uploaded as holiday.png" });
    await picture.waitFor();
    await until("the picture is there", () => picture.evaluate((image) => image.complete && image.naturalWidth === 1));
    const given = [];
    page.context().on("response", (response) => given.push(response.headers()["content-disposition"] ?? ""));
    await page.getByRole("button", { name: "Download" }).click();
    await until("the file is given as what is saved", () => given.some((one) => /^attachment;.*holiday\.png/.test(one)));
    assert.ok(page.url().endsWith(`/dashboard/uploads/${good.id}`), "the page stays");
  },
  { at: "/uploads" },
);
