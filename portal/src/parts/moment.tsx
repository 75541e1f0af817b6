import type { Time } from "../api/account.ts";

const kDay = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });
const kMinute = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** Null for what is no time. */
export function readTime(time: Time | null): Date | null {
  if (time === null) return null;
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** The day `days` from now, for people. */
export function dayIn(days: number, now = new Date()): string {
  const day = new Date(now);
  day.setDate(day.getDate() + days);
  return kDay.format(day);
}

interface Props {
  time: Time | null;
  /** In place of no time at all. */
  never?: string;
  /** Show the hour, too, not only on hover. */
  exact?: boolean;
}

/** A point in time, in the reader's own time zone. */
export function Moment({ time, never = "–", exact = false }: Props) {
  const date = readTime(time);
  if (date === null) return never;
  return (
    <time dateTime={date.toISOString()} title={kMinute.format(date)}>
      {(exact ? kMinute : kDay).format(date)}
    </time>
  );
}
