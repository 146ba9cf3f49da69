// All uploads, newest first: found, watched, and acted on.

import { useEffect, useMemo, useState } from "preact/hooks";
import { useSearchParams } from "wouter-preact";
import type { Schemas } from "../api/client.ts";
import { useList } from "../api/list.ts";
import type { Action, Upload } from "../api/queries.ts";
import { filterOf, inWords, PARTS } from "../filters.ts";
import { count, plural } from "../format.ts";
import { useKeys } from "../keys.ts";
import { now } from "../now.ts";
import { ACTIONS, ActionDialog, type Target } from "../parts/act.tsx";
import { Empty, Loading, Page, Stale, Trouble } from "../parts/page.tsx";
import { Time } from "../parts/text.tsx";
import { useMayAct } from "../session.ts";
import { Filters } from "./filters.tsx";
import { Rows } from "./rows.tsx";

type Filter = Schemas["UploadFilter"];

export function Uploads() {
  const [search, setSearch] = useSearchParams();
  const name = PARTS.map((part) => search.get(part) ?? "").join("\n");
  const filter = () => filterOf(search, now());
  const paused = search.get("paused") === "yes";
  const pause = () =>
    setSearch(
      (search) => {
        if (paused) search.delete("paused");
        else search.set("paused", "yes");
        return search;
      },
      { replace: true },
    );
  const [target, setTarget] = useState<{ action: Action; on: Target }>();
  const mayAct = useMayAct();
  return (
    <Page
      title="Uploads"
      right={
        <>
          {mayAct && <Matching filter={filter()} act={(action) => setTarget({ action, on: { kind: "matching", filter: filter() } })} />}
          <button type="button" aria-pressed={paused} onClick={pause}>
            {paused ? "Paused" : "Pause"}
          </button>
        </>
      }
    >
      <Filters />
      <List key={name} name={name} filter={filter} paused={paused} pause={pause} act={(action, uploads) => setTarget({ action, on: { kind: "these", uploads } })} />
      {target && <ActionDialog {...target} onClose={() => setTarget(undefined)} />}
    </Page>
  );
}

/** Acting on all that match, chosen by name. */
function Matching({ filter, act }: { filter: Filter; act: (action: Action) => void }) {
  return (
    <select
      aria-label="Act on all that match"
      value=""
      onChange={(event) => {
        const action = event.currentTarget.value;
        event.currentTarget.value = "";
        if (action in ACTIONS) act(action as Action);
      }}
    >
      <option value="">All that match…</option>
      {Object.entries(ACTIONS)
        .filter(([, { fits }]) => !filter.status || filter.status.includes(fits))
        .map(([action, { name, fits }]) => (
          <option key={action} value={action}>
            {name} all that are {fits}…
          </option>
        ))}
    </select>
  );
}

interface ListProps {
  /** The filter as the address has it. */
  name: string;
  /** What it means now. */
  filter: () => Filter;
  paused: boolean;
  pause: () => void;
  act: (action: Action, uploads: Upload[]) => void;
}

function List({ name, filter, paused, pause, act }: ListProps) {
  const [atTop, top] = useInView(true);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [within, setWithin] = useState(false);
  const reading = paused || !atTop || selected.size > 0 || within;
  const list = useList(name, filter, reading);
  const mayAct = useMayAct();
  const [atEnd, end] = useInView(false);
  const { rows, held, last } = list;

  // By itself as long as it finds anything: a search for what is rare would go through everything.
  const goOn = list.canGoOn && (last?.data.length ?? 0) > 0;
  useEffect(() => {
    if (atEnd && goOn && !list.isGoingOn) list.goOn();
  }, [atEnd, goOn, list.isGoingOn, rows.length]);

  const showNew = () => {
    setSelected(new Set());
    // The button that has the focus goes away, which nobody is told.
    setWithin(false);
    list.showNew();
    scrollTo({ top: 0 });
  };
  useKeys({ p: pause, n: showNew });

  const chosen = rows.filter((row) => selected.has(row.id));
  if (list.error && rows.length === 0) return <Trouble error={list.error} retry={list.again} />;
  if (!last) return <Loading what="uploads" />;
  return (
    <div onFocusIn={() => setWithin(true)} onFocusOut={() => setWithin(false)}>
      <div ref={top} />
      {list.stale && <Stale {...list.stale} />}
      {held > 0 && (
        <div class="pill">
          <button type="button" class="main" onClick={showNew}>
            {list.gap ? `More than ${count(held)}` : count(held)} new
          </button>
        </div>
      )}
      {rows.length === 0 && !list.canGoOn ? (
        <None filter={filter()} />
      ) : (
        <Rows rows={rows} selected={selected} select={mayAct ? setSelected : undefined} />
      )}
      <div class="foot" ref={end}>
        <Foot list={list} />
      </div>
      {chosen.length > 0 && (
        <div class="acting" role="region" aria-label="What to do with the selected uploads">
          <strong>{plural(chosen.length, "upload")} selected</strong>
          {(Object.keys(ACTIONS) as Action[])
            .filter((action) => chosen.some((upload) => upload.status === ACTIONS[action].fits))
            .map((action) => (
              <button key={action} type="button" class={ACTIONS[action].isFinal ? "danger" : ""} onClick={() => act(action, chosen)}>
                {ACTIONS[action].name}
              </button>
            ))}
          <button type="button" class="quiet" onClick={() => setSelected(new Set())}>
            Clear
          </button>
        </div>
      )}
    </div>
  );
}

function Foot({ list }: { list: ReturnType<typeof useList> }) {
  if (list.isGoingOn) return <span role="status">Loading more…</span>;
  if (list.error) return <Trouble error={list.error} retry={list.goOn} isTriedAgain={false} />;
  if (list.canGoOn) {
    return (
      <>
        {list.last?.looked_back_to && (
          <span>
            Looked back to what was declared <Time at={list.last.looked_back_to} />.
          </span>
        )}
        <button type="button" class="small" onClick={list.goOn}>
          {list.last?.looked_back_to ? "Look further back" : "More"}
        </button>
      </>
    );
  }
  return list.rows.length > 0 ? <span>That is all of them: {plural(list.rows.length, "upload")}.</span> : null;
}

function None({ filter }: { filter: Filter }) {
  if (Object.keys(filter).length > 0) {
    return (
      <Empty title="No upload matches">
        Nothing was found with {inWords(filter)}. Take a filter away, or look further back.
      </Empty>
    );
  }
  return (
    <Empty title="No uploads yet">
      As soon as a client declares one, it appears here. <code>./dev demo</code> sends four; <a href="/docs">the API's documentation</a> shows how
      to declare your own.
    </Empty>
  );
}

/** The list of a filter: what was loaded, with what has come since folded in. While somebody reads, what is new is held back. */
/** Whether an element is in view. */
function useInView(first: boolean): [boolean, preact.RefCallback<HTMLElement>] {
  const [inView, set] = useState(first);
  const observer = useMemo(() => new IntersectionObserver((all) => set(all.at(-1)?.isIntersecting ?? first), { rootMargin: "80px" }), []);
  useEffect(() => () => observer.disconnect(), []);
  const ref = useMemo(() => (element: HTMLElement | null) => {
    observer.disconnect();
    if (element) observer.observe(element);
  }, []);
  return [inView, ref];
}
