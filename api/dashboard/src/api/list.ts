// The list of uploads: how it is asked for, kept as it is now, and shown to somebody who reads in it or not.

import { useInfiniteQuery, useQuery, useQueryClient, type InfiniteData } from "@tanstack/preact-query";
import { useEffect, useRef, useState } from "preact/hooks";
import { asQuery, between } from "../filters.ts";
import { linkState } from "../link.ts";
import { folded, isLong, pageOf, renewed, rowsOf, shown, withoutLeft, type Loaded, type Page, type Row, type Stretch } from "../uploads-list.ts";
import { answer, client, within, type Schemas } from "./client.ts";
import { every } from "./queries.ts";

type Filter = Schemas["UploadFilter"];

const NONE: ReadonlySet<string> = new Set();

/** Where a page of the list begins: behind a cursor, which goes with the filter that it came from. */
type Place = { cursor: string; asked: Filter } | undefined;

/** As many pages as one look at what may have changed asks for. */
const LOOKED_THROUGH = 20;

async function ask(filter: Filter, cursor: string | undefined, signal: AbortSignal, limit?: number): Promise<Page> {
  const askedAt = Date.now();
  const query = { ...asQuery(filter), ...(cursor === undefined ? {} : { cursor }), ...(limit === undefined ? {} : { limit }) };
  return pageOf(await answer(client.GET("/v1/operator/uploads", { params: { query }, ...within(signal) })), filter, askedAt);
}

/** All from the first to the last of these rows, as it is now. */
async function askAgain(filter: Filter, rows: Row[], signal: AbortSignal): Promise<Stretch | null> {
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) return null;
  const asked = between(filter, last.created_at, first.created_at);
  const pages: Page[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask(asked, cursor, signal, 100);
    pages.push(page);
    cursor = page.next_cursor;
  } while (cursor !== undefined && pages.length < LOOKED_THROUGH);
  return { from: first.id, to: last.id, pages };
}

/** The list of this name, of what its filter means now; while somebody reads in it nothing that is shown moves. */
export function useList(name: string, filterNow: () => Filter, reading: boolean) {
  const queries = useQueryClient();
  const key = ["uploads", "pages", name];
  const pages = useInfiniteQuery<Page, Error, InfiniteData<Page>, unknown[], Place>({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => ask(pageParam?.asked ?? filterNow(), pageParam?.cursor, signal),
    initialPageParam: undefined,
    getNextPageParam: (page) => (page.next_cursor === undefined ? undefined : { cursor: page.next_cursor, asked: page.asked }),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    // Where it could not be opened, it is tried again. What is there is kept up to date otherwise.
    refetchInterval: (query) => (query.state.data ? false : 5000),
  });
  // Opened a moment ago, the list is its own newest page.
  const first = pages.data?.pages[0];
  const newest = useQuery({
    queryKey: ["uploads", "newest", name],
    queryFn: ({ signal }) => ask(filterNow(), undefined, signal),
    refetchInterval: every(15, 4),
    enabled: pages.isSuccess,
    staleTime: 1000,
    ...(first ? { initialData: first, initialDataUpdatedAt: pages.dataUpdatedAt } : {}),
  });
  // Rows further down that have changed. While the feed is closed nobody says which have.
  const older = useQuery({
    queryKey: ["uploads", "older", name],
    queryFn: ({ signal }) => {
      const rows = rowsOf(queries.getQueryData<Loaded>(key));
      return askAgain(filterNow(), linkState() === "live" ? rows.filter((row) => row.changedAt) : rows, signal);
    },
    refetchInterval: () => (linkState() === "live" ? false : 15_000),
    enabled: pages.isSuccess,
    staleTime: Infinity,
    initialData: null,
  });
  const [gap, setGap] = useState(false);
  const [held, setHeld] = useState<ReadonlySet<string>>(NONE);
  const anew = (page: Page) => {
    setGap(false);
    setHeld(NONE);
    queries.setQueryData<Loaded>(key, { pages: [page], pageParams: [undefined] });
  };
  const take = ({ loaded, fresh }: { loaded: Loaded; fresh: string[] }) => {
    if (reading && fresh.length > 0) setHeld((held) => new Set([...held, ...fresh]));
    queries.setQueryData<Loaded>(key, reading ? loaded : withoutLeft(loaded));
  };

  useOnNew(newest.dataUpdatedAt, () => {
    const [page, loaded] = [newest.data, queries.getQueryData<Loaded>(key)];
    if (!page || !loaded) return;
    const came = folded(loaded, page);
    if (!reading && (came.gap || isLong(came.loaded))) return anew(page);
    setGap(came.gap);
    take(came);
    if (rowsOf(came.loaded).some((row) => row.changedAt)) void older.refetch({ cancelRefetch: false });
  });
  useOnNew(older.dataUpdatedAt, () => {
    const loaded = queries.getQueryData<Loaded>(key);
    if (older.data && loaded) take(renewed(loaded, older.data));
  });
  useEffect(() => {
    const loaded = queries.getQueryData<Loaded>(key);
    if (reading || !loaded) return;
    if (newest.data && (gap || isLong(loaded))) return anew(newest.data);
    setHeld(NONE);
    queries.setQueryData<Loaded>(key, withoutLeft(loaded));
  }, [reading]);

  const loaded = pages.data as Loaded | undefined;
  const { rows, held: amount } = shown(loaded, reading ? held : NONE);
  return {
    rows,
    held: amount + (gap ? (newest.data?.data.length ?? 0) : 0),
    gap,
    last: loaded?.pages.at(-1),
    error: pages.error,
    stale: newest.error && { error: newest.error, since: newest.dataUpdatedAt, retry: () => void newest.refetch() },
    canGoOn: pages.hasNextPage,
    isGoingOn: pages.isFetchingNextPage,
    goOn: () => void pages.fetchNextPage(),
    again: () => void pages.refetch(),
    showNew: () => {
      if (gap && newest.data) return anew(newest.data);
      setHeld(NONE);
      queries.setQueryData<Loaded>(key, (loaded) => loaded && withoutLeft(loaded));
    },
  };
}

/** Does something with each answer that comes after the first, once. */
function useOnNew(at: number, did: () => void) {
  const seen = useRef(at);
  useEffect(() => {
    if (at === seen.current) return;
    seen.current = at;
    did();
  }, [at]);
}
