// Which page is shown at which address, and what is around it.

import { useQueryClient } from "@tanstack/preact-query";
import { useEffect, useState } from "preact/hooks";
import { Link, Route, Router, Switch, useLocation, useRoute } from "wouter-preact";
import { useFeed } from "./api/feed.ts";
import { useOverview } from "./api/queries.ts";
import { count } from "./format.ts";
import { useKeys } from "./keys.ts";
import { useLink } from "./link.ts";
import { useNow } from "./now.ts";
import { Help } from "./parts/help.tsx";
import { Loading, Page, Trouble } from "./parts/page.tsx";
import { Time } from "./parts/text.tsx";
import { Actions } from "./pages/actions.tsx";
import { DeadEvents } from "./pages/dead-events.tsx";
import { DeadLetters } from "./pages/dead-letters.tsx";
import { Overview } from "./pages/overview.tsx";
import { SignIn } from "./pages/sign-in.tsx";
import { OneUpload } from "./pages/upload.tsx";
import { Uploads } from "./pages/uploads.tsx";
import { Said } from "./said.tsx";
import { onEnd, signOut, useSession } from "./session.ts";
import mark from "./sluice.svg";

/** Whoever is not signed in sees the sign-in at whatever address they came to, and that address's page behind it. */
export function App() {
  const session = useSession();
  const queries = useQueryClient();
  useEffect(() => onEnd(queries), [queries]);
  if (session.data) return <SignedIn />;
  if (session.data === null) return <SignIn />;
  return (
    <main>
      {session.error ? <Trouble error={session.error} retry={() => void session.refetch()} /> : <Loading what="the dashboard" />}
    </main>
  );
}

function SignedIn() {
  useFeed();
  return (
    <Router base="/dashboard">
      <Frame />
    </Router>
  );
}

function Frame() {
  const [help, setHelp] = useState(false);
  const queries = useQueryClient();
  const [stayed, setStayed] = useState<unknown>();
  const leave = () => {
    setStayed(undefined);
    void signOut(queries).catch(setStayed);
  };
  const [, go] = useLocation();
  useKeys({ "?": () => setHelp(true), o: () => go("/"), u: () => go("/uploads") });
  return (
    <>
      <a class="button skip" href="#content">
        To the content
      </a>
      <Bar onHelp={() => setHelp(true)} onLeave={leave} />
      <Lost />
      <main id="content">
        {stayed !== undefined && (
          <>
            <p role="alert">
              <strong>You are still signed in.</strong>
            </p>
            <Trouble error={stayed} retry={leave} isTriedAgain={false} />
          </>
        )}
        <Switch>
          <Route path="/" component={Overview} />
          <Route path="/uploads" component={Uploads} />
          <Route path="/uploads/:id">{({ id }) => <OneUpload key={id} id={id} />}</Route>
          <Route path="/dead-letters" component={DeadLetters} />
          <Route path="/dead-events" component={DeadEvents} />
          <Route path="/actions" component={Actions} />
          <Route>
            <Page title="There is nothing here">
              <p>
                No page has this address. <Link href="/">The overview</Link> leads to all of them.
              </p>
            </Page>
          </Route>
        </Switch>
      </main>
      <Said />
      {help && <Help onClose={() => setHelp(false)} />}
    </>
  );
}

function Bar({ onHelp, onLeave }: { onHelp: () => void; onLeave: () => void }) {
  const session = useSession();
  const overview = useOverview().data;
  return (
    <header class="bar">
      <Link href="/" class="brand">
        <img src={mark} alt="" /> Sluice
      </Link>
      <nav aria-label="Pages">
        <Tab href="/" name="Overview" />
        <Tab href="/uploads" name="Uploads" below />
        {session.data?.all_tenants && (
          <>
            <Tab href="/dead-letters" name="Dead letters" amount={overview?.system?.dead_letters} />
            <Tab href="/dead-events" name="Dead events" amount={overview?.system?.dead_events} />
          </>
        )}
        <Tab href="/actions" name="Actions" />
      </nav>
      <div class="who">
        <LinkShown />
        <button type="button" class="small quiet" onClick={onHelp} aria-label="Keys">
          <kbd>?</kbd>
        </button>
        <span class="key-name dim" title="The key you have signed in with">
          {session.data?.name}
        </span>
        <button type="button" class="small" onClick={onLeave}>
          Sign out
        </button>
      </div>
    </header>
  );
}

function Tab({ href, name, below = false, amount = 0 }: { href: string; name: string; below?: boolean; amount?: number | undefined }) {
  const [is] = useRoute(href);
  const [isBelow] = useRoute(`${href}/*`);
  return (
    <Link href={href} aria-current={is || (below && isBelow) ? "page" : undefined}>
      {name}
      {amount > 0 && <span class="badge">{count(amount)}</span>}
    </Link>
  );
}

/** How long a feed that was just closed, or never open, is taken to be about to open, in milliseconds. */
const CONNECTING = 3000;

const LINK = {
  connecting: ["", "Connecting", "The live feed is being opened."],
  live: ["good", "Live", "The API tells this page at once what happens."],
  polling: ["warn", "Polling", "The live feed is closed for now. The page asks every few seconds instead, and tries to open it again."],
  lost: ["bad", "No connection", "The API does not answer, or can't. The page goes on trying."],
} as const;

function LinkShown() {
  const { state, since } = useLink();
  const isNew = useNow((now) => now - since < CONNECTING);
  const [kind, name, meaning] = state === "polling" && isNew ? LINK.connecting : LINK[state];
  return (
    <span class="link-state" role="status" title={meaning}>
      <span class={`dot ${kind}`} /> {name}
    </span>
  );
}

function Lost() {
  const { state, since } = useLink();
  if (state !== "lost") return null;
  return (
    <div class="banner" role="alert">
      <strong>The connection to the API is lost.</strong>
      <span>
        What you see is as it was <Time at={new Date(since).toISOString()} />. The page goes on trying, and catches up by itself.
      </span>
    </div>
  );
}
