// What the page decides without a browser: how things are written, what is hidden in names, which rows are shown.

import assert from "node:assert/strict";
import { test } from "node:test";
import { asQuery, filterOf, inWords, upTo } from "../src/filters.ts";
import { bytes, count, duration, plural, relative } from "../src/format.ts";
import { pieces, plain } from "../src/hostile.ts";
import { folded, isLong, shown, withStatus, type Loaded } from "../src/uploads-list.ts";

test("numbers, sizes, durations and times are written for people", () => {
  assert.equal(count(1234567), "1,234,567");
  assert.equal(plural(1, "upload"), "1 upload");
  assert.equal(plural(2000, "upload"), "2,000 uploads");
  for (const [value, text] of [
    [0, "0 B"],
    [1023, "1,023 B"],
    [1024, "1.0 KiB"],
    [1048575, "1.0 MiB"],
    [5 * 2 ** 30, "5.0 GiB"],
    [20 * 2 ** 20, "20 MiB"],
    [2 ** 53 - 1, "8.0 PiB"],
  ] as const) {
    assert.equal(bytes(value), text);
  }
  for (const [ms, text] of [
    [-5, "0 ms"],
    [340, "340 ms"],
    [2449, "2.4 s"],
    [12_900, "12 s"],
    [200_000, "3 min 20 s"],
    [3_600_000, "1 h"],
    [7_500_000, "2 h 5 min"],
    [273_600_000, "3 d 4 h"],
  ] as const) {
    assert.equal(duration(ms), text);
  }
  const now = Date.parse("2026-01-02T03:04:05Z");
  assert.equal(relative(now - 900, now), "now");
  assert.equal(relative(now + 900, now), "now");
  assert.equal(relative(now - 59_000, now), "59 s ago");
  assert.equal(relative(now - 3_599_000, now), "59 min ago");
  assert.equal(relative(now - 40 * 86_400_000, now), "40 d ago");
  assert.equal(relative(now + 300_000, now), "in 5 min");
});

test("whatever would not be seen in a name is shown by its number, and nothing else is touched", () => {
  for (const text of ["Übersicht März.png", "عربي.png", "写真 🖼️.jpg", "<b>&amp;</b>", ""]) {
    assert.equal(plain(text), text);
  }
  for (const [text, shown] of [
    ["invoice\u202Egnp.exe", "invoice<U+202E>gnp.exe"],
    ["a\u200Bb\u2066c\uFEFF", "a<U+200B>b<U+2066>c<U+FEFF>"],
    ["a\u0000b\nc\u007F\u0085", "a<U+0000>b<U+000A>c<U+007F><U+0085>"],
    ["tag\u{E0041}", "tag<U+E0041>"],
    ["half \uD83D", "half <U+D83D>"],
    ["\u3164\uFFA0\u2028", "<U+3164><U+FFA0><U+2028>"],
  ] as const) {
    assert.equal(plain(text), shown);
  }
  assert.deepEqual(pieces("a\u202Eb"), [{ text: "a" }, { hidden: "\u202E", name: "U+202E" }, { text: "b" }]);
});

test("an address says which uploads are meant, and what it makes no sense of is left out", () => {
  const now = Date.parse("2026-01-02T03:04:05Z");
  const filter = (search: string) => filterOf(new URLSearchParams(search), now);
  assert.deepEqual(filter(""), {});
  assert.deepEqual(filter("status=rejected,nonsense,pending"), { status: ["pending", "rejected"] });
  assert.deepEqual(filter("status=nonsense&from=never&text=%20"), {});
  assert.deepEqual(filter("last=1h&from=2026-01-01T00:00Z"), { created_from: "2026-01-02T02:04:00.000Z" });
  assert.deepEqual(filter("last=between&before=2026-01-01T00:00Z"), { created_before: "2026-01-01T00:00:00.000Z" });
  assert.deepEqual(asQuery(filter("status=pending,expired&tenant=acme")), { status: "pending,expired", tenant: "acme" });
  assert.equal(inWords({}), "any upload");
  assert.equal(inWords({ status: ["pending", "expired"], text: "a" }), "status pending or expired, “a” in the name, the id or the key");
});

test("what is declared after a moment is left out, unless less is meant anyway", () => {
  const at = Date.parse("2026-01-02T03:04:05Z");
  const [earlier, later] = ["2026-01-01T00:00:00.000Z", "2026-01-03T00:00:00.000Z"];
  assert.deepEqual(upTo({ tenant: "acme" }, at), { tenant: "acme", created_before: "2026-01-02T03:04:05.000Z" });
  assert.deepEqual(upTo({ created_before: earlier }, at), { created_before: earlier });
  assert.deepEqual(upTo({ created_before: later }, at), { created_before: "2026-01-02T03:04:05.000Z" });
});

type Row = Loaded["pages"][number]["data"][number];

function row(n: number, status: Row["status"] = "pending"): Row {
  return { id: `id-${String(n).padStart(4, "0")}`, status } as Row;
}

function page(from: number, to: number, has_more = true): Loaded["pages"][number] {
  const data = Array.from({ length: from - to + 1 }, (_, n) => row(from - n));
  return { data, has_more, looked_at: data.length };
}

const ids = (loaded: Loaded, upTo: string | null = null) => shown(loaded, upTo).rows.map((row) => Number(row.id.slice(3)));

test("what is new is folded in on top, and held back from whoever reads", () => {
  const list: Loaded = { pages: [page(10, 6), page(5, 1, false)], pageParams: [undefined, "c"] };
  const { loaded, gap } = folded(list, page(12, 8));
  assert.deepEqual([ids(loaded), gap], [[12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1], false]);
  assert.deepEqual(shown(loaded, "id-0010").held, 2);
  assert.deepEqual(ids(loaded, "id-0010"), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  assert.deepEqual(folded(loaded, page(12, 8)).loaded, loaded, "the same twice changes nothing");
});

test("a change of what is shown is shown where it stands", () => {
  const list: Loaded = { pages: [page(3, 1, false)], pageParams: [undefined] };
  const { loaded } = folded(list, { ...page(3, 1), data: [row(3), row(2, "confirmed"), row(1)] });
  assert.deepEqual(shown(loaded, null).rows.map((row) => row.status), ["pending", "confirmed", "pending"]);
  const told = withStatus(loaded, new Map([["id-0001", "expired"]]));
  assert.deepEqual(shown(told, null).rows.map((row) => row.status), ["pending", "confirmed", "expired"]);
});

test("where rows in between are missing there is a gap, and nothing is put over it", () => {
  const list: Loaded = { pages: [page(10, 6)], pageParams: [undefined] };
  const { loaded, gap } = folded(list, page(30, 26));
  assert.deepEqual([ids(loaded), gap], [[10, 9, 8, 7, 6], true]);
  assert.equal(folded({ pages: [page(0, 1, false)], pageParams: [undefined] }, page(30, 26)).gap, false, "an empty list misses none");
  assert.equal(folded(list, page(30, 26, false)).gap, false, "nor does one that the newest page is all of");
  assert.ok(!isLong(list));
});

test("a page that looked through many uploads and found few has no rows to miss", () => {
  const list: Loaded = { pages: [page(10, 6)], pageParams: [undefined] };
  const short = { data: [], has_more: true, looked_at: 10_000, looked_back_to: "2026-01-02T03:04:05Z" };
  assert.deepEqual(folded(list, short), { loaded: list, gap: false });
});
