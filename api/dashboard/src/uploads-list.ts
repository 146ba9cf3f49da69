// Which rows a list shows: pages that were loaded, and what has come, changed or left since.
//
// The list is read backwards in time from where it was opened. What is newer comes as the first page, asked for again and
// again: it is folded into what is there, so that nothing is lost however many come, and shown only when the reader is ready.

import type { Schemas } from "./api/client.ts";

type Filter = Schemas["UploadFilter"];
type List = Schemas["OperatorUploadList"];

/** A row, and what is known of it beside what it says. */
export type Row = List["data"][number] & {
  /** When it was heard that it has changed, or may have, in milliseconds; what was asked for after that is as it is now. */
  changedAt?: number;
  /** It no longer fits what the list is of. */
  hasLeft?: true;
};

/** A page as it came, with the filter that it was asked for with: its cursor takes no other. */
export interface Page extends Omit<List, "data"> {
  data: Row[];
  asked: Filter;
  /** When it was asked for, in milliseconds. */
  askedAt: number;
  /** The id of its last row as it came, where it was full. */
  end?: string;
}

/** The pages of a list as they are kept. */
export interface Loaded {
  pages: Page[];
  pageParams: unknown[];
}

/** A stretch of the list that was asked for again, page by page: from one row down to another, as far as the pages reach. */
export interface Stretch {
  from: string;
  to: string;
  pages: Page[];
}

/** As many rows as are kept above where the list was opened, while nobody reads further down. */
const KEPT = 400;

export function pageOf(list: List, asked: Filter, askedAt: number): Page {
  const isFull = list.has_more && list.looked_back_to === undefined;
  const end = isFull ? list.data.at(-1)?.id : undefined;
  return { ...list, asked, askedAt, ...(end === undefined ? {} : { end }) };
}

/**
 * The list with its newest page folded in, and the ids of what is new in it. Where the page does not meet what is there, rows in
 * between are missing: there is a gap.
 */
export function folded(loaded: Loaded, newest: Page): { loaded: Loaded; fresh: string[]; gap: boolean } {
  const rows = rowsOf(loaded);
  // Of an empty list nothing is read, and a full page knows how to go on.
  if (rows.length === 0 && newest.end !== undefined) {
    return { loaded: { pages: [newest], pageParams: [undefined] }, fresh: newest.data.map((row) => row.id), gap: false };
  }
  const known = new Set(rows.map((row) => row.id));
  // A page that ended before it was full has looked through many uploads that don't fit.
  const meets = newest.end === undefined || newest.data.some((row) => known.has(row.id));
  if (!meets) return { loaded, fresh: [], gap: true };
  return { ...taken(loaded, newest.data, newest.askedAt, (row) => isWithin(row, newest) || isTooOld(row, newest)), gap: false };
}

/** The list with a stretch of it as it is now. */
export function renewed(loaded: Loaded, { from, to, pages }: Stretch): { loaded: Loaded; fresh: string[] } {
  const [first, last] = [pages[0], pages.at(-1)];
  if (!first || !last) return { loaded, fresh: [] };
  const rows = pages.flatMap((page) => page.data);
  return taken(loaded, rows, first.askedAt, (row) => row.id <= from && row.id >= to && isWithin(row, last));
}

/** Whether a page would hold this row, if it fits: it reaches as far. */
function isWithin(row: Row, page: Page): boolean {
  if (!page.has_more) return true;
  if (page.looked_back_to !== undefined) return Date.parse(row.created_at) >= Date.parse(page.looked_back_to);
  return row.id >= (page.end ?? "");
}

/** A list of the last minutes leaves behind what was in it. */
function isTooOld(row: Row, { asked }: Page): boolean {
  return asked.created_from !== undefined && Date.parse(row.created_at) < Date.parse(asked.created_from);
}

/** The list with these rows, which were all that fit, when they were asked for, among those that they were looked for in. */
function taken(loaded: Loaded, rows: Row[], askedAt: number, wereLookedFor: (row: Row) => boolean): { loaded: Loaded; fresh: string[] } {
  const told = new Map(rows.map((row) => [row.id, row]));
  const now = (row: Row): Row => {
    if ((row.changedAt ?? 0) > askedAt) return row;
    return told.get(row.id) ?? (wereLookedFor(row) ? left(row) : row);
  };
  const known = new Set(rowsOf(loaded).map((row) => row.id));
  let fresh = rows.filter((row) => !known.has(row.id));
  const came: string[] = [];
  const pages = loaded.pages.map((page) => {
    const here = fresh.filter((row) => isWithin(row, page));
    fresh = fresh.filter((row) => !isWithin(row, page));
    came.push(...here.map((row) => row.id));
    const data = page.data.map(now);
    return { ...page, data: here.length > 0 ? [...here, ...data].sort((a, b) => (a.id < b.id ? 1 : -1)) : data };
  });
  // What is older than all that was loaded comes when somebody reads on.
  return { loaded: { ...loaded, pages }, fresh: came };
}

function left({ changedAt: _, ...row }: Row): Row {
  return { ...row, hasLeft: true };
}

/** The list without what no longer fits. */
export function withoutLeft(loaded: Loaded): Loaded {
  if (!rowsOf(loaded).some((row) => row.hasLeft)) return loaded;
  return changed(loaded, (rows) => rows.filter((row) => !row.hasLeft));
}

/** Whether so much has come on top that the list should begin anew, once nobody reads in it. */
export function isLong(loaded: Loaded): boolean {
  return (loaded.pages[0]?.data.length ?? 0) > KEPT;
}

/** The list with statuses as the feed has just told them. The rest of what has changed is to be asked for. */
export function withStatus(loaded: Loaded, told: Map<string, string>, at: number): Loaded {
  const now = (row: Row): Row => (told.has(row.id) ? { ...row, status: told.get(row.id) as Row["status"], changedAt: at } : row);
  return changed(loaded, (rows) => rows.map(now));
}

/** The list where any row may have changed. */
export function outdated(loaded: Loaded, at: number): Loaded {
  return changed(loaded, (rows) => rows.map((row) => ({ ...row, changedAt: at })));
}

function changed(loaded: Loaded, of: (rows: Row[]) => Row[]): Loaded {
  return { ...loaded, pages: loaded.pages.map((page) => ({ ...page, data: of(page.data) })) };
}

export function rowsOf(loaded: Loaded | undefined): Row[] {
  return loaded?.pages.flatMap((page) => page.data) ?? [];
}

/** The rows to show: all but those that are held back, and how many these are. */
export function shown(loaded: Loaded | undefined, held: ReadonlySet<string>): { rows: Row[]; held: number } {
  const all = rowsOf(loaded);
  const rows = held.size === 0 ? all : all.filter((row) => !held.has(row.id));
  return { rows, held: all.length - rows.length };
}
