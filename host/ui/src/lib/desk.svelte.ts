// What the page knows of one trader: lists read when the stream opens, kept true by what the stream says.
import { api, Problem, type Amounts, type Broker, type Day, type KillSwitch, type LogLine, type Order, type Position, type Run, type Status, type Strategy, type StreamEvents, type Trade } from "./api";

export type Line = LogLine & { number: number };
export type Part = "strategies" | "status" | "orders" | "trades" | "positions" | "figures" | "log";
export type Link = "opening" | "live" | "lost";

/** Lines kept on the page; the file of the day has all. */
export const LINES_MAX = 1000;
/** What came within this time is shown at once, so that a busy minute does not make the page flicker. */
const CALM_MS = 120;
const AGAIN_MS = 5000;
const LOOK_MS = 2000;

const tradeKey = (t: Trade) => `${t.time.slice(0, 10)} ${t.symbol.split(":")[0]} ${t.tradeId}`;
const lineKey = (l: LogLine) => `${l.time} ${l.run} ${l.level} ${l.text}`;

export class Desk {
  today = $state("");
  strategies = $state.raw<Strategy[]>([]);
  status = $state.raw<Status | undefined>();
  orders = $state.raw<Order[]>([]);
  trades = $state.raw<Trade[]>([]);
  positions = $state.raw<Position[]>([]);
  figures = $state.raw<Amounts | undefined>();
  stats = $state.raw<Day | undefined>();
  lines = $state.raw<Line[]>([]);
  link = $state<Link>("opening");
  linkSince = $state(Date.now());
  linkWords = $state("");
  /** Why no new order leaves, in the host's words. */
  trouble = $state("");
  problems = $state<Partial<Record<Part, string>>>({});

  readonly #ended: () => void;
  #stream: EventSource | undefined;
  #closed = false;
  #again: ReturnType<typeof setTimeout> | undefined;
  #flush: ReturnType<typeof setTimeout> | undefined;
  #look: ReturnType<typeof setTimeout> | undefined;
  #changes: (() => void)[] = [];
  #newLines: LogLine[] = [];
  #lineNumber = 0;
  #loading = new Map<Part, boolean>();

  constructor(ended: () => void) {
    this.#ended = ended;
  }

  open(): void {
    this.#closed = false;
    this.#listen();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#again);
    clearTimeout(this.#flush);
    clearTimeout(this.#look);
    this.#flush = this.#look = undefined;
    this.#stream?.close();
  }

  /** Reads every list again, each by itself: one that fails keeps none of the others waiting. */
  refresh(...parts: Part[]): void {
    const all: Part[] = ["strategies", "status", "orders", "trades", "positions", "figures", "log"];
    for (const part of parts.length ? parts : all) void this.#load(part);
  }

  /** An order as it is now. One of another day is shown while it waits for a person's word, and as it ended then. */
  took(order: Order): void {
    const isShown = order.createdAt.slice(0, 10) === this.today || order.state === "escalated" || this.orders.some((o) => o.id === order.id);
    if (isShown) this.orders = replaced(this.orders, order, (o) => o.id);
  }

  async #load(part: Part): Promise<void> {
    if (this.#loading.has(part)) {
      this.#loading.set(part, true);
      return;
    }
    this.#loading.set(part, false);
    try {
      await this.#read(part);
      delete this.problems[part];
    } catch (error) {
      if (error instanceof Problem && error.status === 401) this.#ended();
      this.problems[part] = (error as Error).message;
    }
    const again = this.#loading.get(part);
    this.#loading.delete(part);
    if (again && !this.#closed) await this.#load(part);
  }

  async #read(part: Part): Promise<void> {
    switch (part) {
      case "strategies": this.strategies = await api.strategies(); return;
      case "status": this.status = await api.status(); return;
      case "orders": this.orders = await this.#orders(); return;
      case "trades": this.trades = await api.trades(this.today); return;
      case "positions": this.positions = await api.positions(); return;
      case "figures": {
        this.figures = await api.pnl(this.today, this.today);
        this.stats = (await api.dailyStats(this.today, this.today))[0];
        return;
      }
      case "log": {
        const before = await api.logs(this.today, LINES_MAX);
        const known = new Set(before.map(lineKey));
        const since = this.#newLines.filter((line) => !known.has(lineKey(line)));
        this.#newLines = [];
        this.lines = this.#numbered([...before, ...since]).slice(-LINES_MAX);
      }
    }
  }

  async #orders(): Promise<Order[]> {
    const today = this.today;
    const [todays, waiting] = await Promise.all([api.orders(today), api.escalated()]);
    return [...todays, ...waiting.filter((order) => order.createdAt.slice(0, 10) !== today)];
  }

  #numbered(lines: LogLine[]): Line[] {
    return lines.map((line) => ({ ...line, number: (this.#lineNumber += 1) }));
  }

  #listen(): void {
    const stream = new EventSource("/api/stream?log=true");
    this.#stream = stream;
    stream.onerror = () => this.#lost(stream);
    this.#on("hello", (hello) => {
      this.#say("live");
      this.today = hello.today;
      this.refresh();
    });
    this.#on("missed", () => this.refresh());
    this.#on("end", (end) => {
      if (end.reason === "session-ended") this.#ended();
      this.#say("lost", "The host is going down or has just been started again.");
    });
    this.#on("state", (run) => this.#soon(() => this.#run(run)));
    this.#on("order", (order) => this.#soon(() => {
      this.#statusSoon();
      this.took(order);
    }));
    this.#on("trade", (trade) => this.#soon(() => { this.#statusSoon(); this.trades = replaced(this.trades, trade, tradeKey); }));
    this.#on("positions", (positions) => this.#soon(() => { this.positions = positions; }));
    this.#on("stats", (stats) => this.#soon(() => { if (stats.date === this.today) this.stats = stats; }));
    this.#on("figures", (figures) => this.#soon(() => this.#figures(figures)));
    this.#on("broker", (broker) => this.#soon(() => this.#patch({ broker, brokerSession: broker.brokerSession })));
    this.#on("store", (store) => this.#soon(() => { this.trouble = store.trouble ?? ""; }));
    this.#on("killSwitch", (killSwitch) => this.#soon(() => this.#patch({ killSwitch })));
    this.#on("log", (line) => { this.#newLines.push(line); this.#soon(() => this.#addLines()); });
  }

  #on<K extends keyof StreamEvents>(name: K, action: (value: StreamEvents[K]) => void): void {
    this.#stream?.addEventListener(name, (event) => action(JSON.parse((event as MessageEvent<string>).data) as StreamEvents[K]));
  }

  /** A stream that the browser gives up was refused: by whom, and what now? */
  #lost(stream: EventSource): void {
    this.#say("lost");
    if (stream.readyState !== EventSource.CLOSED || this.#closed) return;
    clearTimeout(this.#again);
    this.#again = setTimeout(() => { if (!this.#closed) this.#listen(); }, AGAIN_MS);
    // Lists can be read all the same, though only every now and then.
    void this.#load("status").then(() => {
      if (!this.status || this.#closed) return;
      this.today = this.status.today;
      this.refresh();
    });
  }

  #say(link: Link, words = ""): void {
    if (link !== this.link) this.linkSince = Date.now();
    this.link = link;
    this.linkWords = words;
  }

  #soon(change: () => void): void {
    this.#changes.push(change);
    this.#flush ??= setTimeout(() => {
      this.#flush = undefined;
      const changes = this.#changes;
      this.#changes = [];
      for (const change of changes) change();
    }, CALM_MS);
  }

  /** What a run has open is in no event: it is read once after a burst of orders and fills. */
  #statusSoon(): void {
    this.#look ??= setTimeout(() => {
      this.#look = undefined;
      if (!this.#closed) this.refresh("status");
    }, LOOK_MS);
  }

  #addLines(): void {
    if (!this.#newLines.length || this.#loading.has("log")) return;
    this.lines = [...this.lines, ...this.#numbered(this.#newLines)].slice(-LINES_MAX);
    this.#newLines = [];
  }

  #run(run: Run): void {
    if (this.status) this.#patch({ runs: replaced(this.status.runs, run, (r) => r.id) });
  }

  #figures(figures: StreamEvents["figures"]): void {
    // A new trading day: yesterday's lists are not today's.
    if (figures.date !== this.today) {
      this.today = figures.date;
      this.refresh();
    }
    this.figures = figures;
    const runs = new Map(figures.runs.map((r) => [r.runId, r.figures]));
    if (this.status) this.#patch({ runs: this.status.runs.map((run) => ({ ...run, figures: runs.get(run.id) ?? run.figures })) });
  }

  #patch(part: Partial<Status> | { broker: Broker } | { killSwitch: KillSwitch }): void {
    if (this.status) this.status = { ...this.status, ...part };
  }
}

/** The list with this entry in place of the one with its key, or first. */
function replaced<T>(list: T[], entry: T, key: (entry: T) => string): T[] {
  const at = list.findIndex((other) => key(other) === key(entry));
  return at < 0 ? [entry, ...list] : list.with(at, entry);
}
