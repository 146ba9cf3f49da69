// SHA-256 as the API writes it. It holds what it is given in memory.

/** The SHA-256 of a part, in hexadecimal digits. In a browser only pages of HTTPS and of localhost can have it. */
export async function sha256(bytes: Blob): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await bytes.arrayBuffer());
  return hex(new Uint8Array(digest));
}

/** A new idempotency key. (`crypto.randomUUID` is not there on pages of plain HTTP.) */
export function randomKey(): string {
  return hex(crypto.getRandomValues(new Uint8Array(16)));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
