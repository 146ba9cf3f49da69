// A chart over time, which says in words what it shows, and under the pointer what it showed then.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { moment, tick } from "../format.ts";

/** One line or one layer of bars. */
export interface Series {
  name: string;
  /** The name in words, where it is short for something. */
  title?: string;
  /** The custom property that holds its colour. */
  color: string;
  /** The class of its key in the legend. */
  key: string;
  /** A line over the bars. */
  isLine?: boolean;
  values: (number | null)[];
}

interface Props {
  /** The beginning of each step, in milliseconds. */
  times: number[];
  series: Series[];
  kind: "bars" | "lines";
  /** The least that the axis reaches up to. */
  least: number;
  /** How a value is written. */
  write: (value: number) => string;
  /** What the legend says of each series while no moment is pointed at. */
  whole: string[];
  /** What the chart is of, for those who do not see it. */
  label: string;
}

/** The steps of an axis: nothing here comes in halves. */
const WHOLE = [1, 2, 5].flatMap((step) => [...Array(10).keys()].map((power) => step * 10 ** power)).sort((a, b) => a - b);

const SYNC = uPlot.sync("time");

export default function Chart({ times, series, kind, least, write, whole, label }: Props) {
  const room = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(null);
  const [place, point] = useState<number | null>(null);
  const dark = useDark();
  const shape = series.map((one) => one.name).join();
  const drawn = useMemo(() => (kind === "bars" ? stacked(times, series) : lines(times, series)), [times, series]);

  useEffect(() => {
    const where = room.current;
    if (!where) return;
    const made = new uPlot(options(where, series, kind, least, write, point), drawn, where);
    chart.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: where.clientWidth, height: where.clientHeight }));
    resized.observe(where);
    return () => {
      resized.disconnect();
      made.destroy();
      chart.current = null;
    };
    // Made anew only where it looks different; what it shows is set below.
  }, [shape, kind, dark]);

  useEffect(() => chart.current?.setData(drawn), [drawn]);

  const at = place === null ? undefined : times[place];
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
  return (
    <figure class="chart">
      <div class="room" ref={room} role="img" aria-label={`${label}: ${series.map((one, n) => `${one.title ?? one.name} ${whole[n]}`).join(", ")}`} />
      <figcaption>
        <span>{at === undefined ? "In all" : moment(at, span)}</span>
        {series.map((one, n) => {
          const value = place === null ? undefined : one.values[place];
          return (
            <span class="key" key={one.name} title={one.title}>
              <i class={one.key} /> {one.name} <b>{at === undefined ? whole[n] : value == null ? "–" : write(value)}</b>
            </span>
          );
        })}
      </figcaption>
    </figure>
  );
}

function useDark(): boolean {
  const scheme = useMemo(() => matchMedia("(prefers-color-scheme: dark)"), []);
  const [dark, set] = useState(scheme.matches);
  useEffect(() => {
    const changed = () => set(scheme.matches);
    scheme.addEventListener("change", changed);
    return () => scheme.removeEventListener("change", changed);
  }, [scheme]);
  return dark;
}

function lines(times: number[], series: Series[]): uPlot.AlignedData {
  return [times.map((at) => at / 1000), ...series.map((one) => one.values)];
}

/** Each layer stands on those before it. */
function stacked(times: number[], series: Series[]): uPlot.AlignedData {
  const sums = times.map(() => 0);
  const sum = (value: number | null, n: number) => (sums[n] = (sums[n] ?? 0) + (value ?? 0));
  const values = new Map(series.map((one) => [one, one.isLine ? one.values : one.values.map(sum)]));
  return [times.map((at) => at / 1000), ...inTurn(series).map((one) => values.get(one) ?? [])];
}

/** The highest layer is drawn first, so that the lower ones cover its foot, and lines last. */
function inTurn(series: Series[]): Series[] {
  return [...series.filter((one) => !one.isLine).reverse(), ...series.filter((one) => one.isLine)];
}

function options(
  where: HTMLElement,
  series: Series[],
  kind: "bars" | "lines",
  least: number,
  write: (value: number) => string,
  point: (place: number | null) => void,
): uPlot.Options {
  const style = getComputedStyle(where);
  const color = (name: string) => resolved(where, name);
  const font = `12px ${style.fontFamily}`;
  const grid = { stroke: color("--line"), width: 1 };
  const drawn = kind === "bars" ? inTurn(series) : series;
  const bars = uPlot.paths.bars?.({ size: [1, 48], gap: 1 });
  return {
    width: where.clientWidth,
    height: where.clientHeight,
    padding: [12, 20, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { show: kind === "lines" },
      sync: { key: SYNC.key },
    },
    scales: {
      x: { time: true, range: (made, from, to) => (kind === "bars" ? [from - half(made), to + half(made)] : [from, to]) },
      y: { range: (_, __, to) => [0, Math.max(to * 1.05, least)] },
    },
    axes: [
      {
        stroke: color("--dim"),
        font,
        grid: { show: false },
        ticks: grid,
        size: 28,
        values: (_, at) => at.map((second) => tick(second * 1000, ((at.at(-1) ?? 0) - (at[0] ?? 0)) * 1000)),
      },
      { stroke: color("--dim"), font, grid, ticks: { show: false }, size: 58, incrs: WHOLE, values: (_, all) => all.map(write) },
    ],
    series: [
      {},
      ...drawn.map((one): uPlot.Series => {
        const stroke = color(one.color);
        return kind === "bars" && !one.isLine
          ? { fill: stroke, stroke, width: 0, points: { show: false }, ...(bars ? { paths: bars } : {}) }
          : { stroke, width: 2, spanGaps: false, points: { show: true, size: 9, fill: stroke, filter: (made, n) => alone(made.data[n] ?? []) } };
      }),
    ],
    hooks: { setCursor: [(made) => point(made.cursor.idx ?? null)] },
  };
}

/** Half of a step, which the first and the last bar reach beyond their moments. */
function half(made: uPlot): number {
  const [first = 0, second = first + 60] = made.data[0];
  return (second - first) / 2;
}

/** The values with none beside them: a line would not show them. */
function alone(values: ArrayLike<number | null | undefined>): number[] {
  return Array.from(values).flatMap((value, n) => (value != null && values[n - 1] == null && values[n + 1] == null ? [n] : []));
}

/** A canvas does not know custom properties, nor light-dark(). */
function resolved(where: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  where.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}
