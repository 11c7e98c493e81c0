// How amounts, times and words look on the page.

const rupees = new Intl.NumberFormat("en-IN", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZone: "Asia/Kolkata",
});

/** Lakh grouping, two decimals; a dash where there is no figure, because unknown is not zero. */
export function money(amount: number | null | undefined): string {
  return amount === null || amount === undefined ? "–" : rupees.format(amount);
}

/** With a plus sign for a gain, for profit and loss. */
export function gain(amount: number | null | undefined): string {
  if (amount === null || amount === undefined) return "–";
  return (amount > 0 ? "+" : "") + rupees.format(amount);
}

/** The class that colours a gain or a loss. */
export function tone(amount: number | null | undefined): string {
  return !amount ? "" : amount > 0 ? "up" : "down";
}

/** IST clock time of an RFC 3339 instant. */
export function time(instant: string | null | undefined): string {
  const date = instant ? new Date(instant) : undefined;
  return date && !Number.isNaN(date.getTime()) ? clock.format(date) : "–";
}

const words: Record<string, string> = {
  waitingForBroker: "waiting for broker",
  triggerPending: "trigger pending",
};

/** A state as a person would say it. */
export function stateWord(word: string): string {
  return words[word] ?? word;
}
