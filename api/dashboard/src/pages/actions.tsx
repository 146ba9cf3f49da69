// Who did what by hand.

import { useInfiniteQuery, useQuery } from "@tanstack/preact-query";
import { Link } from "wouter-preact";
import { answer, client, within, type Schemas } from "../api/client.ts";
import { every } from "../api/queries.ts";
import { inWords } from "../filters.ts";
import { count, plural } from "../format.ts";
import { useNow } from "../now.ts";
import { Empty, Loading, More, Page, Stale, Trouble } from "../parts/page.tsx";
import { Strange, Time } from "../parts/text.tsx";

type Action = Schemas["OperatorAction"];

/** As many as the overview shows. */
const LAST = 5;

/** How long an action may go on until nobody knows how it ended, in milliseconds. */
const GOES_ON = 60_000;

/** What was done, with what, and what that is called. */
const KINDS: Record<string, [did: string, what: string]> = {
  settle: ["had a worker look at", "upload"],
  expire: ["ended the time of", "upload"],
  cancel: ["canceled", "upload"],
  delete: ["deleted", "upload"],
  redrive_dead_letters: ["moved back", "dead letter"],
  delete_dead_letters: ["deleted", "dead letter"],
  purge_dead_letters: ["deleted all dead letters, about", "message"],
  drop_dead_events: ["dropped", "dead event"],
};

function ask(limit: number | undefined, cursor: string | undefined, signal: AbortSignal) {
  const query = { ...(limit === undefined ? {} : { limit }), ...(cursor ? { cursor } : {}) };
  return answer(client.GET("/v1/operator/actions", { params: { query }, ...within(signal) }));
}

/** All of them, newest first. */
export function Actions() {
  const list = useInfiniteQuery({
    queryKey: ["actions", "all"],
    queryFn: ({ pageParam, signal }) => ask(undefined, pageParam, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: every(30, 10),
  });
  const actions = list.data?.pages.flatMap((page) => page.data);
  return (
    <Page title="Actions">
      <p class="dim spaced">What operators have done by hand in the last year, here or through the API.</p>
      {list.error && !actions && <Trouble error={list.error} retry={() => void list.refetch()} />}
      {list.error && actions && <Stale error={list.error} since={list.dataUpdatedAt} retry={() => void list.refetch()} />}
      {list.isPending && <Loading what="actions" />}
      {actions?.length === 0 && <Empty title="No actions">Nobody has done anything by hand. Uploads, dead letters and dead events can be acted on where they are listed.</Empty>}
      {actions && actions.length > 0 && (
        <div class="panel scrolled" tabIndex={0} role="region" aria-label="Actions">
          <Table of={actions} />
        </div>
      )}
      <More of={list} />
    </Page>
  );
}

/** The last few, where they are next to what they may have caused. */
export function LastActions() {
  const last = useQuery({ queryKey: ["actions", "last"], queryFn: ({ signal }) => ask(LAST, undefined, signal), refetchInterval: every(30, 10) });
  if (!last.data || last.data.data.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="last-actions">
      <header>
        <h2 id="last-actions">Last done by hand</h2>
        <Link class="small" href="/actions">
          All actions
        </Link>
      </header>
      <div class="scrolled" tabIndex={0} role="region" aria-label="Table of the last actions">
        <Table of={last.data.data} />
      </div>
    </section>
  );
}

function Table({ of }: { of: Action[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th>Who</th>
          <th>What</th>
          <th>When</th>
        </tr>
      </thead>
      <tbody>
        {of.map((action) => (
          <tr key={action.id}>
            <td class="who-did" title={`Key ${action.key_id}`}>
              {action.key_name ? <Strange text={action.key_name} titled={false} /> : <span class="code">{action.key_id}</span>}
            </td>
            <td>
              <What of={action} />
            </td>
            <td class="one-line">
              <Time at={action.at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function What({ of }: { of: Action }) {
  const began = Date.parse(of.at);
  const isUnknown = useNow((at) => at - began > GOES_ON);
  const [did, what] = KINDS[of.action] ?? ["did something that this page does not know, with", "thing"];
  const isUpload = what === "upload";
  return (
    <>
      {of.done === undefined ? (
        <span>
          {did} {what}s: <span class="dim">{isUnknown ? "nobody knows how it ended" : "goes on"}</span>
        </span>
      ) : of.done === 0 ? (
        <span>
          {did} no {what}
        </span>
      ) : (
        <span>
          {did} {of.subject === undefined ? plural(of.done, what) : what}
        </span>
      )}{" "}
      {of.subject !== undefined && (isUpload ? <Link class="code" href={`/uploads/${of.subject}`}>{of.subject}</Link> : <span class="code">{of.subject}</span>)}
      {of.filter && <span class="dim">of all that match: {inWords(of.filter)}</span>}
      {of.not_done !== undefined && of.not_done > 0 && (
        <div class="dim small">
          {count(of.not_done)} not: {of.why_not}
        </div>
      )}
      {of.not_done === 0 && of.why_not && <div class="dim small">{of.why_not}</div>}
    </>
  );
}
