// Doing something with uploads: a dialog that repeats what and with how many, does it, and says what came of it.

import { useQuery, useQueryClient } from "@tanstack/preact-query";
import { useEffect, useRef, useState } from "preact/hooks";
import { answer, client, within, type Schemas } from "../api/client.ts";
import type { Action, Upload } from "../api/queries.ts";
import { inWords, upTo } from "../filters.ts";
import { count, plural } from "../format.ts";
import { passed } from "../now.ts";
import { say } from "../said.tsx";
import { Dialog } from "./dialog.tsx";
import { Trouble } from "./page.tsx";
import { Status } from "./status.tsx";
import { Strange } from "./text.tsx";

type Filter = Schemas["UploadFilter"];
type Refusal = Schemas["ActionRefusal"];

/** What each action is called, what it does, and with which uploads it does anything. */
export const ACTIONS: Record<Action, { name: string; done: string; fits: Upload["status"]; means: string; isFinal: boolean }> = {
  settle: {
    name: "Settle now",
    done: "A worker was asked to look at",
    fits: "pending",
    means: "A worker looks at the object now, and does not wait for an event or a sweep. Where no object is there, nothing changes.",
    isFinal: false,
  },
  expire: {
    name: "Expire",
    done: "Ended the time of",
    fits: "pending",
    means: "The time to send it ends now. A worker looks at once: an object that is there is judged, otherwise the upload expires.",
    isFinal: true,
  },
  cancel: {
    name: "Cancel",
    done: "Canceled",
    fits: "pending",
    means: "It is taken back, and whatever is sent for it is removed. This can't be undone.",
    isFinal: true,
  },
  delete: {
    name: "Delete",
    done: "Deleted",
    fits: "confirmed",
    means: "The file is deleted from the bucket for good. This can't be undone.",
    isFinal: true,
  },
};

/** What to act on: these uploads, or all that a filter finds. */
export type Target = { kind: "these"; uploads: Upload[] } | { kind: "matching"; filter: Filter };

/** As many names as a dialog shows. */
const NAMED = 5;

/** As many ids as one call takes. */
const PER_CALL = 1000;

interface Props {
  action: Action;
  on: Target;
  onClose: () => void;
  onDone?: () => void;
}

export function ActionDialog({ action, on: asked, onClose, onDone }: Props) {
  const { name, done, means, fits, isFinal } = ACTIONS[action];
  const queries = useQueryClient();
  // Counted and acted on is the same: what is declared while somebody reads is not meant.
  const [opened] = useState(passed);
  const on: Target = asked.kind === "these" ? asked : { kind: "matching", filter: upTo(asked.filter, opened) };
  const amount = useAmount(action, on);
  const [typed, setTyped] = useState("");
  const [progress, setProgress] = useState<number>();
  const [outcome, setOutcome] = useState<{ refused: Refusal[]; error?: unknown; acted: number }>();
  const stop = useRef(false);
  useEffect(() => () => void (stop.current = true), []);

  const many = amount.data;
  const what = many && `${name} ${howMany(many)}`;
  // A number is typed by nobody in passing. Where it is not known, "all" is what is meant.
  const mustType = action === "delete" && many !== undefined && (many.count > 1 || many.more);
  const toType = many?.more ? "all" : count(many?.count ?? 0);
  const mayGo = many !== undefined && (many.count > 0 || many.more) && (!mustType || bare(typed) === bare(toType));

  const go = async (event: Event) => {
    event.preventDefault();
    if (!mayGo || progress !== undefined) return;
    setProgress(0);
    const came = await carryOut(action, on, setProgress, () => stop.current);
    void queries.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" && query.queryKey[1] !== "pages" });
    if (came.error === undefined && came.refused.length === 0) {
      say(`${done} ${plural(came.acted, "upload")}.`);
      onDone?.();
      onClose();
    } else {
      setOutcome(came);
    }
  };

  if (outcome) {
    return (
      <Dialog title={`${done} ${plural(outcome.acted, "upload")}`} onClose={onClose}>
        {outcome.error !== undefined && <Trouble error={outcome.error} />}
        {outcome.refused.length > 0 && <Refused of={outcome.refused} />}
        <div class="choices">
          <button type="button" class="main" onClick={onClose}>
            Close
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={what ? `${what}?` : `${name}: counting…`} onClose={onClose}>
      <form onSubmit={(event) => void go(event)}>
        {amount.error && <Trouble error={amount.error} />}
        {asked.kind === "these" ? <Names of={asked.uploads} fits={fits} /> : <Matching filter={asked.filter} />}
        {many?.more && <p>How many they are is not known: counting stopped at {count(many.count)}. It is done with all of them.</p>}
        <p>{means}</p>
        {many?.count === 0 && !many.more && <p>Nothing can be done: it takes an upload that is {fits}.</p>}
        {mustType && (
          <div class="field">
            <label for="typed">Type {toType} to go on</label>
            <input id="typed" value={typed} inputMode={many.more ? "text" : "numeric"} autocomplete="off" onInput={(event) => setTyped(event.currentTarget.value)} />
          </div>
        )}
        {progress !== undefined && <p role="status">{plural(progress, "upload")} so far…</p>}
        <div class="choices">
          <button type="button" onClick={onClose} autofocus={isFinal}>
            {progress === undefined ? "Back" : "Stop"}
          </button>
          <button type="submit" class={isFinal ? "main danger" : "main"} disabled={!mayGo || progress !== undefined} autofocus={!isFinal}>
            {what ?? name}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function howMany({ count: counted, more }: { count: number; more: boolean }): string {
  if (!more) return plural(counted, "upload");
  return counted > 0 ? `at least ${plural(counted, "upload")}` : "all that match";
}

/** What was typed, without what only makes it readable. */
function bare(typed: string): string {
  return typed.replaceAll(/[ ,.]/g, "").toLowerCase();
}

/** With how many it would be done. */
function useAmount(action: Action, on: Target) {
  return useQuery({
    queryKey: ["amount", action, on.kind === "these" ? on.uploads.map((upload) => upload.id) : on.filter],
    queryFn: async ({ signal }) => {
      if (on.kind === "these") {
        return { count: on.uploads.filter((upload) => upload.status === ACTIONS[action].fits).length, more: false };
      }
      const body = { action, filter: on.filter, dry_run: true };
      const counted = await answer(client.POST("/v1/operator/uploads/actions", { body, ...within(signal) }));
      return { count: counted.done, more: counted.has_more };
    },
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
}

/** Batch after batch, until all is done, somebody stops it, or it fails. */
async function carryOut(action: Action, on: Target, tell: (acted: number) => void, isStopped: () => boolean) {
  const refused: Refusal[] = [];
  let acted = 0;
  try {
    for await (const batch of batches(action, on)) {
      acted += batch.done;
      refused.push(...batch.refused);
      tell(acted);
      if (isStopped()) break;
    }
  } catch (error) {
    return { acted, refused, error };
  }
  return { acted, refused };
}

async function* batches(action: Action, on: Target) {
  if (on.kind === "these") {
    const ids = on.uploads.map((upload) => upload.id);
    for (let from = 0; from < ids.length; from += PER_CALL) {
      yield await act({ action, upload_ids: ids.slice(from, from + PER_CALL) });
    }
    return;
  }
  let cursor: string | undefined;
  do {
    const batch: Schemas["ActionOutcome"] = await act({ action, filter: on.filter, ...(cursor === undefined ? {} : { cursor }) });
    yield batch;
    cursor = batch.has_more ? batch.next_cursor : undefined;
  } while (cursor !== undefined);
}

function act(body: Schemas["ActionOrder"]) {
  return answer(client.POST("/v1/operator/uploads/actions", { body, ...within() }));
}

function Matching({ filter }: { filter: Filter }) {
  return <p>All that match: {inWords(filter)}. What is declared from now on is not meant.</p>;
}

function Names({ of, fits }: { of: Upload[]; fits: string }) {
  const passed = of.filter((upload) => upload.status !== fits).length;
  return (
    <>
      <ul class="names">
        {of.slice(0, NAMED).map((upload) => (
          <li key={upload.id}>
            <Status of={upload.status} /> <Strange text={upload.declared.filename} />
          </li>
        ))}
        {of.length > NAMED && <li class="dim">and {plural(of.length - NAMED, "other")}</li>}
      </ul>
      {passed > 0 && passed < of.length && (
        <p>
          {count(passed)} of them {passed === 1 ? "is" : "are"} not {fits}: nothing is done with {passed === 1 ? "it" : "them"}.
        </p>
      )}
    </>
  );
}

function Refused({ of }: { of: Refusal[] }) {
  return (
    <>
      <p>With {plural(of.length, "upload")} nothing was done:</p>
      <ul class="names">
        {of.slice(0, NAMED).map((refusal) => (
          <li key={refusal.upload_id}>
            <span class="code">{refusal.upload_id}</span>: {refusal.detail}
          </li>
        ))}
        {of.length > NAMED && <li class="dim">and {plural(of.length - NAMED, "other")}</li>}
      </ul>
    </>
  );
}
