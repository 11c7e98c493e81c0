// What an entry of the audit says, for people: a sentence, and after it by name and value whatever the sentence left out.
// Nothing is dropped: a field that nobody here knows is listed as it comes.
import { count, moment, price, word } from "./format";

/** `title` has the whole of what is shown shortened. */
export type Fact = { name: string; value: string; title?: string };
export type Told = { sentence: string; facts: Fact[] };

/** What an action means, its details given. */
export function told(action: string, details: unknown): Told {
  const fields = new Fields(details);
  const sentence = sentences[action]?.(fields) ?? "";
  return { sentence, facts: fields.rest() };
}

/** The bytes of a component by their hash, as short as people tell them apart. */
export function component(sha256: string): Fact {
  return { name: "component", value: short(sha256), title: sha256 };
}

const HASH_SHOWN = 12;

const short = (hash: string) => (hash.length > HASH_SHOWN ? `${hash.slice(0, HASH_SHOWN)}…` : hash);

/** Names and looks of what a sentence seldom says; these are listed first, in this order. */
const known: Record<string, (value: string) => Fact> = {
  tag: (value) => ({ name: "mark", value }),
  brokerOrderId: (value) => ({ name: "broker's number", value }),
  httpStatus: (value) => ({ name: "HTTP", value }),
  errorType: (value) => ({ name: "error", value }),
  leavesFrom: (value) => ({ name: "leaves from", value }),
  component,
  sha256: component,
  runId: (value) => ({ name: "run", value }),
  runOrderId: (value) => ({ name: "order of its run", value }),
  expiresAt: (value) => ({ name: "until", value: instant(value) }),
};

/** What is absent without that being news. */
const silentWhenEmpty = new Set(["brokerOrderId", "httpStatus", "errorType", "leavesFrom", "message"]);

/** Microseconds since 1970, as the audit writes instants of its own. */
function instant(value: string): string {
  return /^\d{15,17}$/.test(value) ? moment(new Date(Number(value) / 1000).toISOString()) : value;
}

/** The details of an entry, flat: `change.quantity`. What a sentence takes is said, the rest is left to be listed. */
class Fields {
  /** Null where a field is there and empty. */
  readonly #left = new Map<string, string | null>();

  constructor(details: unknown) {
    if (details !== null && details !== undefined) this.#add("", details);
  }

  has(name: string): boolean {
    return this.#left.has(name);
  }

  /** As text; empty where there is none. */
  take(name: string): string {
    const value = this.#left.get(name) ?? "";
    this.#left.delete(name);
    return value;
  }

  /** The value, where the sentence has words for it; another one stays to be listed. */
  among<T extends string>(name: string, ...values: T[]): T | "" {
    const value = values.find((one) => one === this.#left.get(name));
    if (value) this.#left.delete(name);
    return value ?? "";
  }

  /** Lets go of a value that the sentence says otherwise. */
  forget(name: string, isSaid: (value: string) => boolean): void {
    if (isSaid(this.#left.get(name) ?? "")) this.#left.delete(name);
  }

  /** An amount of rupees; empty where it is zero, which says that there is none. */
  amount(name: string): string {
    return figure(this.take(name), (rupees) => (rupees ? price(rupees) : ""));
  }

  /** Units. */
  units(name: string): string {
    return figure(this.take(name), count);
  }

  rest(): Fact[] {
    const facts: Fact[] = [];
    for (const [name, show] of Object.entries(known)) {
      const value = this.take(name);
      if (value) facts.push(show(value));
    }
    for (const [name, value] of this.#left) facts.push({ name: name.split(".").map(word).join(" ") || "details", value: value ?? "none" });
    return facts;
  }

  #add(name: string, value: unknown): void {
    if (value === null || value === "") {
      if (!silentWhenEmpty.has(name)) this.#left.set(name, null);
    } else if (Array.isArray(value)) this.#addList(name, value);
    else if (typeof value === "object") this.#addAll(name, Object.entries(value));
    else this.#left.set(name, String(value));
  }

  #addList(name: string, list: unknown[]): void {
    if (list.some((entry) => typeof entry === "object")) this.#addAll(name, list.map((entry, n) => [String(n + 1), entry]));
    else this.#left.set(name, list.join(", ") || null);
  }

  #addAll(name: string, entries: [string, unknown][]): void {
    if (!entries.length && name) this.#left.set(name, null);
    for (const [key, value] of entries) this.#add(name ? `${name}.${key}` : key, value);
  }
}

/** A number as it looks here; what is none stays as it is. */
function figure(value: string, show: (number: number) => string): string {
  const number = Number(value);
  return value === "" || Number.isNaN(number) ? value : show(number);
}

const sentences: Record<string, (f: Fields) => string> = {
  orderIntent: (f) => ended(`Written down, and waits for its turn${state(f, "intent")}`, f),
  orderRefused: (f) => ended(f.among("state", "abandoned") ? "Never sent" : `Refused here, nothing was sent${state(f, "refused")}`, f),
  orderSending: (f) => ended(`Written down as leaving now${state(f, "sending")}`, f) + from(f),
  orderAnswered: (f) => {
    const answer = f.among("state", "acked", "rejected", "ambiguous");
    return ended(answer ? answers[answer] : `The broker answered${state(f)}`, f);
  },
  orderChanged: (f) => ended(`Now ${word(f.take("state"))}`, f),
  orderEscalated: (f) => ended(`A person must look${state(f, "escalated")}`, f),
  orderSettled: (f) => {
    const reason = f.take("reason");
    const found = f.among("settlement", "absent", "ended");
    const start = found ? `A person settled it: ${settlements[found]}` : "A person settled it";
    // The order's own words say once more how it was settled, and why.
    f.forget("message", (words) => words.startsWith("settled by a person") && words.includes(reason));
    return `${ended(`${start}${state(f, "absent")}`, f)}${reason ? ` Their reason: ${reason}` : ""}`;
  },
  withdrawalAsked: () => "Its withdrawal was asked for.",
  callLeft: (f) => {
    const call = f.among("call", "change", "withdrawal");
    return `${call === "change" ? "A change" : call ? "Its withdrawal" : "A call"} left for the broker${change(f)}.${from(f)}`;
  },
  callAnswered: (f) => {
    const answer = f.has("message") ? "The broker said no" : "The broker took it";
    return ended(f.among("left", "true", "false") === "false" ? "It never left" : answer, f);
  },
};

const answers = {
  acked: "The broker took it",
  rejected: "The broker refused it",
  ambiguous: "No clear answer came",
};

const settlements = {
  absent: "it never reached the exchange",
  ended: "it reached the exchange and can trade no more",
};

/** The state, unless the sentence means it anyway. */
function state(f: Fields, ...meant: string[]): string {
  if (f.among("state", ...meant)) return "";
  const other = f.take("state");
  return other ? `, now ${word(other)}` : "";
}

/** The sentence to its end: what was asked for, what is filled, the broker's number, and the words that came with the
    broker's status and error, unless they stand in these words. */
function ended(start: string, f: Fields): string {
  const number = f.take("brokerOrderId");
  const filled = f.units("filled");
  const parts = [start + wish(f), filled && filled !== "0" ? `${filled} filled` : "", number && `the broker's number ${number}`];
  const [message, status, error] = [f.take("message"), f.take("httpStatus"), f.take("errorType")];
  const codes = [status && `HTTP ${status}`, error].filter((code) => code && !message.includes(code)).join(", ");
  const text = `${parts.filter(Boolean).join(", ")}${message ? `: ${message}` : ""}${codes ? ` (${codes})` : ""}`;
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** What was asked for. Later entries have its price alone. */
function wish(f: Fields): string {
  const what = [f.take("side"), f.units("quantity"), f.take("symbol"), terms(f), f.take("product")].filter(Boolean).join(" ");
  const paper = f.among("mode", "live", "paper") === "paper" ? " on paper" : "";
  const closing = f.among("isExit", "true", "false") === "true" ? ", to close what is held" : "";
  return `${what ? `: ${what}` : ""}${paper}${closing}`;
}

/** At which price, and from which trigger on. */
function terms(f: Fields): string {
  const [limit, trigger] = [f.amount("price"), f.amount("trigger")];
  const kind = f.among("kind", "MARKET", "LIMIT", "SL", "SL-M");
  const market = kind === "MARKET" || kind === "SL-M" ? "at market" : "";
  return [limit ? `at ${limit}` : market, trigger ? `once ${trigger} is traded` : ""].filter(Boolean).join(" ");
}

/** What a change asks for; what it leaves alone is not said. */
function change(f: Fields): string {
  const asked = [
    ["quantity", f.units("change.quantity")], ["price", f.amount("change.price")], ["trigger", f.amount("change.trigger")],
    ["type", f.take("change.kind")], ["validity", f.take("change.validity")],
  ].filter(([, value]) => value).map((pair) => pair.join(" "));
  return asked.length ? `: ${asked.join(", ")}` : "";
}

/** By which way, and seen from where. */
function from(f: Fields): string {
  const [address, way] = [f.take("leavesFrom"), f.take("way")];
  if (address) return ` It leaves from ${address}${way ? ` (${way})` : ""}.`;
  return way ? ` It leaves ${way}; its address was not proved.` : "";
}
