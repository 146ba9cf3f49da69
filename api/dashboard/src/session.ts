// Who is signed in. The cookie is the browser's affair: the page never sees it, and keeps no key.

import { useQuery, type QueryClient } from "@tanstack/preact-query";
import { answer, client, within, type Schemas } from "./api/client.ts";
import { Problem } from "./api/problem.ts";

export type Session = Schemas["OperatorSession"];

const KEY = ["session"];

/** The session; null if there is none. */
export function useSession() {
  return useQuery<Session | null>({
    queryKey: KEY,
    queryFn: async ({ signal }) => {
      try {
        return await answer(client.GET("/v1/operator/session", within(signal)));
      } catch (error) {
        if (hasEnded(error)) return null;
        throw error;
      }
    },
    staleTime: 60_000,
    refetchInterval: (query) => (query.state.error ? 5000 : 5 * 60_000),
  });
}

/** Whether who is signed in may act, or only look. */
export function useMayAct(): boolean {
  return useSession().data?.may_act ?? false;
}

export async function signIn(queries: QueryClient, key: string) {
  const headers = { authorization: `Bearer ${key}` };
  const session = await answer(client.POST("/v1/operator/session", { headers, ...within() }));
  become(queries, session);
}

export async function signOut(queries: QueryClient) {
  try {
    await answer(client.DELETE("/v1/operator/session", within()));
  } catch (error) {
    if (!hasEnded(error)) throw error;
  }
  become(queries, null);
}

/** Who is signed in from now on. What one operator has seen is not for the next. */
function become(queries: QueryClient, session: Session | null) {
  queries.setQueryData(KEY, session);
  queries.removeQueries({ predicate: (query) => query.queryKey[0] !== KEY[0] });
}

/** Leads to the sign-in as soon as any answer says that the session has ended. The address stays, so that one comes back to it. */
export function onEnd(queries: QueryClient): () => void {
  const ended = (error: unknown) => {
    if (hasEnded(error)) become(queries, null);
  };
  const stopped = [
    queries.getQueryCache().subscribe((event) => {
      if (event.type === "updated" && event.action.type === "error") ended(event.action.error);
    }),
    queries.getMutationCache().subscribe((event) => {
      if (event.type === "updated" && event.action.type === "error") ended(event.action.error);
    }),
  ];
  return () => stopped.forEach((stop) => stop());
}

function hasEnded(error: unknown): boolean {
  return error instanceof Problem && error.status === 401;
}
