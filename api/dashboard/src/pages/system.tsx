// The parts of the service: workers, queue, database, and what workers did by themselves.

import { Link } from "wouter-preact";
import type { Schemas } from "../api/client.ts";
import { count, duration, plural } from "../format.ts";
import { Time } from "../parts/text.tsx";
import { Workers } from "./workers.tsx";

export function System({ of }: { of: Schemas["SystemState"] }) {
  return (
    <>
      <Workers of={of.workers} />
      <div class="boxes four">
        <Queue of={of} />
        <Database of={of.database} />
        <WorkReport title="Last sweeps" of={of.last_sweep} none="Sweeps have changed nothing yet. They find what events missed, and end what is overdue." />
        <WorkReport
          title="Last round through the bucket"
          of={of.last_reconcile}
          none="No round has ended yet. Workers go through the bucket now and then, and look for strays and vanished objects."
        />
      </div>
    </>
  );
}

function Queue({ of }: { of: Schemas["SystemState"] }) {
  return (
    <section class="panel" aria-labelledby="queue">
      <h2 id="queue">Queue</h2>
      <div class="body">
        <dl class="facts">
          {of.queue ? (
            <>
              <dt>Waiting</dt>
              <dd>{plural(of.queue.waiting, "message")}</dd>
              <dt>In hand</dt>
              <dd>{count(of.queue.in_hand)}</dd>
              <dt>Longest wait</dt>
              <dd>
                {of.queue.oldest_ms === undefined ? "nothing waits" : duration(of.queue.oldest_ms)}
                {of.queue.oldest_at_least && " at least: nobody takes them"}
              </dd>
              <dt>Last taken</dt>
              <dd>{of.queue.last_taken_at ? <Time at={of.queue.last_taken_at} /> : "not known"}</dd>
              <dt>As of</dt>
              <dd>
                <Time at={of.queue.sampled_at} />
              </dd>
            </>
          ) : (
            <>
              <dt>Messages</dt>
              <dd>No queue is known. Without one, workers look by themselves.</dd>
            </>
          )}
          <dt>Dead letters</dt>
          <dd>{of.dead_letters === undefined ? "not known" : <Link href="/dead-letters">{count(of.dead_letters)}</Link>}</dd>
          <dt>Dead events</dt>
          <dd>
            <Link href="/dead-events">{of.dead_events >= 1000 ? "1,000 or more" : count(of.dead_events)}</Link>
          </dd>
        </dl>
      </div>
    </section>
  );
}

function Database({ of }: { of: Schemas["DatabaseState"] }) {
  return (
    <section class="panel" aria-labelledby="database">
      <h2 id="database">API and database</h2>
      <div class="body">
        <dl class="facts">
          <dt>Takes writes</dt>
          <dd>{of.takes_writes ? "yes" : "no"}</dd>
          <dt>Answers within</dt>
          <dd>{duration(of.answered_in_ms)}</dd>
          <dt>Connections</dt>
          <dd>
            {of.connections} of {of.connections_most}, of this API process
          </dd>
          <dt>Postgres</dt>
          <dd title={of.version}>{of.version.split(" ")[0]}</dd>
        </dl>
      </div>
    </section>
  );
}

function WorkReport({ title, of, none }: { title: string; of: Schemas["WorkReport"] | undefined; none: string }) {
  return (
    <section class="panel" aria-label={title}>
      <h2>{title}</h2>
      <div class="body">
        {of ? (
          <dl class="facts">
            <dt>Began</dt>
            <dd>
              <Time at={of.started_at} />
            </dd>
            <dt>Ended</dt>
            <dd>
              <Time at={of.ended_at} />
            </dd>
            {of.counts.map((one) => (
              <>
                <dt>{one.name.replaceAll("_", " ")}</dt>
                <dd>{count(one.count)}</dd>
              </>
            ))}
            {of.upload_ids.length > 0 && (
              <>
                <dt>To look at</dt>
                <dd>
                  {of.upload_ids.map((id) => (
                    <div key={id}>
                      <Link class="code" href={`/uploads/${id}`}>
                        {id}
                      </Link>
                    </div>
                  ))}
                </dd>
              </>
            )}
          </dl>
        ) : (
          <p class="dim">{none}</p>
        )}
      </div>
    </section>
  );
}
