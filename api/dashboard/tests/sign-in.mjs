// Who has no session signs in, whatever the address; and comes back to it when a session has ended.

import assert from "node:assert/strict";
import { play, signIn } from "./stage.mjs";

await play(
  async ({ page, context }) => {
    await page.getByLabel("An API key").fill("sluice_nobody");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("This key is not known").waitFor();
    await page.getByLabel("An API key").fill(process.env.SLUICE_API_KEY);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("not an operator's").waitFor();

    await signIn(page);
    await page.getByRole("heading", { name: "Uploads", level: 1 }).waitFor();
    assert.equal(new URL(page.url()).search, "?status=rejected", "one is where one wanted to be");
    assert.equal(await page.getByRole("button", { name: "rejected", pressed: true }).count(), 1);
    assert.equal(await page.evaluate(() => document.cookie), "", "no script can read the cookie");
    assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length), 0, "nothing is kept in the page");

    // A session that has ended somewhere else is noticed by itself.
    await context.clearCookies();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await signIn(page);
    await page.getByRole("heading", { name: "Uploads", level: 1 }).waitFor();
    assert.equal(new URL(page.url()).search, "?status=rejected");

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  },
  { at: "/uploads?status=rejected", signedIn: false },
);
