// A lost connection is shown, and heals by itself with all that was missed.

import { play } from "./stage.mjs";

await play(
  async ({ page, client, line }) => {
    await page.getByText("Live", { exact: true }).waitFor();
    await client.upload("before.png");
    const row = (name) => page.getByRole("row").filter({ hasText: name });
    await row("before.png").getByText("confirmed").waitFor();

    line.cut();
    await page.getByText("The connection to the API is lost.").waitFor();
    await page.getByText("No connection", { exact: true }).waitFor();
    await row("before.png").waitFor();
    const missed = await client.upload("missed.png");
    await client.decided(missed.id);

    line.mend();
    await page.getByText("The connection to the API is lost.").waitFor({ state: "detached" });
    await page.getByText("Live", { exact: true }).waitFor();
    await row("missed.png").getByText("confirmed").waitFor();
    await client.upload("after.png");
    await row("after.png").getByText("confirmed").waitFor();
  },
  { at: "/uploads" },
);
