// How numbers, sizes, durations and times are written.

const GROUPED = new Intl.NumberFormat("en-GB");
const SHORT = new Intl.NumberFormat("en-GB", { notation: "compact", maximumFractionDigits: 1 });
const LOCAL = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
});
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const CLOCK_TO_THE_SECOND = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY_LONG = 24 * HOUR;

/** 1,234,567 */
export function count(value: number): string {
  return GROUPED.format(value);
}

/** 1.2M, for the axis of a chart */
export function short(value: number): string {
  return SHORT.format(value);
}

/** "1 upload", "2,000 uploads" */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** 1.4 MiB */
export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  let left = value;
  while (left >= 1023.95 && unit < units.length - 1) {
    left /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${count(value)} B` : `${left < 10 ? left.toFixed(1) : GROUPED.format(Math.round(left))} ${units[unit]}`;
}

/** "340 ms", "2.4 s", "3 min 20 s", "2 h 5 min", "3 d 4 h" */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)} s`;
  const two = (large: number, name: string, small: number, smallName: string) => {
    const whole = Math.floor(ms / large);
    const rest = Math.floor((ms % large) / small);
    return rest === 0 ? `${count(whole)} ${name}` : `${count(whole)} ${name} ${rest} ${smallName}`;
  };
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return two(MINUTE, "min", SECOND, "s");
  if (ms < DAY_LONG) return two(HOUR, "h", MINUTE, "min");
  return two(DAY_LONG, "d", HOUR, "h");
}

/** "now", "12 s ago", "3 min ago", "in 5 min": one unit, as much as a glance takes in */
export function relative(at: number, now: number): string {
  const away = Math.abs(now - at);
  const units: [number, string][] = [
    [DAY_LONG, "d"],
    [HOUR, "h"],
    [MINUTE, "min"],
    [SECOND, "s"],
  ];
  const fitting = units.find(([size]) => away >= size);
  if (!fitting || away < 2 * SECOND) return "now";
  const text = `${count(Math.floor(away / fitting[0]))} ${fitting[1]}`;
  return at > now ? `in ${text}` : `${text} ago`;
}

/** The moment itself, as the reader's clock shows it and as logs write it. */
export function absolute(at: number): string {
  return `${LOCAL.format(at)} (${new Date(at).toISOString()})`;
}

/** The time of day, or the day, as an axis over so long a time names it. */
export function tick(at: number, span: number): string {
  if (span > 2 * DAY_LONG) return DAY.format(at);
  return (span < 5 * MINUTE ? CLOCK_TO_THE_SECOND : CLOCK).format(at);
}

/** A moment in a chart's legend. */
export function moment(at: number, span: number): string {
  return span > DAY_LONG ? `${DAY.format(at)}, ${CLOCK.format(at)}` : CLOCK_TO_THE_SECOND.format(at);
}
