// The operator of one tenant sees that tenant, and nothing of anybody else.

import assert from "node:assert/strict";
import { clientWith, play } from "./stage.mjs";

await play(
  async ({ page, client }) => {
    const other = clientWith(process.env.SLUICE_OTHER_API_KEY);
    const theirs = await other.declare("theirs.png");
    const own = await client.upload("own.png");
    await client.decided(own.id);

    await page.getByRole("link", { name: /^confirmed 1$/ }).waitFor();
    await page.getByRole("link", { name: /^pending 0$/ }).waitFor();
    await page.getByText("All is well.").waitFor();
    for (const name of ["Workers", "Queue", "API and database"]) assert.equal(await page.getByRole("heading", { name }).count(), 0, name);
    for (const name of ["Dead letters", "Dead events"]) assert.equal(await page.getByRole("link", { name }).count(), 0, name);

    await page.getByRole("link", { name: "Uploads" }).click();
    await page.getByRole("row").filter({ hasText: "own.png" }).waitFor();
    assert.equal(await page.getByText("theirs.png").count(), 0);
    assert.equal(await page.getByLabel("Tenant").count(), 0, "there is only one");
    // What happens to others is not told either.
    await other.ask("DELETE", `/v1/uploads/${theirs.id}`);
    await client.declare("second.png");
    await page.getByRole("row").filter({ hasText: "second.png" }).waitFor();
    assert.equal(await page.getByText("theirs.png").count(), 0);

    for (const [at, says] of [
      [`/uploads/${theirs.id}`, "No such upload"],
      ["/dead-letters", "There is nothing to see here"],
      ["/dead-events", "There is nothing to see here"],
    ]) {
      await page.goto(new URL(`/dashboard${at}`, page.url()).href);
      await page.getByRole("heading", { name: says }).first().waitFor();
    }
    // It may act, on its own.
    await page.goto(new URL(`/dashboard/uploads/${own.id}`, page.url()).href);
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete 1 upload" }).click();
    await page.getByText("Deleted 1 upload.").waitFor();
    await page.getByRole("link", { name: "Actions" }).click();
    await page.getByRole("row").filter({ hasText: own.id }).getByText("deleted upload").waitFor();
  },
  { key: process.env.SLUICE_TENANT_OPERATOR_KEY },
);
