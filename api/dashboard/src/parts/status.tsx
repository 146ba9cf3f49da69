// A status: by its name, a colour and a sign, so that none of them has to be seen.

const SIGNS: Record<string, string> = {
  pending: "M3 8h.01M8 8h.01M13 8h.01",
  confirmed: "M3 8.500l3.500 3.500L13 4.500",
  rejected: "M4 4l8 8M12 4l-8 8",
  expired: "M4 3h8M4 13h8M5 3c0 5 6 5 6 10M11 3c0 5-6 5-6 10",
  canceled: "M3 8h10",
  deleted: "M4 5h8l-.8 8H4.800zM6.500 5V3h3v2",
};

export function Status({ of }: { of: string }) {
  return (
    <span class={`status ${of}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={SIGNS[of] ?? "M8 8h.01"} fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" />
      </svg>
      <span>{of}</span>
    </span>
  );
}
