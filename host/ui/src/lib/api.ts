// The one place that talks to the host. Types come from the OpenAPI file; a problem body becomes a Problem.
import type { components } from "../../types/schema";

type Schemas = components["schemas"];
export type Session = Schemas["SessionView"];
export type Device = Schemas["Device"];
export type Token = Schemas["TokenView"];
export type IssuedToken = Schemas["IssuedToken"];
export type Strategy = Schemas["StrategyView"];
export type Parameter = Schemas["ParameterView"];
export type Run = Schemas["RunView"];
export type Status = Schemas["StatusView"];
export type Order = Schemas["OrderView"];
export type Trade = Schemas["TradeView"];
export type Position = Schemas["PositionView"];
export type LogLine = Schemas["LogLineView"];
export type Pnl = Schemas["PnlView"];
export type Day = Schemas["DayView"];
export type Amounts = Schemas["Amounts"];
export type KillSwitch = Schemas["KillSwitchView"];
export type Egress = Schemas["EgressView"];
export type AuditEntry = Schemas["AuditView"];
export type AuditPage = Schemas["AuditPage"];
export type Broker = Schemas["BrokerView"];
export type RiskLimits = Schemas["RiskLimits"];
export type Example = Schemas["ExampleView"];
export type Replayed = Schemas["Replayed"];
export type Difference = Schemas["Difference"];
export type Explained = Schemas["Explained"];
export type Settlement = Schemas["SettleOrder"]["settlement"];
export type StreamEvents = Schemas["StreamEvents"];

/** What the host says when it says no, in words for people. */
export class Problem extends Error {
  readonly status: number;
  readonly remedy: string;
  readonly field: string;
  readonly fields: Map<string, string>;

  constructor(status: number, body: Record<string, unknown>) {
    super(String(body["detail"] ?? body["title"] ?? "The host gave no reason."));
    this.status = status;
    this.remedy = typeof body["remedy"] === "string" ? body["remedy"] : "";
    this.field = typeof body["field"] === "string" ? body["field"] : "";
    const errors = Array.isArray(body["errors"]) ? (body["errors"] as Record<string, string>[]) : [];
    this.fields = new Map(errors.map((e) => [e["parameter"] ?? "", e["message"] ?? ""]));
  }
}

/** The host must say something within this time; a change may be under way longer, and then that is said. */
const ANSWER_MS = 30_000;
const CHANGE_MS = 190_000;

async function ask(method: string, path: string, init: RequestInit = {}): Promise<Response> {
  const limit = AbortSignal.timeout(method === "GET" ? ANSWER_MS : CHANGE_MS);
  const signal = init.signal ? AbortSignal.any([limit, init.signal]) : limit;
  try {
    return await fetch(path, { method, credentials: "same-origin", ...init, signal });
  } catch {
    throw new Problem(0, { detail: "The host did not answer: whether this was done is not known. Is the host running?" });
  }
}

async function send<T>(method: string, path: string, init: RequestInit = {}): Promise<T> {
  const answer = await ask(method, path, init);
  const text = await answer.text().catch(() => "");
  const body: unknown = text ? parse(text) : {};
  if (!answer.ok) throw new Problem(answer.status, (body ?? {}) as Record<string, unknown>);
  return body as T;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { detail: text.slice(0, 300) };
  }
}

function json(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return { body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } };
}

/** One for every wish, so that a request whose answer is lost is not done twice. */
function once(): Record<string, string> {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return { "idempotency-key": Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("") };
}

const id = encodeURIComponent;
const component = (bytes: ArrayBuffer): RequestInit => ({ body: bytes, headers: { "content-type": "application/wasm", ...once() } });

export const api = {
  session: () => send<Session>("GET", "/api/auth/session"),
  authenticate: (apiKey: string, apiSecret: string, requestToken: string) =>
    send<Schemas["SignedInAs"]>("POST", "/api/auth/authenticate", json({ apiKey, apiSecret, requestToken })),
  beginLogin: (apiKey: string, apiSecret: string) =>
    send<Schemas["LoginUrl"]>("POST", "/api/auth/login", json({ apiKey, apiSecret })),
  logout: () => send<unknown>("POST", "/api/auth/logout", json({})),
  sessions: () => send<Device[]>("GET", "/api/auth/sessions"),
  revokeSession: (session: string) => send<unknown>("DELETE", `/api/auth/sessions/${id(session)}`),
  revokeSessions: () => send<unknown>("DELETE", "/api/auth/sessions"),
  tokens: () => send<Token[]>("GET", "/api/auth/tokens"),
  issueToken: (name: string) => send<IssuedToken>("POST", "/api/auth/tokens", json({ name })),
  revokeToken: (token: string) => send<unknown>("DELETE", `/api/auth/tokens/${id(token)}`),

  strategies: () => send<Strategy[]>("GET", "/api/strategies"),
  upload: (name: string, bytes: ArrayBuffer) =>
    send<Strategy>("POST", `/api/strategies?name=${id(name)}`, component(bytes)),
  uploadVersion: (strategy: string, bytes: ArrayBuffer) =>
    send<Strategy>("POST", `/api/strategies/${id(strategy)}/versions`, component(bytes)),
  remove: (strategy: string) => send<unknown>("DELETE", `/api/strategies/${id(strategy)}`),
  examples: () => send<Example[]>("GET", "/api/examples"),
  exampleBytes: async (name: string) => {
    const answer = await ask("GET", `/api/examples/${id(name)}/download`);
    if (!answer.ok) throw new Problem(answer.status, { detail: "The example could not be read." });
    return answer.arrayBuffer();
  },

  start: (strategyId: string, mode: "live" | "paper", params: Record<string, unknown>) =>
    send<Schemas["Started"]>("POST", "/api/live-trader/start", json({ strategyId, mode, params }, once())),
  stop: (runId: string, squareOff: boolean) =>
    send<Run>("POST", "/api/live-trader/stop", json({ runId, squareOff })),
  status: () => send<Status>("GET", "/api/live-trader/status"),

  replay: (runId: string, signal: AbortSignal) => send<Replayed>("POST", `/api/runs/${id(runId)}/replay`, { signal }),
  compare: (runId: string, version: number, signal: AbortSignal) =>
    send<Difference>("POST", `/api/runs/${id(runId)}/compare`, { ...json({ version }), signal }),
  explain: (runId: string, order: number) => send<Explained>("GET", `/api/runs/${id(runId)}/orders/${order}/explain`),

  orders: (date: string) => send<Order[]>("GET", `/api/orders?date=${date}`),
  /** Those that wait for a person's word, of whatever day. */
  escalated: () => send<Order[]>("GET", "/api/orders?state=escalated"),
  settle: (order: string, settlement: Settlement, reason: string) =>
    send<Order>("POST", `/api/orders/${id(order)}/settle`, json({ settlement, reason })),
  trades: (date: string) => send<Trade[]>("GET", `/api/trades?date=${date}`),
  positions: () => send<Position[]>("GET", "/api/positions"),
  pnl: (from: string, to: string) => send<Pnl>("GET", `/api/pnl?from=${from}&to=${to}`),
  dailyStats: (from: string, to: string, byStrategy = false) =>
    send<Day[]>("GET", `/api/daily-stats?from=${from}&to=${to}${byStrategy ? "&by=strategy" : ""}`),
  logs: (date: string, limit: number) => send<LogLine[]>("GET", `/api/logs?date=${date}&limit=${limit}`),
  riskLimits: () => send<RiskLimits>("GET", "/api/risk-limits"),
  setRiskLimits: (limits: RiskLimits) => send<RiskLimits>("PUT", "/api/risk-limits", json(limits)),
  killSwitch: () => send<KillSwitch>("GET", "/api/kill-switch"),
  setKillSwitch: (on: boolean, reason: string, flatten = false) =>
    send<KillSwitch>("PUT", "/api/kill-switch", json({ on, reason, flatten })),
  setRunSwitch: (run: string, on: boolean, reason: string, flatten = false) =>
    send<KillSwitch>("PUT", `/api/runs/${id(run)}/kill-switch`, json({ on, reason, flatten })),
  clearHalt: (reason: string, accepted: string[]) =>
    send<KillSwitch>("POST", "/api/trading-state/clear", json({ reason, accepted })),
  egress: () => send<Egress>("GET", "/api/egress"),
  preflight: () => send<Egress>("POST", "/api/egress/preflight", json({})),
  audit: (before?: number) => send<AuditPage>("GET", `/api/audit?limit=50${before ? `&before=${before}` : ""}`),
};
