// What the list of uploads is narrowed down by. All of it is in the address.

import { useEffect, useRef, useState } from "preact/hooks";
import { useSearchParams } from "wouter-preact";
import { useOverview } from "../api/queries.ts";
import type { Schemas } from "../api/client.ts";
import { PARTS, SPANS, STATUSES, statusesOf } from "../filters.ts";
import { short } from "../format.ts";
import { useKeys } from "../keys.ts";
import { reasonCodeValues } from "../api/schema.ts";

/** How long nobody has to type before what was typed is searched for, in milliseconds. */
const PAUSE = 300;

type Part = (typeof PARTS)[number];

export function Filters() {
  const [search, setSearch] = useSearchParams();
  const set = (part: Part, value: string) =>
    setSearch(
      (search) => {
        if (value) search.set(part, value);
        else search.delete(part);
        return search;
      },
      { replace: true },
    );
  const given = PARTS.filter((part) => search.get(part));
  const between = search.get("last") === "between" || (!search.get("last") && (search.has("from") || search.has("before")));
  const clear = () =>
    setSearch(
      (search) => {
        for (const part of PARTS) search.delete(part);
        return search;
      },
      { replace: true },
    );
  return (
    <search>
      <Statuses chosen={statusesOf(search)} choose={(status) => set("status", status.join(","))} />
      <div class="filters">
        <Typed part="text" type="search" label="File name, id or object key" value={search.get("text") ?? ""} set={set} />
        <Typed part="tenant" label="Tenant" value={search.get("tenant") ?? ""} set={set} />
        <Typed part="policy" label="Policy" value={search.get("policy") ?? ""} set={set} />
        <Typed part="type" label="Type: image/*" value={search.get("type") ?? ""} set={set} />
        <select aria-label="Reason" value={search.get("reason") ?? ""} onChange={(event) => set("reason", event.currentTarget.value)}>
          <option value="">Any reason</option>
          {reasonCodeValues.map((reason) => (
            <option key={reason} value={reason}>
              {reason}
            </option>
          ))}
        </select>
        <select aria-label="Time" value={between ? "between" : (search.get("last") ?? "")} onChange={(event) => set("last", event.currentTarget.value)}>
          <option value="">Any time</option>
          {Object.entries(SPANS).map(([span, { name }]) => (
            <option key={span} value={span}>
              {name}
            </option>
          ))}
          <option value="between">Between…</option>
        </select>
        {between && (
          <>
            <input type="datetime-local" aria-label="From" value={search.get("from") ?? ""} onChange={(event) => set("from", event.currentTarget.value)} />
            <input type="datetime-local" aria-label="Before" value={search.get("before") ?? ""} onChange={(event) => set("before", event.currentTarget.value)} />
          </>
        )}
        {given.length > 0 && (
          <button type="button" class="quiet" onClick={clear}>
            Clear filters
          </button>
        )}
      </div>
    </search>
  );
}

type Status = Schemas["UploadStatus"];

function Statuses({ chosen, choose }: { chosen: Status[]; choose: (status: Status[]) => void }) {
  const counts = useOverview().data?.uploads;
  return (
    <div class="filters statuses" role="group" aria-label="Status">
      <button type="button" class="small" aria-pressed={chosen.length === 0} onClick={() => choose([])}>
        all
      </button>
      {STATUSES.map((status) => (
        <button
          key={status}
          type="button"
          class="small"
          aria-pressed={chosen.includes(status)}
          onClick={() => choose(STATUSES.filter((one) => chosen.includes(one) !== (one === status)))}
        >
          {status} {counts && <span class="dim">{short(counts[status])}</span>}
        </button>
      ))}
    </div>
  );
}

interface TypedProps {
  part: Part;
  label: string;
  value: string;
  set: (part: Part, value: string) => void;
  type?: "search" | "text";
}

/** Searches when nobody types any more. */
function Typed({ part, label, value, set, type = "text" }: TypedProps) {
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(value);
  // The space that one has just typed stays: the address has it not.
  useEffect(() => setTyped((typed) => (typed.trim() === value.trim() ? typed : value)), [value]);
  useEffect(() => {
    if (typed.trim() === value.trim()) return;
    const timer = setTimeout(() => set(part, typed.trim()), PAUSE);
    return () => clearTimeout(timer);
  }, [typed]);
  useKeys(
    type === "search"
      ? {
          "/": (event) => {
            event.preventDefault();
            input.current?.focus();
          },
        }
      : {},
  );
  return (
    <input
      ref={input}
      type={type}
      class={type === "search" ? "" : "short"}
      placeholder={label}
      aria-label={label}
      value={typed}
      spellcheck={false}
      autocomplete="off"
      onInput={(event) => setTyped(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") set(part, typed.trim());
        if (event.key === "Escape") event.currentTarget.blur();
      }}
    />
  );
}
