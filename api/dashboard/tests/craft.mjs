// Nobody is kept out: axe finds nothing on any page, in light and in dark, and a narrow screen needs no scrolling sideways.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { play } from "./stage.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function isClean(page, where) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ["violations"] })).violations);
  const told = found.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.html} ${node.any.map((any) => any.message)}`).join("\n  ")}`);
  assert.deepEqual(told, [], `axe finds nothing: ${where}`);
}

for (const colorScheme of ["light", "dark"]) {
  await play(
    async ({ page, client }) => {
      const good = await client.upload("holiday.png");
      const bad = await client.upload("script\u200B.png", Buffer.from("#!/bin/sh\n"));
      await client.decided(good.id);
      await client.decided(bad.id);
      await client.declare("pending.png");
      for (const at of ["", "/uploads", "/uploads?text=nothing", `/uploads/${good.id}`, `/uploads/${bad.id}`, "/dead-letters", "/dead-events", "/actions", "/nowhere"]) {
        await page.goto(new URL(`/dashboard${at}`, page.url()).href);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await page.getByText("Loading").waitFor({ state: "detached" });
        await page.waitForTimeout(300);
        await isClean(page, `${at} in ${colorScheme}`);
        for (const width of [1280, 380]) {
          await page.setViewportSize({ width, height: 800 });
          const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(over <= 0, `${at} at ${width} is ${over} too wide`);
        }
        await page.setViewportSize({ width: 1280, height: 900 });
      }
      await page.goto(new URL("/dashboard/uploads", page.url()).href);
      await page.getByRole("checkbox").first().check();
      await isClean(page, `a selection in ${colorScheme}`);
      await page.getByRole("region", { name: "selected" }).getByRole("button", { name: "Delete" }).click();
      await page.getByRole("dialog").waitFor();
      await isClean(page, `a dialog in ${colorScheme}`);
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      await isClean(page, `the sign-in in ${colorScheme}`);
    },
    { colorScheme },
  );
}
