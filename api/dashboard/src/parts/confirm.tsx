// Asking before something is done: a dialog that says what, does it, and stays where it fails.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { say } from "../said.tsx";
import { Dialog } from "./dialog.tsx";
import { Trouble } from "./page.tsx";

interface Props {
  /** What is to be done, with how many: the question and the button say the same. */
  what: string;
  isFinal: boolean;
  /** Does it, and gives what to say then. */
  go: () => Promise<string>;
  onClose: () => void;
  children: ComponentChildren;
}

export function Confirm({ what, isFinal, go, onClose, children }: Props) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      say(await go());
      onClose();
    } catch (error) {
      setError(error);
      setBusy(false);
    }
  };
  return (
    <Dialog title={`${what}?`} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        {children}
        {error !== undefined && <Trouble error={error} />}
        <div class="choices">
          <button type="button" onClick={onClose} autofocus={isFinal}>
            Back
          </button>
          <button type="submit" class={isFinal ? "main danger" : "main"} disabled={busy} autofocus={!isFinal}>
            {what}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
