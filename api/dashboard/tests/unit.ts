// What the page decides without a browser: how things are written, what is hidden in names, which rows are shown.

import assert from "node:assert/strict";
import { test } from "node:test";
import { asLocal, asMoment, asQuery, between, filterOf, inWords, upTo } from "../src/filters.ts";
import { bytes, count, duration, plural, relative } from "../src/format.ts";
import { pieces, plain } from "../src/hostile.ts";
import {
  folded,
  isLong,
  outdated,
  pageOf,
  renewed,
  rowsOf,
  shown,
  withoutLeft,
  withStatus,
  type Loaded,
  type Page,
  type Row,
} from "../src/uploads-list.ts";

// The reader's clock.
process.env["TZ"] = "UTC";

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
  assert.deepEqual(filter("last=1h&from=2026-01-01T00:00Z"), { created_from: "2026-01-02T02:04:05.000Z" });
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

/** Rows of a list, by number: each was declared so many seconds after the first. */
function row(n: number, status: Row["status"] = "pending"): Row {
  return { id: `id-${String(n).padStart(4, "0")}`, status, created_at: moment(n) } as Row;
}

function moment(n: number): string {
  return new Date(Date.parse("2026-01-02T00:00:00Z") + n * 1000).toISOString();
}

const NEVER: ReadonlySet<string> = new Set();
const EARLY = 1;
const LATE = 9;

function rows(from: number, to: number, but: number[] = []): Row[] {
  return Array.from({ length: from - to + 1 }, (_, n) => from - n)
    .filter((n) => !but.includes(n))
    .map((n) => row(n));
}

/** A page as it was asked for at the time 5. */
function page(data: Row[], has_more = true, other: { looked_back_to?: string } = {}, asked = {}): Page {
  return pageOf({ data, has_more, looked_at: data.length, ...other }, asked, 5);
}

function list(...pages: Page[]): Loaded {
  return { pages, pageParams: pages.map(() => undefined) };
}

const ids = (loaded: Loaded) => rowsOf(loaded).map((row) => Number(row.id.slice(3)));
const leftOf = (loaded: Loaded) => ids(changedTo(loaded, (row) => row.hasLeft === true));
const oldOf = (loaded: Loaded) => ids(changedTo(loaded, (row) => row.changedAt !== undefined));
const changedTo = (loaded: Loaded, fits: (row: Row) => boolean) => list(page(rowsOf(loaded).filter(fits)));

test("what is new is folded in on top, and held back from whoever reads", () => {
  const { loaded, fresh, gap } = folded(list(page(rows(10, 6)), page(rows(5, 1), false)), page(rows(12, 8)));
  assert.deepEqual([ids(loaded), gap], [[12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1], false]);
  assert.deepEqual(fresh, ["id-0012", "id-0011"]);
  assert.equal(shown(loaded, new Set(fresh)).held, 2);
  assert.equal(shown(loaded, new Set(fresh)).rows[0]?.id, "id-0010");
  assert.equal(shown(loaded, NEVER).held, 0);
  assert.deepEqual(folded(loaded, page(rows(12, 8))), { loaded, fresh: [], gap: false }, "the same twice changes nothing");
});

test("a change of what is shown is shown where it stands, and is asked about", () => {
  const told = withStatus(list(page(rows(3, 1), false)), new Map([["id-0001", "expired"]]), LATE);
  assert.deepEqual(rowsOf(told).map((row) => row.status), ["pending", "pending", "expired"]);
  assert.deepEqual(oldOf(told), [1]);
  assert.deepEqual(oldOf(outdated(told, LATE)), [3, 2, 1]);
  const answered = page([row(3), row(2, "confirmed"), row(1, "confirmed")], false);
  assert.deepEqual(rowsOf(folded(told, answered).loaded).map((row) => row.status), ["pending", "confirmed", "expired"], "an answer from before is late");
  const later = folded(told, { ...answered, askedAt: LATE + 1 }).loaded;
  assert.deepEqual(rowsOf(later).map((row) => row.status), ["pending", "confirmed", "confirmed"]);
  assert.deepEqual(oldOf(later), []);
});

test("what no longer fits stays where it is until nobody reads", () => {
  const before = list(page(rows(10, 6)), page(rows(5, 1), false));
  const { loaded } = folded(before, page(rows(12, 6, [9, 10])));
  assert.deepEqual([ids(loaded), leftOf(loaded)], [[12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1], [10, 9]]);
  assert.deepEqual(ids(withoutLeft(loaded)), [12, 11, 8, 7, 6, 5, 4, 3, 2, 1]);
  assert.deepEqual(leftOf(folded(loaded, page(rows(12, 6))).loaded), [], "it may fit again");
  assert.equal(withoutLeft(before), before);
  const minutes = page(rows(10, 6), true, {}, { created_from: moment(3) });
  assert.deepEqual(leftOf(folded(before, minutes).loaded), [2, 1], "of the last minutes the oldest leave");
});

test("a stretch further down is as it is now, with what has left it and what has come into it", () => {
  const before = outdated(list(page(rows(10, 6)), page(rows(5, 1, [3]))), EARLY);
  const stretch = { from: "id-0008", to: "id-0002", pages: [page(rows(8, 5, [7])), page(rows(4, 2), false)] };
  const { loaded, fresh } = renewed(before, stretch);
  assert.deepEqual([ids(loaded), leftOf(loaded), fresh], [[10, 9, 8, 7, 6, 5, 4, 3, 2, 1], [7], ["id-0003"]]);
  assert.deepEqual(oldOf(loaded), [10, 9, 1], "what was not asked about stays to be asked about");
  const cut = renewed(before, { ...stretch, pages: [page(rows(8, 5, [7]))] });
  assert.deepEqual(oldOf(cut.loaded), [10, 9, 4, 2, 1], "as far as the pages reached");
});

test("what is older than all that was loaded waits until somebody reads on", () => {
  const short = list(page(rows(10, 6)));
  assert.deepEqual(ids(folded(short, page(rows(9, 4))).loaded), [10, 9, 8, 7, 6]);
  assert.deepEqual(ids(folded(list(page(rows(10, 6), false)), page(rows(10, 4), false)).loaded), [10, 9, 8, 7, 6, 5, 4], "unless that was all");
});

test("where rows in between are missing there is a gap, and nothing is put over it", () => {
  const short = list(page(rows(10, 6)));
  const { loaded, gap } = folded(short, page(rows(30, 26)));
  assert.deepEqual([ids(loaded), gap], [[10, 9, 8, 7, 6], true]);
  const begun = folded(list(page([], false)), page(rows(30, 26)));
  assert.deepEqual([ids(begun.loaded), begun.gap], [[30, 29, 28, 27, 26], false], "an empty list misses none");
  assert.ok(begun.loaded.pages[0]?.has_more, "and goes on from there");
  assert.equal(folded(short, page(rows(30, 26), false)).gap, false, "nor does one that the newest page is all of");
  assert.ok(!isLong(short));
});

test("a page that looked through many uploads and found few has no rows to miss", () => {
  const before = list(page(rows(10, 6)));
  const { loaded, gap } = folded(before, page([], true, { looked_back_to: moment(9) }));
  assert.deepEqual([ids(loaded), leftOf(loaded), gap], [[10, 9, 8, 7, 6], [10, 9], false]);
});

test("a stretch of a list is asked for by its times, and by what the list is of", () => {
  assert.deepEqual(between({ tenant: "acme" }, moment(1), moment(9)), {
    tenant: "acme",
    created_from: moment(1),
    created_before: "2026-01-02T00:00:09.001Z",
  });
  assert.equal(between({ created_from: moment(3) }, moment(1), moment(9)).created_from, moment(3));
});

test("a moment in the address says the same everywhere, and is typed by the reader's own clock", () => {
  for (const [local, moment] of [
    ["2026-01-02T03:04", "2026-01-02T03:04:00Z"],
    ["2026-01-02T03:04:05", "2026-01-02T03:04:05Z"],
    ["never", ""],
    ["", ""],
  ] as const) {
    assert.equal(asMoment(local), moment);
    assert.equal(asLocal(moment), moment && local);
  }
  assert.equal(asLocal("2026-01-02T03:04:00+02:00"), "2026-01-02T01:04");
});
