// The table of uploads.

import { useRef } from "preact/hooks";
import { Link } from "wouter-preact";
import { duration } from "../format.ts";
import { plain } from "../hostile.ts";
import { useKeys } from "../keys.ts";
import { Status } from "../parts/status.tsx";
import { Size, Strange, Time } from "../parts/text.tsx";
import type { Row as Upload } from "../uploads-list.ts";

interface Props {
  rows: Upload[];
  selected: ReadonlySet<string>;
  /** Absent where nobody may act, and so there is nothing to select for. */
  select: ((selected: ReadonlySet<string>) => void) | undefined;
}

export function Rows({ rows, selected, select }: Props) {
  const body = useRef<HTMLTableSectionElement>(null);
  const links = () => [...(body.current?.querySelectorAll<HTMLAnchorElement>(".name a") ?? [])];
  const step = (by: number) => (event: KeyboardEvent) => {
    const all = links();
    const at = all.findIndex((link) => link.closest("tr")?.contains(document.activeElement));
    const next = all[at < 0 ? 0 : at + by];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const toggle = (id: string) => {
    const changed = new Set(selected);
    if (!changed.delete(id)) changed.add(id);
    select?.(changed);
  };
  const toggleFocused = (event: KeyboardEvent) => {
    const id = document.activeElement?.closest("tr")?.dataset["id"];
    if (!id || !select || document.activeElement instanceof HTMLInputElement) return;
    event.preventDefault();
    toggle(id);
  };
  useKeys({ ArrowDown: step(1), ArrowUp: step(-1), j: step(1), k: step(-1), " ": toggleFocused });
  const all = rows.length > 0 && rows.every((row) => selected.has(row.id));
  return (
    <div class="panel">
      <table class="uploads-table" aria-label="Uploads">
        <thead>
          <tr>
            {select && (
              <th class="pick">
                <input
                  type="checkbox"
                  aria-label="Select all that are shown"
                  checked={all}
                  onChange={() => select(new Set(all ? [] : rows.map((row) => row.id)))}
                />
              </th>
            )}
            <th>Status</th>
            <th>File name</th>
            <th class="wider">Type</th>
            <th class="number wider">Size</th>
            <th class="wide">Policy</th>
            <th class="wide">Tenant</th>
            <th>Declared</th>
            <th class="wide">Decided after</th>
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((row) => (
            <Row key={row.id} upload={row} selected={selected.has(row.id)} toggle={select && (() => toggle(row.id))} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ upload, selected, toggle }: { upload: Upload; selected: boolean; toggle: (() => void) | undefined }) {
  const { declared, observed, reasons } = upload;
  const detected = observed?.detected_type;
  return (
    <tr data-id={upload.id} class={`${selected ? "selected" : ""} ${upload.hasLeft ? "left" : ""}`}>
      {toggle && (
        <td class="pick">
          <input type="checkbox" aria-label={`Select ${plain(declared.filename)}`} checked={selected} onChange={toggle} />
        </td>
      )}
      <td>
        <Status of={upload.status} />
      </td>
      <td class="name">
        <Link href={`/uploads/${upload.id}`}>
          <Strange text={declared.filename} />
        </Link>
        {upload.hasLeft && <span class="why">no longer matches</span>}
        {reasons && reasons.length > 0 && <span class="why">{reasons.map((reason) => reason.code).join(", ")}</span>}
      </td>
      <td class="wider">
        <span class="type">
          <Strange text={declared.content_type} />
        </span>
        {reasons?.some((reason) => reason.code === "type_mismatch") && detected && (
          <span class="why">
            seen: <Strange text={detected} />
          </span>
        )}
      </td>
      <td class="number one-line wider">
        {observed ? <Size of={observed.size} /> : declared.size === undefined ? <span class="dim">not said</span> : <Size of={declared.size} />}
      </td>
      <td class="wide">{upload.policy}</td>
      <td class="wide">{upload.tenant}</td>
      <td class="one-line">
        <Time at={upload.created_at} />
      </td>
      <td class="wide one-line">{upload.decided_at && duration(Date.parse(upload.decided_at) - Date.parse(upload.created_at))}</td>
    </tr>
  );
}
