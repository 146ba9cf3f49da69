// One upload: all that is known of it, how it came to its status, and what can be done with it.

import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { Problem } from "../api/problem.ts";
import { downloadUrl, useReport, type Action, type Report, type Upload } from "../api/queries.ts";
import { duration, plural } from "../format.ts";
import { plain } from "../hostile.ts";
import { ACTIONS, ActionDialog } from "../parts/act.tsx";
import { Empty, Loading, Page, Stale, Trouble } from "../parts/page.tsx";
import { Raw } from "../parts/raw.tsx";
import { Status } from "../parts/status.tsx";
import { Copied, Size, Strange, Time } from "../parts/text.tsx";
import { useMayAct } from "../session.ts";
import { Timeline } from "./timeline.tsx";

export function OneUpload({ id }: { id: string }) {
  const report = useReport(id);
  if (report.error instanceof Problem && report.error.status === 404) {
    return (
      <Page title="No such upload">
        <Empty title="There is no upload with this id that you can see">
          It may be another tenant's. <Link href="/uploads">All uploads</Link>
        </Empty>
      </Page>
    );
  }
  if (!report.data) {
    return (
      <Page title="Upload">
        {report.error ? <Trouble error={report.error} retry={() => void report.refetch()} /> : <Loading what="the upload" />}
      </Page>
    );
  }
  const stale = report.error && <Stale error={report.error} since={report.dataUpdatedAt} retry={() => void report.refetch()} />;
  return <Shown report={report.data} stale={stale} />;
}

function Shown({ report, stale }: { report: Report; stale: preact.ComponentChildren }) {
  const { upload } = report;
  return (
    <Page title={plain(upload.declared.filename)} heading={<Strange text={upload.declared.filename} />} right={<Doings report={report} />}>
      {stale}
      <p class="page-head">
        <Status of={upload.status} />
        <span class="code">{upload.id}</span> <Copied text={upload.id} label="the id" />
      </p>
      {upload.reasons && upload.reasons.length > 0 && (
        <div class="note bad spaced">
          {upload.reasons.map((reason) => (
            <p key={reason.code}>
              <span class="code">{reason.code}</span>: <Strange text={reason.detail} />
            </p>
          ))}
        </div>
      )}
      <div class="boxes two">
        <div class="column">
          <section class="panel" aria-labelledby="compare">
            <h2 id="compare">Declared, and seen in the bucket</h2>
            <Compared upload={upload} />
          </section>
          <section class="panel" aria-labelledby="facts">
            <h2 id="facts">Everything else</h2>
            <div class="body">
              <Facts upload={upload} />
            </div>
          </section>
        </div>
        <div class="column">
          <section class="panel" aria-labelledby="timeline">
            <h2 id="timeline">Timeline</h2>
            <div class="body">
              <Timeline of={report.timeline} isCut={report.timeline_is_cut} upload={upload} />
            </div>
          </section>
          {report.can_be_shown && isPicture(upload) && <Preview upload={upload} />}
        </div>
      </div>
      {report.dead_events.length > 0 && (
        <section class="panel spaced" aria-labelledby="dead">
          <h2 id="dead">Messages about it that could not be settled</h2>
          <div class="body">
            {report.dead_events.map((event) => (
              <Raw key={event.id} title={`${event.reason} (${event.message_id})`} text={event.body} label="the message" />
            ))}
          </div>
        </section>
      )}
      <Raw title="As the API tells it" text={JSON.stringify(report, null, 2)} label="the JSON" />
    </Page>
  );
}

function Doings({ report }: { report: Report }) {
  const mayAct = useMayAct();
  const [doing, setDoing] = useState<Action>();
  const { upload } = report;
  return (
    <>
      {report.can_be_downloaded && <Download id={upload.id} />}
      {mayAct &&
        report.actions
          .filter((action) => action in ACTIONS)
          .map((action) => (
            <button key={action} type="button" class={ACTIONS[action].isFinal ? "danger" : ""} onClick={() => setDoing(action)}>
              {ACTIONS[action].name}
            </button>
          ))}
      {doing && <ActionDialog action={doing} on={{ kind: "these", uploads: [upload] }} onClose={() => setDoing(undefined)} />}
    </>
  );
}

function Download({ id }: { id: string }) {
  const [error, setError] = useState<unknown>();
  const download = async () => {
    setError(undefined);
    try {
      const link = document.createElement("a");
      link.href = await downloadUrl(id, "attachment");
      // Should the store refuse, its words are not to take this page's place.
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      link.click();
    } catch (error) {
      setError(error);
    }
  };
  return (
    <>
      {error !== undefined && <Trouble error={error} />}
      <button type="button" onClick={() => void download()}>
        Download
      </button>
    </>
  );
}

/** One line: what was said, what was seen, and whether they differ. */
interface Line {
  name: string;
  declared: preact.ComponentChildren;
  seen: preact.ComponentChildren;
  differs: boolean;
}

function Compared({ upload }: { upload: Upload }) {
  const { declared, observed } = upload;
  const reasons = new Set(upload.reasons?.map((reason) => reason.code));
  const none = <span class="dim">not said</span>;
  const unseen = <span class="dim">{observed ? "not told from its bytes" : "not looked at"}</span>;
  const lines: Line[] = [
    {
      name: "Type",
      declared: <Strange text={declared.content_type} />,
      seen: observed?.detected_type ? <Strange text={observed.detected_type} /> : unseen,
      differs: reasons.has("type_mismatch") || reasons.has("type_unknown"),
    },
    {
      name: "Size",
      declared: declared.size === undefined ? none : <Size of={declared.size} />,
      seen: observed ? <Size of={observed.size} /> : unseen,
      differs: observed !== undefined && declared.size !== undefined && declared.size !== observed.size,
    },
    {
      name: "SHA-256",
      declared: declared.sha256 ? <span class="code">{declared.sha256}</span> : none,
      seen: observed ? <span class="dim">{declared.sha256 ? "compared by the store as it took the bytes" : "not compared"}</span> : unseen,
      differs: reasons.has("checksum_mismatch"),
    },
    {
      name: "Object key",
      declared: <span class="code">{upload.granted.object_key}</span>,
      seen: observed ? <span class="code">{observed.object_key}</span> : unseen,
      differs: false,
    },
    {
      name: "File name",
      declared: <Strange text={declared.filename} />,
      seen: <span class="dim">a bucket keeps none</span>,
      differs: false,
    },
  ];
  return (
    <div class="scrolled" tabIndex={0} role="region" aria-label="Declared and seen">
      <table class="compare">
        <thead>
          <tr>
            <td />
            <th scope="col">Declared</th>
            <th scope="col">Seen</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.name} class={line.differs ? "differs" : ""}>
              <th scope="row">{line.name}</th>
              <td>{line.declared}</td>
              <td>
                {line.seen} {line.differs && <span class="differs-mark">≠ differs</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Facts({ upload }: { upload: Upload }) {
  const { granted, observed } = upload;
  const sending = {
    put: "with one PUT",
    post: "with a form",
    multipart: `in ${plural(granted.part_count ?? 0, "part")}`,
  }[granted.kind];
  return (
    <dl class="facts">
      <dt>Tenant</dt>
      <dd>
        <Link href={`/uploads?tenant=${encodeURIComponent(upload.tenant)}`}>{upload.tenant}</Link>
      </dd>
      <dt>Policy</dt>
      <dd>
        <Link href={`/uploads?policy=${encodeURIComponent(upload.policy)}`}>{upload.policy}</Link>
      </dd>
      <dt>Made through</dt>
      <dd class="code">{upload.origin === "files" ? "/files" : "/v1/uploads"}</dd>
      <dt>Sent</dt>
      <dd>
        {sending ?? granted.kind}
        {granted.part_size !== undefined && (
          <>
            {" of "}
            <Size of={granted.part_size} />
          </>
        )}
        , {granted.write_once ? "once and never again" : "to a key that is copied from when it is confirmed"}
      </dd>
      <dt>Declared</dt>
      <dd>
        <Time at={upload.created_at} />
      </dd>
      {upload.status === "pending" && (
        <>
          <dt>Deadline</dt>
          <dd>
            <Time at={upload.deadline} />
          </dd>
        </>
      )}
      {upload.decided_at && (
        <>
          <dt>Decided</dt>
          <dd>
            <Time at={upload.decided_at} />, {duration(Date.parse(upload.decided_at) - Date.parse(upload.created_at))} after it was declared
          </dd>
        </>
      )}
      {observed && (
        <>
          <dt>Etag</dt>
          <dd class="code">{observed.etag}</dd>
        </>
      )}
      {observed?.version_id && (
        <>
          <dt>Version</dt>
          <dd class="code">{observed.version_id}</dd>
        </>
      )}
      {upload.looks_cut_off > 0 && (
        <>
          <dt>Looks cut off</dt>
          <dd>{upload.looks_cut_off}: so many workers ended while they looked at it</dd>
        </>
      )}
      {Object.entries(upload.metadata ?? {}).map(([name, value]) => (
        <>
          <dt>
            <Strange text={name} />
          </dt>
          <dd>
            <Strange text={value} />
          </dd>
        </>
      ))}
    </dl>
  );
}

function isPicture(upload: Upload): boolean {
  return upload.observed?.detected_type?.startsWith("image/") ?? false;
}

/** The picture comes from the store, under a URL that works for a few minutes. A page that stays open has it already. */
function Preview({ upload }: { upload: Upload }) {
  const [failed, fail] = useState(false);
  const url = useQuery({
    queryKey: ["preview", upload.id],
    queryFn: ({ signal }) => downloadUrl(upload.id, "inline", signal),
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  return (
    <section class="panel" aria-labelledby="preview">
      <h2 id="preview">Preview</h2>
      <div class="body">
        {url.error && <Trouble error={url.error} />}
        {failed ? (
          <p class="dim">The browser can't show it, or the store did not give it.</p>
        ) : (
          <div class="preview">
            {url.data && (
              <img src={url.data} alt={`What was uploaded as ${plain(upload.declared.filename)}`} referrerpolicy="no-referrer" onError={() => fail(true)} />
            )}
          </div>
        )}
      </div>
    </section>
  );
}
