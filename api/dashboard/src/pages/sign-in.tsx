// Signing in with an operator's key.

import { useQueryClient } from "@tanstack/preact-query";
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../api/problem.ts";
import { Trouble } from "../parts/page.tsx";
import { signIn } from "../session.ts";
import mark from "../sluice.svg";

export function SignIn() {
  const queries = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = "Sign in · Sluice";
    input.current?.focus();
  }, []);
  const submit = async (event: Event) => {
    event.preventDefault();
    const key = input.current?.value.trim() ?? "";
    if (!key || busy) return input.current?.focus();
    setBusy(true);
    try {
      await signIn(queries, key);
    } catch (error) {
      setError(refusal(error));
      setBusy(false);
      input.current?.select();
    }
  };
  return (
    <main class="sign-in">
      <div class="brand">
        <img src={mark} alt="" /> Sluice
      </div>
      <h1>Sign in</h1>
      <form onSubmit={(event) => void submit(event)}>
        <div class="field">
          <label for="key">An API key with the scope operator, or operator:read</label>
          <input id="key" ref={input} type="password" autocomplete="current-password" spellcheck={false} required aria-describedby="how" />
        </div>
        {error !== undefined && <Trouble error={error} />}
        <button type="submit" class="main" disabled={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </button>
      </form>
      <p class="dim small" id="how">
        This makes one:
        <code class="command">
          {["sluice-api keys create", "--tenant ops", "--name me", "--scopes operator", "--all-tenants"].map((part) => (
            <>
              <span class="one-line">{part}</span>{" "}
            </>
          ))}
        </code>
        The key is exchanged for a cookie and not kept.
      </p>
    </main>
  );
}

/** The API's own words speak of headers, which nobody typed here. */
function refusal(error: unknown): unknown {
  if (!(error instanceof Problem)) return error;
  if (error.status === 401) return new Problem(401, error.code, "This key is not known, or no longer valid.", undefined);
  if (error.code === "missing_scope") return new Problem(403, error.code, "This key is not an operator's: it has neither the scope operator nor operator:read.", undefined);
  return error;
}
