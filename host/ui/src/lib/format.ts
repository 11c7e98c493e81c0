// How amounts, times and words look on the page.

const rupees = new Intl.NumberFormat("en-IN", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const prices = new Intl.NumberFormat("en-IN", { minimumFractionDigits: 2, maximumFractionDigits: 4 });
const whole = new Intl.NumberFormat("en-IN", { maximumFractionDigits: 0 });
const ist = { timeZone: "Asia/Kolkata" } as const;
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", ...ist });
const dayAndMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", ...ist });
const dayInFull = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric", ...ist });
const isoDay = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", ...ist });

type Maybe = number | null | undefined;
const NOTHING = "–";

/** A minus as wide as a plus, so that columns stand. */
const signed = (text: string) => text.replace("-", "−");

/** Lakh grouping, two decimals; a dash where there is no figure, because unknown is not zero. */
export function money(amount: Maybe): string {
  return amount === null || amount === undefined ? NOTHING : signed(rupees.format(amount));
}

/** A price, with the third and fourth decimal where a contract has them. */
export function price(amount: Maybe): string {
  return amount ? signed(prices.format(amount)) : NOTHING;
}

/** A count, in lakh grouping. */
export function count(amount: Maybe): string {
  return amount === null || amount === undefined ? NOTHING : signed(whole.format(amount));
}

/** `1 order`, `2 orders`. */
export function many(amount: number, what: string): string {
  return `${count(amount)} ${what}${amount === 1 ? "" : "s"}`;
}

/** With a plus or minus sign, so that colour is never the only one. */
export function gain(amount: Maybe): string {
  if (amount === null || amount === undefined) return NOTHING;
  return (amount > 0 ? "+" : "") + signed(rupees.format(amount));
}

/** The class that colours a gain or a loss. */
export function tone(amount: Maybe): string {
  return !amount ? "" : amount > 0 ? "up" : "down";
}

function instant(text: string | null | undefined): Date | undefined {
  const date = text ? new Date(text) : undefined;
  return date && !Number.isNaN(date.getTime()) ? date : undefined;
}

/** IST clock time of an RFC 3339 instant, with the date unless it is today's. */
export function time(text: string | null | undefined, today = ""): string {
  const date = instant(text);
  if (!date) return NOTHING;
  return isoDay.format(date) === today ? clock.format(date) : `${dayAndMonth.format(date)} ${clock.format(date)}`;
}

/** Date and time in full, for titles. */
export function moment(text: string | null | undefined): string {
  const date = instant(text);
  return date ? `${dayInFull.format(date)}, ${clock.format(date)} IST` : NOTHING;
}

/** `2026-11-23` → `Mon 23 Nov 2026`. */
export function day(date: string): string {
  const at = instant(`${date}T12:00:00+05:30`);
  return at ? dayInFull.format(at).replace(",", "") : date;
}

/** The date so many days before. */
export function daysBefore(date: string, days: number): string {
  const at = instant(`${date}T12:00:00+05:30`);
  return at ? isoDay.format(new Date(at.getTime() - days * 86_400_000)) : date;
}

/** Milliseconds as a person counts them. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** A word of the API as a person would say it: `waitingForBroker` → `waiting for broker`. */
export function word(name: string): string {
  return name.replace(/([A-Z])/g, " $1").toLowerCase();
}

const marks: Record<string, string> = {
  running: "●", live: "●", complete: "✓", starting: "◌", stopping: "◌", waitingForBroker: "◌", stopped: "■",
  failed: "✕", quarantined: "✕", refused: "✕", rejected: "✕", expired: "✕", unreachable: "!", ambiguous: "?", escalated: "!",
};

/** A sign beside the word, so that colour is never the only one. */
export function mark(name: string): string {
  return marks[name] ?? "○";
}
