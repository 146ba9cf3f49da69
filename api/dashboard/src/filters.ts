// Which uploads a list is of: read from the address, written into it, and sent to the API.

import type { Schemas } from "./api/client.ts";

type Status = Schemas["UploadStatus"];
type Reason = Schemas["ReasonCode"];

export const STATUSES = ["pending", "confirmed", "rejected", "expired", "canceled", "deleted"] as const satisfies readonly Status[];

/** How far back, as the address names it. */
export const SPANS: Record<string, { name: string; seconds: number }> = {
  "15m": { name: "Last 15 minutes", seconds: 15 * 60 },
  "1h": { name: "Last hour", seconds: 3600 },
  "24h": { name: "Last 24 hours", seconds: 24 * 3600 },
  "7d": { name: "Last 7 days", seconds: 7 * 24 * 3600 },
  "30d": { name: "Last 30 days", seconds: 30 * 24 * 3600 },
};

/** The names of all parts of a filter in the address. */
export const PARTS = ["status", "text", "tenant", "policy", "type", "reason", "last", "from", "before"] as const;

/** What is meant by an address, at this time. */
export function filterOf(search: URLSearchParams, now: number): Schemas["UploadFilter"] {
  const filter: Schemas["UploadFilter"] = {};
  const status = statusesOf(search);
  if (status.length > 0) filter.status = status;
  for (const part of ["text", "tenant", "policy", "type"] as const) {
    const value = search.get(part)?.trim();
    if (value) filter[part] = value;
  }
  const reason = search.get("reason");
  if (reason) filter.reason = reason as Reason;
  const span = SPANS[search.get("last") ?? ""];
  if (span) filter.created_from = new Date(now - span.seconds * 1000).toISOString();
  const [from, before] = [time(search.get("from")), time(search.get("before"))];
  if (from && !span) filter.created_from = from;
  if (before && !span) filter.created_before = before;
  return filter;
}

export function statusesOf(search: URLSearchParams): Status[] {
  const named = search.get("status")?.split(",") ?? [];
  return STATUSES.filter((status) => named.includes(status));
}

/** The same, without what was declared at this moment or later. */
export function upTo(filter: Schemas["UploadFilter"], at: number): Schemas["UploadFilter"] {
  const before = filter.created_before ? Date.parse(filter.created_before) : Infinity;
  return { ...filter, created_before: new Date(Math.min(before, at)).toISOString() };
}

/** The same, of what was declared from one of these moments to the other, both with it, as far as it is meant. */
export function between(filter: Schemas["UploadFilter"], first: string, last: string): Schemas["UploadFilter"] {
  const from = Math.max(Date.parse(first), filter.created_from ? Date.parse(filter.created_from) : -Infinity);
  // Moments are finer than ours.
  return upTo({ ...filter, created_from: new Date(from).toISOString() }, Date.parse(last) + 1);
}

/** A moment as the address has it, which says the same to whoever reads it; nothing for what is none. */
export function asMoment(local: string): string {
  return time(local)?.replace(".000Z", "Z") ?? "";
}

/** A moment of the address as a field for the reader's own clock takes it. */
export function asLocal(moment: string | null): string {
  const at = time(moment);
  if (!at) return "";
  const here = new Date(Date.parse(at) - new Date(at).getTimezoneOffset() * 60_000);
  return here.toISOString().replace(/(:00)?\.000Z$/, "");
}

/** The same as parameters of a search. */
export function asQuery({ status, ...others }: Schemas["UploadFilter"]) {
  return { ...others, ...(status ? { status: status.join(",") } : {}) };
}

/** The filter in words, for whoever is about to act on all that it finds. */
export function inWords(filter: Schemas["UploadFilter"]): string {
  const parts = [
    filter.status && `status ${filter.status.join(" or ")}`,
    filter.tenant && `tenant ${filter.tenant}`,
    filter.policy && `policy ${filter.policy}`,
    filter.type && `type ${filter.type}`,
    filter.reason && `reason ${filter.reason}`,
    filter.created_from && `declared from ${local(filter.created_from)}`,
    filter.created_before && `declared before ${local(filter.created_before)}`,
    filter.text && `“${filter.text}” in the name, the id or the key`,
  ].filter((part) => typeof part === "string");
  return parts.length > 0 ? parts.join(", ") : "any upload";
}

function local(at: string): string {
  return new Date(at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
}

function time(text: string | null): string | undefined {
  const at = text ? new Date(text) : undefined;
  return at && Number.isFinite(at.getTime()) ? at.toISOString() : undefined;
}
