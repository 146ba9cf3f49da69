// What nobody could settle is looked at, moved back and dropped, and only after one was asked.

import assert from "node:assert/strict";
import { play } from "./stage.mjs";

await play(async ({ page }) => {
  const dialog = page.getByRole("dialog");
  await page.getByRole("link", { name: "Dead events 1" }).click();
  await page.getByRole("heading", { name: "Dead events", level: 1 }).waitFor();
  await page.getByText(/^Message /).click();
  assert.equal(await page.locator("pre").textContent(), "no <b>event</b>U+202E", "what came stays text");
  await page.getByRole("button", { name: "Drop", exact: true }).click();
  await page.getByRole("dialog", { name: "Drop 1 dead event?" }).waitFor();
  await dialog.getByRole("button", { name: "Drop 1 dead event" }).click();
  await page.getByText("No dead events").waitFor();

  await page.getByRole("link", { name: "Dead letters 2" }).click();
  await page.getByRole("heading", { name: "Dead letters", level: 1 }).waitFor();
  const rows = page.getByRole("row").filter({ has: page.getByRole("button", { name: "Move back" }) });
  await rows.nth(1).waitFor();
  await rows.first().getByRole("button", { name: "Move back" }).click();
  await dialog.getByRole("button", { name: "Move 1 message back" }).click();
  await page.getByText("Moved 1 message back.").waitFor();
  await rows.nth(1).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Move all back" }).click();
  await dialog.getByRole("button", { name: "Move about 1 message back" }).click();
  await page.getByText("No dead letters").waitFor();

  // Nobody can read them any better now, so they are dead events.
  await page.getByRole("link", { name: "Dead events 2" }).click();
  await page.getByRole("button", { name: "Drop all" }).click();
  await page.getByRole("dialog", { name: "Drop 2 dead events?" }).waitFor();
  await dialog.getByRole("button", { name: "Drop 2 dead events" }).click();
  await page.getByText("No dead events").waitFor();
});
