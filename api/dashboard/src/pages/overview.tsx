// Is the pipeline healthy, and if not, what is wrong and what can be done?

import { useEffect, useState } from "preact/hooks";
import { Link, useSearchParams } from "wouter-preact";
import { useActivity, useOverview, type Activity, type Overview as State, type Range } from "../api/queries.ts";
import type { Schemas } from "../api/client.ts";
import { STATUSES } from "../filters.ts";
import { trouble } from "../api/problem.ts";
import { count, duration, moment, plural, short } from "../format.ts";
import { now } from "../now.ts";
import { Loading, Page, Stale, Trouble } from "../parts/page.tsx";
import { Status } from "../parts/status.tsx";
import { Time } from "../parts/text.tsx";
import { LastActions } from "./actions.tsx";
import { System } from "./system.tsx";

const RANGES: [Range, string][] = [
  ["15m", "15 min"],
  ["1h", "1 h"],
  ["6h", "6 h"],
  ["24h", "24 h"],
  ["7d", "7 days"],
  ["30d", "30 days"],
];

export function Overview() {
  const overview = useOverview();
  const state = overview.data;
  return (
    <Page title="Overview">
      {overview.error && !state && <Trouble error={overview.error} retry={() => void overview.refetch()} />}
      {overview.isPending && <Loading what="the overview" />}
      {state && (
        <>
          <Verdict of={state} error={overview.error} />
          <Counts of={state} />
        </>
      )}
      <Happened />
      {state?.system && <System of={state.system} />}
      <LastActions />
    </Page>
  );
}

/** Where a finding can be looked into. */
const LEADS: Partial<Record<Schemas["FindingCode"], [href: string, text: string]>> = {
  dead_letters: ["/dead-letters", "Dead letters"],
  dead_events: ["/dead-events", "Dead events"],
  uploads_overdue: ["/uploads?status=pending", "Pending uploads"],
};

/** What the service said of itself last. If it could not be asked since, that is no verdict any more. */
function Verdict({ of, error }: { of: State; error: unknown }) {
  const at = Date.parse(of.at);
  const sentence = error ? `Not known since ${moment(at, now() - at)}: ${trouble(error, true).what}` : of.sentence;
  const worst = error ? "warn" : of.findings.some((finding) => finding.severity === "critical") ? "bad" : of.is_well ? "good" : "warn";
  return (
    <section class={`verdict ${worst}`} aria-labelledby="verdict">
      <svg viewBox="0 0 32 32" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="3" stroke-linecap="round" stroke-linejoin="round">
        <circle cx="16" cy="16" r="13" />
        {worst === "good" ? <path d="M10 16.500l4.500 4.500L22.500 12" /> : <path d="M16 9v8.500M16 22.500v.01" />}
      </svg>
      <p class="sentence" id="verdict" aria-live="polite">
        {sentence}
      </p>
      {of.findings.length > 0 && (
        <ul class="findings">
          {of.findings.map((finding) => {
            const lead = LEADS[finding.code];
            return (
              <li key={finding.code + finding.sentence}>
                {finding.sentence !== sentence && <strong>{finding.sentence}</strong>} {finding.what_to_do} {lead && <Link href={lead[0]}>{lead[1]}</Link>}
              </li>
            );
          })}
        </ul>
      )}
      <p class="more dim small">
        As of <Time at={of.at} />
        {isCounted(of) && of.oldest_pending && (
          <>
            {" · "}the oldest pending upload was <Link href={`/uploads/${of.oldest_pending.upload_id}`}>declared</Link>{" "}
            <Time at={of.oldest_pending.created_at} />, its deadline is <Time at={of.oldest_pending.deadline} />
          </>
        )}
      </p>
    </section>
  );
}

/** Counts are some seconds behind: what they don't have yet is news to nobody. */
function isCounted({ oldest_pending, counted_until }: State): boolean {
  return oldest_pending !== undefined && Date.parse(oldest_pending.created_at) <= Date.parse(counted_until);
}

function Counts({ of }: { of: State }) {
  return (
    <section class="counts" aria-label="Uploads by status">
      {STATUSES.map((status) => (
        <Link key={status} class="count" href={`/uploads?status=${status}`}>
          <span>
            <Status of={status} />
          </span>
          <b>{count(of.uploads[status])}</b>
        </Link>
      ))}
    </section>
  );
}

/** What happened, over as long as one likes to look back. */
function Happened() {
  const [search, setSearch] = useSearchParams();
  const named = search.get("range");
  const range = RANGES.find(([range]) => range === named)?.[0] ?? "1h";
  const activity = useActivity(range);
  return (
    <section aria-labelledby="happened">
      <div class="page-head">
        <h2 id="happened">What happened</h2>
        <div class="right ranges" role="group" aria-label="How far back">
          {RANGES.map(([of, name]) => (
            <button key={of} type="button" class="small" aria-pressed={of === range} onClick={() => setSearch({ range: of }, { replace: true })}>
              {name}
            </button>
          ))}
        </div>
      </div>
      {activity.error && !activity.data && <Trouble error={activity.error} retry={() => void activity.refetch()} />}
      {activity.error && activity.data && <Stale error={activity.error} since={activity.dataUpdatedAt} retry={() => void activity.refetch()} />}
      {activity.data && <Charts of={activity.data} />}
    </section>
  );
}

function Charts({ of }: { of: Activity }) {
  const Chart = useChart();
  const times = of.points.map((point) => Date.parse(point.at));
  const each = (value: (point: Activity["points"][number]) => number | undefined) => of.points.map((point) => value(point) ?? null);
  const other = (one: { expired: number; canceled: number; deleted: number }) => one.expired + one.canceled + one.deleted;
  const isAny = of.total.created + of.total.confirmed + of.total.rejected + other(of.total) > 0;
  const isTold = of.total.latency_p50_ms !== undefined;
  const latency = (value: number | undefined) => (value === undefined ? "–" : duration(value));
  return (
    <div class="boxes charts">
      <div class="panel">
        <h2>Uploads declared and decided, each {duration(of.seconds_per_point * 1000)}</h2>
        <div class="body">
          {!isAny && <p class="dim">Nothing was declared or decided in this time.</p>}
          {isAny && Chart && (
            <Chart
              label="Uploads declared and decided"
              least={4}
              kind="bars"
              times={times}
              write={short}
              series={[
                { name: "confirmed", key: "confirmed", color: "--good", values: each((point) => point.confirmed) },
                { name: "rejected", key: "rejected", color: "--bad", values: each((point) => point.rejected) },
                { name: "expired, canceled, deleted", key: "other", color: "--rest", values: each(other) },
                { name: "declared", key: "declared", color: "--wait", isLine: true, values: each((point) => point.created) },
              ]}
              whole={[count(of.total.confirmed), count(of.total.rejected), count(other(of.total)), count(of.total.created)]}
            />
          )}
        </div>
      </div>
      <div class="panel">
        <h2>From the store's event to the verdict</h2>
        <div class="body">
          {!isTold && <p class="dim">No event led to a verdict in this time.</p>}
          {isTold && Chart && (
            <Chart
              label="Time from event to verdict"
              least={100}
              kind="lines"
              times={times}
              write={duration}
              series={[
                { name: "p50", title: "half within", key: "middle", color: "--wait", values: each((point) => point.latency_p50_ms) },
                { name: "p95", title: "95 of 100 within", key: "high", color: "--warn", values: each((point) => point.latency_p95_ms) },
              ]}
              whole={[latency(of.total.latency_p50_ms), latency(of.total.latency_p95_ms)]}
            />
          )}
        </div>
      </div>
      <Rejections of={of} />
    </div>
  );
}

/** The charts' own code comes after the page is there: numbers are read before curves. */
function useChart() {
  const [chart, set] = useState<{ Chart: typeof import("../parts/chart.tsx").default }>();
  useEffect(() => {
    void import("../parts/chart.tsx").then((part) => set({ Chart: part.default }));
  }, []);
  return chart?.Chart;
}

function Rejections({ of }: { of: Activity }) {
  const most = Math.max(1, ...of.rejections.map((one) => one.count));
  return (
    <div class="panel reasons">
      <h2>Why files were rejected</h2>
      <div class="body">
        {of.rejections.length === 0 ? (
          <p class="dim">No file was rejected in this time.</p>
        ) : (
          <ul class="bars">
            {of.rejections.map((one) => (
              <li key={one.code}>
                <Link href={`/uploads?status=rejected&reason=${one.code}&last=${of.range === "6h" ? "24h" : of.range}`}>{one.code}</Link>
                <span>{count(one.count)}</span>
                <meter min={0} max={most} value={one.count} aria-label={`${one.code}: ${plural(one.count, "file")}`} />
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
