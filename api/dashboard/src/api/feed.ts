// The live feed: it says that something has changed, and what was asked about it is asked again. What it says is a signal and
// never the whole truth, so nothing depends on hearing all of it.

import { useQueryClient, type QueryClient } from "@tanstack/preact-query";
import { useEffect } from "preact/hooks";
import { feedIs, linkState, onReturn } from "../link.ts";
import { outdated, withStatus, type Loaded } from "../uploads-list.ts";

/** How long changes are gathered before anything is asked, in milliseconds: a burst is asked about once. */
const GATHER = 300;

/** The least time between two times of asking, in milliseconds. */
const REST = 1500;

/** The least time between two times of asking for all: where some requests fail and others don't, each may look like a return. */
const REST_AFTER_ALL = 5000;

/** How long after a feed has ended the next is tried, in milliseconds; the longer the more often it has failed. */
const AGAIN = [500, 1000, 2000, 5000, 10_000];

interface Change {
  id: string;
  status: string;
}

/** Keeps the feed open while somebody is signed in. */
export function useFeed() {
  const queries = useQueryClient();
  useEffect(() => {
    const gathered = gather(queries);
    const feed = keepOpen(gathered.add, gathered.all);
    const returned = onReturn(() => {
      gathered.all();
      feed.now();
    });
    return () => {
      returned();
      feed.close();
      gathered.end();
    };
  }, [queries]);
}

/** Opens the feed again and again. A browser does so by itself only where it was open and broke off. */
function keepOpen(changed: (change: Change) => void, missed: () => void) {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let last = "";
  const open = () => {
    clearTimeout(timer);
    source?.close();
    // A place that is not known any more must not keep the feed closed, and an outage is no reason to forget it: in turn.
    const behind = failures > 2 && failures % 2 === 1 ? "" : last;
    source = new EventSource(`/v1/operator/events${behind && `?after=${encodeURIComponent(behind)}`}`);
    source.addEventListener("open", () => {
      // What happened before is in the feed only if it knows where we were.
      if (!behind) {
        last = "";
        missed();
      }
      failures = 0;
      feedIs(true);
    });
    source.addEventListener("change", (event: MessageEvent<string>) => {
      last = event.lastEventId || last;
      const change = changeOf(event.data);
      if (change) changed(change);
    });
    source.addEventListener("error", () => {
      feedIs(false);
      source?.close();
      timer = setTimeout(open, AGAIN[Math.min(failures, AGAIN.length - 1)]);
      failures += 1;
    });
  };
  open();
  return {
    now: () => {
      if (linkState() !== "live") open();
    },
    close: () => {
      clearTimeout(timer);
      source?.close();
      feedIs(false);
    },
  };
}

function changeOf(data: string): Change | undefined {
  try {
    const said: unknown = JSON.parse(data);
    if (typeof said !== "object" || said === null || !("id" in said) || !("status" in said)) return undefined;
    return typeof said.id === "string" && typeof said.status === "string" ? { id: said.id, status: said.status } : undefined;
  } catch {
    return undefined;
  }
}

/** What is asked again when something may have been missed. */
const ALIVE = ["overview", "activity", "uploads", "upload", "dead events", "actions"];

/** The lists of uploads, where what changes is noted. Asking for it is up to them. */
const LISTS = ["uploads", "pages"];

/** Asks again for what is shown; while nobody sees the page, not before somebody does. What is being asked is not asked twice. */
function again(queries: QueryClient, is: (key: readonly unknown[]) => boolean) {
  const refetchType = document.hidden ? "none" : "active";
  void queries.invalidateQueries({ predicate: (query) => is(query.queryKey), refetchType }, { cancelRefetch: false });
}

/** Gathers changes, shows at once what they say, and asks for the rest. */
function gather(queries: QueryClient) {
  let changes = new Map<string, string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;
  let timerOfAll: ReturnType<typeof setTimeout> | undefined;
  let askedAll = 0;
  const flushAll = () => {
    timerOfAll = undefined;
    askedAll = Date.now();
    queries.setQueriesData<Loaded>({ queryKey: LISTS }, (loaded) => loaded && outdated(loaded, askedAll));
    again(queries, (key) => ALIVE.includes(String(key[0])) && (key[0] !== "uploads" || key[1] === "newest"));
  };
  const flush = () => {
    timer = undefined;
    asked = Date.now();
    const all = changes;
    changes = new Map();
    queries.setQueriesData<Loaded>({ queryKey: LISTS }, (loaded) => loaded && withStatus(loaded, all, asked));
    again(queries, (key) => key[0] === "overview" || key[1] === "newest" || (key[0] === "upload" && all.has(String(key[1]))));
  };
  return {
    add: (change: Change) => {
      changes.set(change.id, change.status);
      timer ??= setTimeout(flush, Math.max(GATHER, asked + REST - Date.now()));
    },
    all: () => void (timerOfAll ??= setTimeout(flushAll, Math.max(0, askedAll + REST_AFTER_ALL - Date.now()))),
    end: () => {
      clearTimeout(timer);
      clearTimeout(timerOfAll);
    },
  };
}
