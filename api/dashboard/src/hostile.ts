// What a stranger's text may hold that a reader would not see, or that would change how the text around it reads.

/** A piece of a text: as it is, or a character that is shown by its number. */
export type Piece = { text: string } | { hidden: string; name: string };

/**
 * Controls, what turns the direction of writing, what takes no room, and what is no character at all. A joiner between
 * letters has its uses, and is shown nevertheless: two names that look alike should not.
 */
const HIDDEN =
  /[\p{Cc}\p{Cs}\p{Cn}\p{Co}\p{Zl}\p{Zp}\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u3164\uFE00-\uFE0E\uFEFF\uFFA0\uFFF9-\uFFFB\u{1D173}-\u{1D17A}\u{E0000}-\u{E0FFF}]/gu;

/** Cuts a text up so that all of it can be seen. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let behind = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > behind) found.push({ text: text.slice(behind, match.index) });
    found.push({ hidden: match[0], name: codePoint(match[0]) });
    behind = match.index + match[0].length;
  }
  if (behind < text.length) found.push({ text: text.slice(behind) });
  return found;
}

/** The same as plain text, for titles and labels. */
export function plain(text: string): string {
  return text.replace(HIDDEN, (character) => `<${codePoint(character)}>`);
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
