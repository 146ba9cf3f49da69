// What the page asks the API for, how often, and what it keeps of the answers.

import { keepPreviousData, QueryClient, useQuery } from "@tanstack/preact-query";
import { linkState } from "../link.ts";
import { answer, client, within, type Schemas } from "./client.ts";
import { Problem } from "./problem.ts";

export type Overview = Schemas["Overview"];
export type Activity = Schemas["Activity"];
export type Range = Schemas["ActivityRange"];
export type Upload = Schemas["OperatorUpload"];
export type Report = Schemas["UploadReport"];
export type Action = Schemas["UploadAction"];
export type DeadEvent = Schemas["DeadEvent"];
export type DeadLetter = Schemas["DeadLetter"];

/** All that was asked, and what came of it. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // Whether the API can be reached is told by asking it, not by whether this computer has a network.
      networkMode: "always",
      // A refusal stays one. What can't be reached is asked again by the polling below, and by hand.
      retry: (times, error) => times < 1 && !(error instanceof Problem && error.status < 500),
      retryDelay: 500,
      refetchIntervalInBackground: false,
    },
    mutations: { networkMode: "always", retry: false },
  },
});

/** How often to ask: seldom while the feed tells what happens, often while it is closed. */
export function every(live: number, otherwise: number): () => number {
  return () => (linkState() === "live" ? live : otherwise) * 1000;
}

/** How the service does. Workers say so every few seconds, which is no change of an upload. */
export function useOverview() {
  return useQuery({ ...OVERVIEW, refetchInterval: every(5, 3) });
}

const OVERVIEW = {
  queryKey: ["overview"],
  queryFn: ({ signal }: { signal: AbortSignal }) => answer(client.GET("/v1/operator/overview", within(signal))),
};

/** Asks for it before it is known whether anybody is signed in: most are, and it is what they see first. */
export function askAhead() {
  void queries.prefetchQuery(OVERVIEW);
}

/** What happened in a range of time. */
export function useActivity(range: Range) {
  return useQuery({
    queryKey: ["activity", range],
    queryFn: ({ signal }) => answer(client.GET("/v1/operator/activity", { params: { query: { range } }, ...within(signal) })),
    refetchInterval: every(range === "15m" || range === "1h" ? 5 : 30, 10),
    placeholderData: keepPreviousData,
  });
}

/** All that is known of one upload. */
export function useReport(id: string) {
  return useQuery({
    queryKey: ["upload", id],
    queryFn: ({ signal }) =>
      answer(client.GET("/v1/operator/uploads/{upload_id}", { params: { path: { upload_id: id } }, ...within(signal) })),
    refetchInterval: every(30, 4),
  });
}

/** A signed URL of a confirmed file. It is as good as the file, and so it is not kept. */
export async function downloadUrl(id: string, disposition: "attachment" | "inline", signal?: AbortSignal): Promise<string> {
  const params = { path: { upload_id: id }, query: { disposition } };
  return (await answer(client.GET("/v1/operator/uploads/{upload_id}/download", { params, ...within(signal) }))).url;
}
