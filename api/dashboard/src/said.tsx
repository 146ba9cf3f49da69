// What the page says has been done: shown for a while, and read out.

import { useEffect, useState } from "preact/hooks";

/** How long it stays, in milliseconds. */
const STAYS = 6000;

let tell: ((text: string) => void) | undefined;

export function say(text: string) {
  tell?.(text);
}

export function Said() {
  const [said, set] = useState<{ text: string } | null>(null);
  useEffect(() => {
    tell = (text) => set({ text });
    return () => (tell = undefined);
  }, []);
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => set(null), STAYS);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <div class="said" role="status">
      {said && <p>{said.text}</p>}
    </div>
  );
}
