// Who signs out hears nothing any more, and who signs in after them sees nothing of theirs.

import assert from "node:assert/strict";
import { clientWith, play, signIn, until } from "./stage.mjs";

await play(
  async ({ page, client }) => {
    const feeds = { open: 0, all: 0 };
    const isFeed = (request) => request.url().includes("/v1/operator/events");
    page.on("request", (request) => {
      if (isFeed(request)) feeds.open = ++feeds.all;
    });
    for (const end of ["requestfinished", "requestfailed"]) page.on(end, (request) => isFeed(request) && (feeds.open -= 1));
    await page.reload();
    await page.getByText("Live", { exact: true }).waitFor();
    const upload = await client.upload("first operator's.png");
    await page.getByRole("row").filter({ hasText: "first operator's.png" }).getByText("confirmed").waitFor();
    await page.getByLabel("Tenant").focus();
    await page.locator("datalist option[value=acme]").waitFor({ state: "attached" });

    const asked = [];
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    page.on("request", (request) => asked.push(request.url()));
    await until("the stream has ended", () => feeds.open === 0);
    await client.declare("unheard.png");
    await page.waitForTimeout(2500);
    assert.deepEqual(asked, [], "nothing is asked any more");

    const other = clientWith(process.env.SLUICE_OTHER_API_KEY);
    await other.declare("second operator's.png");
    // From the first moment on.
    await page.evaluate(() => {
      window.seen = "";
      new MutationObserver(() => (window.seen += document.body.innerText)).observe(document.body, { childList: true, subtree: true, characterData: true });
    });
    await signIn(page, process.env.SLUICE_OTHER_OPERATOR_KEY);
    await page.getByRole("row").filter({ hasText: "second operator's.png" }).waitFor();
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("link", { name: /^pending 1$/ }).waitFor();
    const seen = await page.evaluate(() => window.seen);
    assert.ok(seen.includes("second operator's.png"));
    for (const name of ["first operator's.png", "unheard.png", "acme", "Dead letters"]) assert.ok(!seen.includes(name), `${name} is nowhere`);
    await page.goBack();
    await page.getByRole("row").filter({ hasText: "second operator's.png" }).waitFor();
    await page.goto(new URL(`/dashboard/uploads/${upload.id}`, page.url()).href);
    await page.getByRole("heading", { name: "No such upload" }).waitFor();
  },
  { at: "/uploads" },
);
