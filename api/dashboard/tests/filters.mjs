// A list is found by its address, and its address by what was chosen; and all of it can be done with keys.

import assert from "node:assert/strict";
import { play, until } from "./stage.mjs";

await play(async ({ page, client }) => {
  await client.upload("holiday.png");
  const bad = await client.upload("script.png", Buffer.from("#!/bin/sh\n"));
  await client.decided(bad.id);
  await client.declare("report.pdf", Buffer.alloc(9), "application/pdf");

  await page.keyboard.press("u");
  await page.getByRole("heading", { name: "Uploads", level: 1 }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Uploads", "the focus is at the page's heading");
  const names = async () => (await page.getByRole("row").getByRole("link").allTextContents()).join();
  await until("all are there", async () => (await names()) === "report.pdf,script.png,holiday.png");

  await page.getByRole("button", { name: /^rejected/ }).click();
  await until("rejected ones are there", async () => (await names()) === "script.png");
  await page.getByRole("button", { name: /^pending/ }).click();
  await until("both are there", async () => (await names()) === "report.pdf,script.png");
  await page.getByLabel("Type: image/*").fill("application/*");
  await until("only the PDF is there", async () => (await names()) === "report.pdf");
  const address = page.url();
  assert.equal(decodeURIComponent(new URL(address).search), "?status=pending,rejected&type=application/*");

  const other = await page.context().newPage();
  await other.goto(address);
  await other.getByRole("link", { name: "report.pdf" }).waitFor();
  assert.equal(await other.getByRole("link", { name: "holiday.png" }).count(), 0, "the address says it all");
  await other.close();

  // What is known is offered, and a moment in the address is one for everybody.
  await page.getByRole("button", { name: "Clear filters" }).click();
  for (const value of ["images", "image/png"]) await page.locator(`datalist option[value="${value}"]`).waitFor({ state: "attached" });
  // Tenants are counted a moment later.
  await until("the tenant is offered", async () => {
    await page.reload();
    await page.getByLabel("Tenant").focus();
    const offered = page.locator('datalist option[value="acme"]').waitFor({ state: "attached", timeout: 1500 });
    return offered.then(() => true, () => false);
  });
  await page.getByLabel("Time").selectOption("15m");
  await until("all are there", async () => (await names()) === "report.pdf,script.png,holiday.png");
  assert.equal(new URL(page.url()).search, "?last=15m");
  await page.getByLabel("Time").selectOption("between");
  await page.getByLabel("Before").fill("2026-01-02T03:04");
  await page.getByText("No upload matches").waitFor();
  assert.equal(new URL(page.url()).searchParams.get("before"), "2026-01-02T01:04:00Z");
  await page.reload();
  await page.getByText("before 2 Jan 2026, 03:04:00").waitFor();
  assert.equal(await page.getByLabel("Before").inputValue(), "2026-01-02T03:04");

  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.keyboard.press("/");
  await page.keyboard.type("HOLI");
  await until("it is found by a part of its name", async () => (await names()) === "holiday.png");
  await page.keyboard.press("Escape");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "holiday.png" }).waitFor();
  await page.goBack();
  await until("one comes back to the same list", async () => (await names()) === "holiday.png");
  assert.ok(page.url().endsWith("?text=HOLI"));

  await page.getByLabel("File name, id").fill("no such file");
  await page.getByText("No upload matches").waitFor();

  await page.getByRole("heading", { name: "Uploads", level: 1 }).click();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });

  await page.goto(new URL("/dashboard/nowhere", page.url()).href);
  await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
  await page.goto(new URL("/dashboard/uploads/0199a6b0-0000-7000-8000-000000000000", page.url()).href);
  await page.getByRole("heading", { name: "No such upload" }).waitFor();
}, { timezoneId: "Europe/Athens" });
