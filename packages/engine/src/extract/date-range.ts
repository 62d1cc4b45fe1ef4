export type DatePrecision = "day" | "week" | "weekend" | "month" | "season" | "year" | "about";

/** A half-open stretch of time in UTC. */
export interface DateRange {
  /** Epoch milliseconds. */
  from: number;
  to: number;
  precision: DatePrecision;
}

export type DateUnit = "day" | "week" | "month" | "year";

const DAY_MS = 86_400_000;
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;
const SEASON_MONTHS: Readonly<Record<string, number>> = {
  spring: 2,
  summer: 5,
  autumn: 8,
  fall: 8,
  winter: 11,
};

/** Midnight, UTC, of the day that holds the instant. */
function startOfDay(at: number): number {
  return Math.floor(at / DAY_MS) * DAY_MS;
}

export function dayRange(at: number): DateRange {
  const from = startOfDay(at);
  return { from, to: from + DAY_MS, precision: "day" };
}

/** Monday to Sunday around the instant. */
export function weekRange(at: number): DateRange {
  const from = startOfDay(at) - ((new Date(at).getUTCDay() + 6) % 7) * DAY_MS;
  return { from, to: from + 7 * DAY_MS, precision: "week" };
}

/** Saturday and Sunday of the week `offset` weeks away. */
export function weekendRange(at: number, offset: number): DateRange {
  const from = weekRange(at).from + (5 + 7 * offset) * DAY_MS;
  return { from, to: from + 2 * DAY_MS, precision: "weekend" };
}

export function monthRange(year: number, month: number): DateRange {
  return { from: Date.UTC(year, month), to: Date.UTC(year, month + 1), precision: "month" };
}

export function yearRange(year: number): DateRange {
  return { from: Date.UTC(year, 0), to: Date.UTC(year + 1, 0), precision: "year" };
}

/** The last, running or next season of that name (of the northern half of the world). */
export function seasonRange(at: number, name: string, step: number): DateRange {
  const month = SEASON_MONTHS[name] ?? 0;
  const year = new Date(at).getUTCFullYear();
  const starts = [year - 2, year - 1, year, year + 1, year + 2];
  const running = starts.find((y) => Date.UTC(y, month) <= at && at < Date.UTC(y, month + 3));
  const coming = starts.find((y) => Date.UTC(y, month) > at) ?? year;
  const base = running ?? (step < 0 ? coming : step > 0 ? coming - 1 : year);
  const start = base + step;
  return { from: Date.UTC(start, month), to: Date.UTC(start, month + 3), precision: "season" };
}

/** The day, week, month or year that lies `count` units before the instant. */
export function unitsBefore(at: number, count: number, unit: DateUnit): DateRange {
  const date = new Date(at);
  if (unit === "year") return yearRange(date.getUTCFullYear() - count);
  if (unit === "month") return monthRange(date.getUTCFullYear(), date.getUTCMonth() - count);
  if (unit === "week") return weekRange(at - count * 7 * DAY_MS);
  return dayRange(at - count * DAY_MS);
}

export function daysBefore(at: number, days: number): number {
  return at - days * DAY_MS;
}

/** `5 May 2023`, `week of 1 May 2023`, `May 2023`, `summer 2022`, `2021`. */
export function formatRange(range: DateRange): string {
  const date = new Date(range.from);
  const year = date.getUTCFullYear();
  const month = MONTHS[date.getUTCMonth()] ?? "";
  const day = `${date.getUTCDate()} ${month} ${year}`;
  switch (range.precision) {
    case "day": {
      const last = range.to - DAY_MS;
      return last > range.from ? `${day} to ${formatRange(dayRange(last))}` : day;
    }
    case "week":
      return `week of ${day}`;
    case "weekend":
      return `weekend of ${day}`;
    case "month":
      return `${month} ${year}`;
    case "season":
      return `${seasonName(date.getUTCMonth())} ${year}`;
    case "year":
      return String(year);
    case "about":
      return `around ${day}`;
  }
}

function seasonName(month: number): string {
  if (month < 2 || month === 11) return "winter";
  if (month < 5) return "spring";
  return month < 8 ? "summer" : "autumn";
}
