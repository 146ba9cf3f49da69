// How an upload came to its status: what happened, why, and how long each took.

import type { Schemas } from "../api/client.ts";
import { count, duration } from "../format.ts";
import { Status } from "../parts/status.tsx";
import { Copied, Strange, Time } from "../parts/text.tsx";

type Entry = Schemas["TimelineEntry"];

const CAUSES: Record<string, string> = {
  client: "by a client's call",
  event: "told by the store's event",
  hint: "somebody asked for a look",
  sweep: "a worker looked by itself",
  operator: "by an operator's call",
};

const ASKED: Record<string, string> = {
  settle: "Asked to settle it now",
  expire: "Asked to expire it",
};

export function Timeline({ of, isCut, upload }: { of: Entry[]; isCut: boolean; upload: Schemas["OperatorUpload"] }) {
  const now = upload.status === "pending";
  return (
    <ol class="timeline">
      {isCut && <li class="gap">There are earlier lines: only the last {count(of.length)} are shown.</li>}
      {of.map((entry, place) => {
        const before = of[place - 1];
        return (
          <>
            {before && <li class="gap">{duration(Date.parse(entry.at) - Date.parse(before.at))} later</li>}
            <Happening key={place} of={entry} />
          </>
        );
      })}
      {now && (
        <li>
          <span class="dim">
            No verdict yet. It has time until <Time at={upload.deadline} />.
          </span>
        </li>
      )}
    </ol>
  );
}

function Happening({ of }: { of: Entry }) {
  const took = [
    of.waited_ms !== undefined && `${duration(of.waited_ms)} after the event`,
    of.took_ms !== undefined && `the look took ${duration(of.took_ms)}`,
  ].filter((part) => typeof part === "string");
  return (
    <li>
      <span>
        {of.asked ? <strong>{ASKED[of.asked] ?? "Asked for something that this page does not know"}</strong> : <Status of={of.status} />} <Time at={of.at} />
      </span>
      <span>
        {CAUSES[of.cause] ?? `cause: ${of.cause}`}
        {of.cause_name && (
          <>
            , with the key “<Strange text={of.cause_name} titled={false} />”
          </>
        )}
        {took.length > 0 && <span class="dim">, {took.join(", ")}</span>}
      </span>
      {of.cause_id && (
        <span class="dim small">
          {of.message_id === undefined ? "key " : "message "}
          <span class="code">{of.cause_id}</span> <Copied text={of.cause_id} label={of.message_id === undefined ? "the key's id" : "the message's id"} />
        </span>
      )}
    </li>
  );
}
