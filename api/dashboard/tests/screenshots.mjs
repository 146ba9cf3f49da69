// Takes the pictures of docs/dashboard/ from a running Sluice, which ./dev screenshots has filled: node screenshots.mjs FOLDER

import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";
import { browserPath, clientWith, FLAGS, signIn } from "./stage.mjs";

const { SLUICE_URL, SLUICE_OPERATOR_KEY, SLUICE_API_KEY } = process.env;
const folder = process.argv[2];

mkdirSync(folder, { recursive: true });

// What is at the top of the list is real.
const client = clientWith(SLUICE_API_KEY);
const sent = [
  await client.upload("team photo.png"),
  await client.upload("logo.png", Buffer.from("#!/bin/sh\necho no picture at all\n")),
  await client.upload("Übersicht März.png"),
];
for (const upload of sent) await client.decided(upload.id);
await client.declare("still on its way.png");
const act = (body) => clientWith(SLUICE_OPERATOR_KEY).ask("POST", "/v1/operator/uploads/actions", body);
const lost = await client.declare("lost on the way.png");
await act({ action: "cancel", upload_ids: [lost.id] });

const browser = await chromium.launch({ executablePath: browserPath(), args: FLAGS });
for (const colorScheme of ["light", "dark"]) {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1240, height: 900 }, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.goto(`${SLUICE_URL}/dashboard`);
  await signIn(page, SLUICE_OPERATOR_KEY);
  const shoot = async (name, fullPage) => {
    await page.waitForLoadState("networkidle", { timeout: 3000 }).catch(() => undefined);
    await page.screenshot({ path: `${folder}/${name}-${colorScheme}.png`, fullPage });
    console.log(`${folder}/${name}-${colorScheme}.png`);
  };
  await page.locator("canvas").first().waitFor();
  await page.getByRole("heading", { name: "Last done by hand" }).waitFor();
  await shoot("overview", true);
  await page.getByRole("link", { name: "Uploads" }).click();
  await page.getByRole("row").nth(10).waitFor();
  await shoot("uploads", false);
  await page.getByRole("link", { name: "logo.png" }).click();
  await page.getByText("differs").first().waitFor();
  await shoot("upload", true);
  await context.close();
}
await browser.close();
