// Small pieces of text: times, sizes, names from strangers, codes.

import { useEffect, useState } from "preact/hooks";
import { absolute, bytes, relative } from "../format.ts";
import { pieces, plain } from "../hostile.ts";
import { useNow } from "../now.ts";

/** A moment, as far away as it is, with itself on hover. */
export function Time({ at }: { at: string }) {
  const ms = Date.parse(at);
  const now = useNow((now) => relative(ms, now));
  return (
    <time dateTime={at} title={absolute(ms)}>
      {now}
    </time>
  );
}

/** A size for people, with the exact one on hover. */
export function Size({ of }: { of: number }) {
  return <span title={`${of.toLocaleString("en-GB")} bytes`}>{bytes(of)}</span>;
}

/** A text that a stranger chose: nothing in it is markup, nothing stays unseen, nothing turns the text around it. */
export function Strange({ text, titled = true }: { text: string; titled?: boolean }) {
  return (
    <bdi class="strange" title={titled ? plain(text) : undefined}>
      {pieces(text).map((piece, place) =>
        "text" in piece ? (
          piece.text
        ) : (
          <span key={place} class="hidden-character" title="A character that can't be seen, or that turns the writing around">
            {piece.name}
          </span>
        ),
      )}
    </bdi>
  );
}

/** Something to copy: an id, a key, a hash. */
export function Copied({ text, label }: { text: string; label: string }) {
  const [said, say] = useState("");
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => say(""), 2000);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    try {
      // There is no clipboard at all where there is no TLS.
      await navigator.clipboard.writeText(text);
      say("Copied");
    } catch {
      say("Not allowed here");
    }
  };
  return (
    <button type="button" class="small quiet" onClick={() => void copy()} aria-label={`Copy ${label}`}>
      <span aria-live="polite">{said || "Copy"}</span>
    </button>
  );
}
