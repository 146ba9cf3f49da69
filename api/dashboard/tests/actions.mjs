// What is done is asked about first, with what and how many: with one, with several, with all that match.

import assert from "node:assert/strict";
import { play } from "./stage.mjs";

await play(
  async ({ page, client }) => {
    const status = async (upload) => (await client.ask("GET", `/v1/uploads/${upload.id}`)).status;
    const row = (name) => page.getByRole("row").filter({ hasText: name });
    const one = await client.declare("one.png");
    const two = await client.declare("two.png");
    const three = await client.declare("three.png");
    const done = await client.upload("sent.png");
    const done2 = await client.upload("also.png");
    await row("one.png").getByRole("link").click();

    await page.getByRole("button", { name: "Cancel" }).click();
    const dialog = page.getByRole("dialog");
    await page.getByRole("dialog", { name: "Cancel 1 upload?" }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Back", "a hasty Enter does nothing that is final");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Cancel", "the focus comes back");
    assert.equal(await status(one), "pending", "nothing was done");
    await page.getByRole("button", { name: "Cancel" }).click();
    await dialog.getByRole("button", { name: "Cancel 1 upload" }).click();
    await page.getByText("Canceled 1 upload.").waitFor();
    await page.getByText("by an operator's call").waitFor();
    assert.equal(await status(one), "canceled");

    await page.getByRole("link", { name: "Uploads" }).click();
    await row("sent.png").getByText("confirmed").waitFor();
    await row("also.png").getByText("confirmed").waitFor();
    for (const name of ["two.png", "three.png", "sent.png"]) await row(name).getByRole("checkbox").check();
    await page.getByText("3 uploads selected").waitFor();
    await page.getByRole("region", { name: "selected" }).getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("dialog", { name: "Cancel 2 uploads?" }).waitFor();
    await dialog.getByText("1 of them is not pending").waitFor();
    await dialog.getByText("three.png").waitFor();
    await dialog.getByRole("button", { name: "Cancel 2 uploads" }).click();
    await dialog.getByText("With 1 upload nothing was done").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    assert.deepEqual([await status(two), await status(three), await status(done)], ["canceled", "canceled", "confirmed"]);

    await page.getByRole("button", { name: "Clear", exact: true }).click();
    await page.getByLabel("Act on all that match").selectOption("delete");
    await page.getByRole("dialog", { name: "Delete 2 uploads?" }).waitFor();
    await dialog.getByText("All that match: any upload.").waitFor();
    const go = dialog.getByRole("button", { name: "Delete 2 uploads" });
    assert.ok(await go.isDisabled(), "the number has to be typed");
    await dialog.getByLabel("Type 2").fill("2");
    await go.click();
    await page.getByText("Deleted 2 uploads.").waitFor();
    await row("also.png").getByText("deleted").waitFor();
    assert.deepEqual([await status(done), await status(done2)], ["deleted", "deleted"]);

    // And all of it is written down.
    await page.getByRole("link", { name: "Actions" }).click();
    await page.getByRole("row").filter({ hasText: "of all that match: declared before" }).getByText("deleted 2 uploads").waitFor();
    await page.getByRole("row").filter({ hasText: one.id }).getByText("canceled upload").waitFor();
    await page.getByText(/^1 not:/).waitFor();
  },
  { at: "/uploads" },
);
