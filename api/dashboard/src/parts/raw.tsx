// A text as it came, folded away until somebody asks.

import { useState } from "preact/hooks";
import { Copied, Strange } from "./text.tsx";

export function Raw({ title, text, label, isCut = false }: { title: string; text: string; label: string; isCut?: boolean }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Strange text={title} titled={false} />
      </summary>
      {open && (
        <>
          <p>
            <Copied text={text} label={label} /> {isCut && <span class="dim">Only its beginning is shown.</span>}
          </p>
          <pre class="raw" tabIndex={0}>
            {pretty(text)
              .split("\n")
              .map((line, number) => (
                <div key={number}>
                  <Strange text={line} titled={false} />
                </div>
              ))}
          </pre>
        </>
      )}
    </details>
  );
}

/** JSON with its lines, anything else as it is. What is copied stays as it came. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
