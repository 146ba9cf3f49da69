// A database that is down is said to be, wherever one is; and when it is back all is as it should be, without anybody's doing.
// Whoever plays this scene stops the database and starts it when it says so.

import assert from "node:assert/strict";
import { play, PATIENCE } from "./stage.mjs";

await play(
  async ({ page, client, context, line }) => {
    const row = (name) => page.getByRole("row").filter({ hasText: name });
    await client.declare("before.png");
    await row("before.png").waitFor();
    const other = await context.newPage();
    await other.goto(`${line.origin}/dashboard`);
    await other.getByText("All is well.").waitFor();

    console.log("stop the database");
    await page.getByText("The connection to the API is lost.").waitFor();
    await row("before.png").waitFor();
    await other.getByText(/Not known since/).waitFor();
    await page.getByLabel("Select before.png").check();
    await page.getByRole("region", { name: "selected" }).getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel 1 upload" }).click();
    await page.getByRole("dialog").getByRole("alert").waitFor();
    await page.keyboard.press("Escape");
    // So is whoever goes to another page.
    await other.getByRole("link", { name: "Uploads" }).click();
    await other.getByText("The page tries again by itself.").waitFor();
    // Whoever comes now is told as well.
    const late = await context.newPage();
    await late.goto(`${line.origin}/dashboard/uploads`);
    await late.getByRole("alert").first().waitFor();
    assert.ok(!(await late.getByRole("heading", { name: "Sign in" }).count()), "nobody is signed out by it");

    console.log("start the database");
    await page.getByText("The connection to the API is lost.").waitFor({ state: "detached", timeout: 2 * PATIENCE });
    await late.getByText("before.png").waitFor({ timeout: 2 * PATIENCE });
    await other.getByText("before.png").waitFor();
    await row("before.png").getByText("pending").waitFor();
    await page.getByRole("button", { name: "Clear", exact: true }).click();
    await client.declare("after.png");
    await row("after.png").waitFor();
  },
  { at: "/uploads" },
);
