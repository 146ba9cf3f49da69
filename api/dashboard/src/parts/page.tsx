// What every page begins with, and what stands in its place while there is nothing to show.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { trouble } from "../api/problem.ts";
import { Time } from "./text.tsx";

let isFirst = true;

interface Props {
  title: string;
  /** The heading, where it is more than the title. */
  heading?: ComponentChildren;
  right?: ComponentChildren;
  children: ComponentChildren;
}

/** A page with its heading, which takes the focus when one has come here from another page. */
export function Page({ title, heading: shown = title, right, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Sluice`;
  }, [title]);
  useEffect(() => {
    if (!isFirst) heading.current?.focus({ preventScroll: true });
    isFirst = false;
  }, []);
  return (
    <>
      <div class="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {shown}
        </h1>
        {right && <div class="right">{right}</div>}
      </div>
      {children}
    </>
  );
}

interface TroubleProps {
  error: unknown;
  /** Tries again at once. */
  retry?: () => void;
  /** Whether it is tried again anyway. */
  isTriedAgain?: boolean;
}

/** What went wrong, why, and what to do. */
export function Trouble({ error, retry, isTriedAgain = retry !== undefined }: TroubleProps) {
  const { what, advice, reference } = trouble(error, isTriedAgain);
  return (
    <div class="note bad" role="alert">
      <p>
        <strong>{what}</strong>
      </p>
      {advice && <p>{advice}</p>}
      {reference && (
        <p class="dim small">
          Request <span class="code">{reference}</span>: the API's log tells more under this id.
        </p>
      )}
      {retry && (
        <p>
          <button type="button" class="small" onClick={retry}>
            Try again
          </button>
        </p>
      )}
    </div>
  );
}

/** Why what is shown is old, beside it. Only what went wrong is read out: the rest changes with every try. */
export function Stale({ error, since, retry }: { error: unknown; since: number; retry: () => void }) {
  return (
    <div class="note bad spaced">
      <p role="alert">
        <strong>{trouble(error, true).what}</strong>
      </p>
      <p>
        What you see is as it was <Time at={new Date(since).toISOString()} />.{" "}
        <button type="button" class="small" onClick={retry}>
          Try again
        </button>
      </p>
    </div>
  );
}

/** Said where there is nothing, with what to do next. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
    </div>
  );
}

/** Below a list: asks for its next page. */
export function More({ of: list }: { of: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> } }) {
  return (
    <div class="foot">
      {list.hasNextPage && (
        <button type="button" class="small" onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>
          More
        </button>
      )}
    </div>
  );
}

/** Only after a while: most answers come before. */
export function Loading({ what }: { what: string }) {
  return (
    <p class="dim" role="status">
      Loading {what}…
    </p>
  );
}
