// The dead-letter queue: what the queue gave up, and how it gets back.

import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { answer, client, within } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { DeadLetter } from "../api/queries.ts";
import { count, plural } from "../format.ts";
import { Confirm } from "../parts/confirm.tsx";
import { Empty, Loading, Page, Stale, Trouble } from "../parts/page.tsx";
import { Raw } from "../parts/raw.tsx";
import { Strange, Time } from "../parts/text.tsx";
import { useMayAct } from "../session.ts";

/** As many as are looked at first, and at the most: a queue has no pages. */
const FIRST = 50;
const MOST = 1000;

type Doing = { kind: "redrive" | "delete"; letter: DeadLetter } | { kind: "redrive all" | "purge" };

export function DeadLetters() {
  const queries = useQueryClient();
  const mayAct = useMayAct();
  const [limit, setLimit] = useState(FIRST);
  const [doing, setDoing] = useState<Doing>();
  const letters = useQuery({
    queryKey: ["dead letters", limit],
    queryFn: ({ signal }) => answer(client.GET("/v1/operator/dead-letters", { params: { query: { limit } }, ...within(signal) })),
    // Looking hides the messages from others for a moment, so nobody looks without being asked to.
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  });
  const changed = () => {
    void queries.invalidateQueries({ queryKey: ["dead letters"] });
    void queries.invalidateQueries({ queryKey: ["overview"] });
    void queries.invalidateQueries({ queryKey: ["actions"] });
  };
  const { data } = letters;
  return (
    <Page
      title="Dead letters"
      right={
        <>
          <button type="button" onClick={() => void letters.refetch()} disabled={letters.isFetching}>
            Look again
          </button>
          {mayAct && data && data.data.length > 0 && (
            <>
              <button type="button" onClick={() => setDoing({ kind: "redrive all" })}>
                Move all back
              </button>
              <button type="button" class="danger" onClick={() => setDoing({ kind: "purge" })}>
                Delete all
              </button>
            </>
          )}
        </>
      }
    >
      <p class="dim spaced">
        Messages that were handed out again and again and never answered, as when one ends every worker that takes it. Mend the cause, then move
        them back: what was settled meanwhile is not settled twice.
      </p>
      {letters.error && !data && <Unavailable error={letters.error} retry={() => void letters.refetch()} isTriedAgain={false} />}
      {letters.error && data && <Stale error={letters.error} since={letters.dataUpdatedAt} retry={() => void letters.refetch()} />}
      {letters.isPending && <Loading what="dead letters" />}
      {data?.data.length === 0 && (
        <Empty title="No dead letters">
          {data.total > 0
            ? `The queue counts about ${plural(data.total, "message")}, but none could be looked at now: somebody else has them in hand. Look again in a minute.`
            : "The queue has given up no message. Nothing is to be done here."}
        </Empty>
      )}
      {data && data.data.length > 0 && (
        <>
          <div class="panel scrolled" tabIndex={0} role="region" aria-label="Dead letters">
            <table>
              <thead>
                <tr>
                  <th>It speaks of</th>
                  <th class="number">Handed out</th>
                  <th>Sent</th>
                  {mayAct && <th>Actions</th>}
                </tr>
              </thead>
              <tbody>
                {data.data.map((letter) => (
                  <tr key={letter.message_id}>
                    <td class="message">
                      <p>
                        <Strange text={letter.says} /> {letter.upload_id && <Link href={`/uploads/${letter.upload_id}`}>See the upload</Link>}
                      </p>
                      <Raw title={`Message ${letter.message_id}`} text={letter.body} label="the message" isCut={letter.is_cut} />
                    </td>
                    <td class="number one-line">{plural(letter.times, "time")}</td>
                    <td class="one-line">{letter.sent_at && <Time at={letter.sent_at} />}</td>
                    {mayAct && (
                      <td class="one-line">
                        <button type="button" class="small" onClick={() => setDoing({ kind: "redrive", letter })}>
                          Move back
                        </button>{" "}
                        <button type="button" class="small danger" onClick={() => setDoing({ kind: "delete", letter })}>
                          Delete
                        </button>
                      </td>
                    )}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <div class="foot">
            <span>
              {count(data.data.length)} of about {count(Math.max(data.total, data.data.length))}
              {data.hidden > 0 && `; ${count(data.hidden)} are in somebody's hand for up to a minute`}
            </span>
            {data.has_more && limit < MOST && (
              <button type="button" class="small" onClick={() => setLimit(MOST)}>
                Look at up to {count(MOST)}
              </button>
            )}
          </div>
        </>
      )}
      {doing && <Asked doing={doing} total={Math.max(data?.total ?? 0, data?.data.length ?? 0)} changed={changed} onClose={() => setDoing(undefined)} />}
    </Page>
  );
}

/** Some troubles here are how the service was set up, and none at all. */
export function Unavailable({ error, retry, isTriedAgain = true }: { error: unknown; retry: () => void; isTriedAgain?: boolean }) {
  if (error instanceof Problem && (error.code === "no_dead_letter_queue" || error.code === "all_tenants_needed")) {
    return <Empty title="There is nothing to see here">{error.detail}</Empty>;
  }
  return <Trouble error={error} retry={retry} isTriedAgain={isTriedAgain} />;
}

function Asked({ doing, total, changed, onClose }: { doing: Doing; total: number; changed: () => void; onClose: () => void }) {
  const after = async (said: Promise<string>) => {
    try {
      return await said;
    } finally {
      changed();
    }
  };
  const about = `about ${plural(total, "message")}`;
  switch (doing.kind) {
    case "redrive":
      return (
        <Confirm what="Move 1 message back" isFinal={false} go={() => after(redrive(doing.letter.message_id))} onClose={onClose}>
          <p>
            <Strange text={doing.letter.says} />
          </p>
          <p>It is sent to the queue that it came from, and deleted here. A worker takes it as if it had just come.</p>
        </Confirm>
      );
    case "redrive all":
      return (
        <Confirm what={`Move ${about} back`} isFinal={false} go={() => after(redrive())} onClose={onClose}>
          <p>Each is sent to the queue that it came from, and deleted here. If what ended the workers is not mended, they come back.</p>
        </Confirm>
      );
    case "delete":
      return (
        <Confirm what="Delete 1 message" isFinal go={() => after(remove(doing.letter.message_id))} onClose={onClose}>
          <p>
            <Strange text={doing.letter.says} />
          </p>
          <p>It is gone for good. Its upload is still looked at by the sweep.</p>
        </Confirm>
      );
    case "purge":
      return (
        <Confirm what={`Delete ${about}`} isFinal go={() => after(purge())} onClose={onClose}>
          <p>They are gone for good, and it can take a minute until all are. Their uploads are still looked at by the sweep.</p>
        </Confirm>
      );
  }
}

async function redrive(id?: string): Promise<string> {
  let moved = 0;
  let came;
  do {
    const body = id === undefined ? {} : { message_id: id };
    came = await answer(client.POST("/v1/operator/dead-letters/redrive", { body, ...within() }));
    moved += came.moved;
  } while (id === undefined && came.has_more && came.moved > 0 && came.why_not === undefined);
  const said = [`Moved ${plural(moved, "message")} back.`];
  if (came.not_moved > 0) said.push(`${count(came.not_moved)} could not be moved.`);
  if (came.why_not !== undefined) said.push(came.why_not);
  if (came.hidden) said.push(`About ${plural(came.hidden, "other")} ${came.hidden === 1 ? "is" : "are"} in somebody's hand: try again in a minute.`);
  return said.join(" ");
}

async function remove(id: string): Promise<string> {
  await answer(client.DELETE("/v1/operator/dead-letters/{message_id}", { params: { path: { message_id: id } }, ...within() }));
  return "Deleted 1 message.";
}

async function purge(): Promise<string> {
  const { deleted } = await answer(client.DELETE("/v1/operator/dead-letters", within()));
  return `Deleted about ${plural(deleted, "message")}.`;
}
