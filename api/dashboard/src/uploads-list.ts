// Which rows a list shows: pages that were loaded, and what has come or changed since.
//
// The list is read backwards in time from where it was opened. What is newer comes as the first page, asked for again and
// again: it is folded into what is there, so that nothing is lost however many come, and shown only when the reader is ready.

import type { Schemas } from "./api/client.ts";

type Page = Schemas["OperatorUploadList"];
type Row = Page["data"][number];

/** The pages of a list as they are kept: with the cursor that each was asked for with. */
export interface Loaded {
  pages: Page[];
  pageParams: unknown[];
}

/** As many rows as are kept above where the list was opened, while nobody reads further down. */
const KEPT = 400;

/** The list with its newest page folded in. Where it does not meet the others, rows in between are missing: there is a gap. */
export function folded(loaded: Loaded, newest: Page): { loaded: Loaded; gap: boolean } {
  const known = new Set(loaded.pages.flatMap((page) => page.data.map((row) => row.id)));
  // A page that ended before it was full has looked through many uploads that don't fit.
  const isShort = newest.looked_back_to !== undefined;
  const meets = !newest.has_more || isShort || known.size === 0 || newest.data.some((row) => known.has(row.id));
  const changed = new Map(newest.data.map((row) => [row.id, row]));
  const [first, ...others] = loaded.pages.map((page) => ({ ...page, data: page.data.map((row) => changed.get(row.id) ?? row) }));
  if (!first) return { loaded: { pages: [newest], pageParams: [undefined] }, gap: false };
  if (!meets) return { loaded: { ...loaded, pages: [first, ...others] }, gap: true };
  const fresh = newest.data.filter((row) => !known.has(row.id));
  const data = [...fresh, ...first.data].sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
  return { loaded: { ...loaded, pages: [{ ...first, data }, ...others] }, gap: false };
}

/** Whether so much has come on top that the list should begin anew, once nobody reads in it. */
export function isLong(loaded: Loaded): boolean {
  return (loaded.pages[0]?.data.length ?? 0) > KEPT;
}

/** The list with statuses as the feed has told them. The rest of what has changed comes with the newest page. */
export function withStatus(loaded: Loaded, told: Map<string, string>): Loaded {
  const data = (rows: Row[]) => rows.map((row) => (told.has(row.id) ? { ...row, status: told.get(row.id) as Row["status"] } : row));
  return { ...loaded, pages: loaded.pages.map((page) => ({ ...page, data: data(page.data) })) };
}

/** The rows to show: all, or only those up to where the reader began to read, and how many are held back. */
export function shown(loaded: Loaded | undefined, upTo: string | null): { rows: Row[]; held: number } {
  const all = loaded?.pages.flatMap((page) => page.data) ?? [];
  const rows = upTo === null ? all : all.filter((row) => row.id <= upTo);
  return { rows, held: all.length - rows.length };
}
