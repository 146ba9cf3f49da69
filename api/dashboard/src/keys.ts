// What keys do, as long as nothing is being typed.

import { useEffect } from "preact/hooks";

/** All keys, for the help. */
export const KEYS: [keys: string[], what: string][] = [
  [["/"], "search"],
  [["↑", "↓"], "the row above, the row below (also k and j)"],
  [["Enter"], "open the row"],
  [["Space"], "select the row"],
  [["p"], "pause the list, go on"],
  [["n"], "show what is new"],
  [["o"], "overview"],
  [["u"], "uploads"],
  [["Esc"], "close a dialog; leave the search"],
  [["?"], "this list"],
];

type Doings = Record<string, (event: KeyboardEvent) => void>;

/** Does something for each of these keys while the component is shown. */
export function useKeys(doings: Doings) {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
      const doing = doings[event.key];
      if (!doing) return;
      doing(event);
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) && !isCheckbox(target));
}

function isCheckbox(target: HTMLElement): boolean {
  return target instanceof HTMLInputElement && target.type === "checkbox";
}
