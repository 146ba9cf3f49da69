// The workers, as each has said of itself.

import type { Schemas } from "../api/client.ts";
import { count } from "../format.ts";
import { Time } from "../parts/text.tsx";

type Worker = Schemas["WorkerState"];

export function Workers({ of }: { of: Worker[] }) {
  const alive = of.filter((worker) => worker.is_alive).length;
  return (
    <section class="panel workers" aria-labelledby="workers">
      <header>
        <h2 id="workers">Workers</h2>
        <span class="dim small">{alive === of.length ? `${count(alive)} alive` : `${count(alive)} of ${count(of.length)} alive`}</span>
      </header>
      {of.length === 0 ? (
        <p class="body dim">
          None has been heard of in the last hour. Start one with <code>sluice-worker</code>: until then uploads stay pending.
        </p>
      ) : (
        <div class="scrolled" tabIndex={0} role="region" aria-label="Table of workers">
          <table>
            <thead>
              <tr>
                <th>Worker</th>
                <th>State</th>
                <th class="number">In hand</th>
                <th>Last poll</th>
                <th>Last taken</th>
                <th>Heard</th>
                <th>Started</th>
                <th>Version</th>
              </tr>
            </thead>
            <tbody>
              {of.map((worker) => (
                <tr key={worker.id}>
                  <th scope="row" title={worker.id}>
                    <bdi>{worker.name}</bdi>
                  </th>
                  <td>
                    <State of={worker} />
                  </td>
                  <td class="number one-line">
                    {worker.in_hand} of {worker.in_hand_most}
                  </td>
                  <td class="one-line">{worker.polled_at ? <Time at={worker.polled_at} /> : worker.has_queue ? "never" : "has no queue"}</td>
                  <td class="one-line">{worker.taken_at ? <Time at={worker.taken_at} /> : "nothing yet"}</td>
                  <td class="one-line">
                    <Time at={worker.seen_at} />
                  </td>
                  <td class="one-line">
                    <Time at={worker.started_at} />
                  </td>
                  <td>{worker.version}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function State({ of }: { of: Worker }) {
  const [kind, text] = !of.is_alive
    ? (["bad", "gone"] as const)
    : of.breaker === "closed"
      ? (["good", "at work"] as const)
      : of.breaker === "open"
        ? (["bad", "takes nothing"] as const)
        : (["warn", "in doubt"] as const);
  return (
    <span class="link-state">
      <span class={`dot ${kind}`} />
      <span>
        {text}
        {of.breaker_why && of.is_alive && <span class="dim">: {of.breaker_why}</span>}
      </span>
    </span>
  );
}
