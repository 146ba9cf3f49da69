// Messages that were kept because no upload could be settled by them.

import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { answer, client, within } from "../api/client.ts";
import { every, type DeadEvent } from "../api/queries.ts";
import { plural } from "../format.ts";
import { Confirm } from "../parts/confirm.tsx";
import { Empty, Loading, More, Page, Stale, Trouble } from "../parts/page.tsx";
import { Raw } from "../parts/raw.tsx";
import { Strange, Time } from "../parts/text.tsx";
import { useMayAct } from "../session.ts";
import { Unavailable } from "./dead-letters.tsx";

const KEY = ["dead events"];

type Doing = { kind: "drop"; event: DeadEvent } | { kind: "drop all"; upTo: DeadEvent };

export function DeadEvents() {
  const queries = useQueryClient();
  const mayAct = useMayAct();
  const [doing, setDoing] = useState<Doing>();
  const list = useInfiniteQuery({
    queryKey: KEY,
    queryFn: ({ pageParam, signal }) =>
      answer(client.GET("/v1/operator/dead-events", { params: { query: pageParam ? { cursor: pageParam } : {} }, ...within(signal) })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: every(30, 10),
  });
  const events = list.data?.pages.flatMap((page) => page.data);
  const newest = events?.[0];
  const changed = () => {
    void queries.invalidateQueries({ queryKey: KEY });
    void queries.invalidateQueries({ queryKey: ["overview"] });
    void queries.invalidateQueries({ queryKey: ["actions"] });
  };
  return (
    <Page
      title="Dead events"
      right={
        mayAct &&
        newest && (
          <button type="button" class="danger" onClick={() => setDoing({ kind: "drop all", upTo: newest })}>
            Drop all
          </button>
        )
      }
    >
      <p class="dim spaced">
        Messages that nobody can read, that have no upload, or that never settled it. They were kept for you to look at: when the cause is
        mended, drop them. Their uploads, if they have any, are still looked at by the sweep.
      </p>
      {list.error && !events && <Unavailable error={list.error} retry={() => void list.refetch()} />}
      {list.error && events && <Stale error={list.error} since={list.dataUpdatedAt} retry={() => void list.refetch()} />}
      {list.isPending && <Loading what="dead events" />}
      {events?.length === 0 && <Empty title="No dead events">Every message led to a verdict, or will. Nothing is to be done here.</Empty>}
      {events && events.length > 0 && (
        <div class="panel scrolled" tabIndex={0} role="region" aria-label="Dead events">
          <table>
            <thead>
              <tr>
                <th>Why it was kept</th>
                <th>Kept</th>
                {mayAct && <th>Actions</th>}
              </tr>
            </thead>
            <tbody>
              {events.map((event) => (
                <tr key={event.id}>
                  <td class="message">
                    <p>
                      <Strange text={event.reason} /> {event.upload_id && <Link href={`/uploads/${event.upload_id}`}>See the upload</Link>}
                    </p>
                    <Body event={event} />
                  </td>
                  <td class="one-line">
                    <Time at={event.at} />
                  </td>
                  {mayAct && (
                    <td>
                      <button type="button" class="small danger" onClick={() => setDoing({ kind: "drop", event })}>
                        Drop
                      </button>
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <More of={list} />
      {doing?.kind === "drop" && (
        <Confirm what="Drop 1 dead event" isFinal go={() => drop(doing.event.id).finally(changed)} onClose={() => setDoing(undefined)}>
          <p>
            <Strange text={doing.event.reason} />
          </p>
          <p>What the message said is gone for good.</p>
        </Confirm>
      )}
      {doing?.kind === "drop all" && (
        <Confirm
          what={list.hasNextPage ? `Drop all dead events, more than ${events?.length ?? 0}` : `Drop ${plural(events?.length ?? 0, "dead event")}`}
          isFinal
          go={() => dropUpTo(doing.upTo.id).finally(changed)}
          onClose={() => setDoing(undefined)}
        >
          <p>
            All up to the newest that you see, kept <Time at={doing.upTo.at} />. What comes meanwhile stays. What the messages said is gone for
            good.
          </p>
        </Confirm>
      )}
    </Page>
  );
}

/** The whole of it is asked for only where the list has cut it off. */
function Body({ event }: { event: DeadEvent }) {
  const [whole, ask] = useState(false);
  const asked = useQuery({
    queryKey: ["dead event", event.id],
    queryFn: ({ signal }) =>
      answer(client.GET("/v1/operator/dead-events/{dead_event_id}", { params: { path: { dead_event_id: event.id } }, ...within(signal) })),
    enabled: whole,
    staleTime: Infinity,
  });
  const shown = asked.data ?? event;
  return (
    <>
      <Raw title={`Message ${event.message_id}`} text={shown.body} label="the message" isCut={shown.is_cut} />
      {shown.is_cut && !asked.error && (
        <button type="button" class="small quiet" onClick={() => ask(true)} disabled={asked.isFetching}>
          Get all of it
        </button>
      )}
      {asked.error && <Trouble error={asked.error} />}
    </>
  );
}

async function drop(id: string): Promise<string> {
  await answer(client.DELETE("/v1/operator/dead-events/{dead_event_id}", { params: { path: { dead_event_id: id } }, ...within() }));
  return "Dropped 1 dead event.";
}

async function dropUpTo(id: string): Promise<string> {
  let dropped = 0;
  let more = true;
  while (more) {
    const came = await answer(client.DELETE("/v1/operator/dead-events", { params: { query: { up_to: id } }, ...within() }));
    dropped += came.dropped;
    more = came.has_more && came.dropped > 0;
  }
  return `Dropped ${plural(dropped, "dead event")}.`;
}
