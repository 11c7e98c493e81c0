// The one place that talks to the host. Types come from the OpenAPI file; a problem body becomes a Problem.
import type { components } from "../../types/schema";

type Schemas = components["schemas"];
export type Session = Schemas["SessionView"];
export type Strategy = Schemas["StrategyView"];
export type Parameter = Schemas["ParameterView"];
export type Run = Schemas["RunView"];
export type Status = Schemas["StatusView"];
export type Order = Schemas["OrderView"];
export type Trade = Schemas["TradeView"];
export type Position = Schemas["PositionView"];
export type LogLine = Schemas["LogLineView"];
export type Pnl = Schemas["PnlView"];
export type KillSwitch = Schemas["KillSwitchView"];
export type Example = Schemas["ExampleView"];

/** What the host says when it says no, in words for people. */
export class Problem extends Error {
  readonly status: number;
  readonly remedy: string;
  readonly fields: Map<string, string>;

  constructor(status: number, body: Record<string, unknown>) {
    super(String(body["detail"] ?? body["title"] ?? "The host gave no reason."));
    this.status = status;
    this.remedy = typeof body["remedy"] === "string" ? body["remedy"] : "";
    const errors = Array.isArray(body["errors"]) ? (body["errors"] as Record<string, string>[]) : [];
    this.fields = new Map(errors.map((e) => [e["parameter"] ?? "", e["message"] ?? ""]));
  }
}

async function send<T>(method: string, path: string, init: RequestInit = {}): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, { method, credentials: "same-origin", ...init });
  } catch {
    throw new Problem(0, { detail: "The host does not answer. Is it running?" });
  }
  const text = await answer.text();
  const body: unknown = text ? parse(text) : {};
  if (!answer.ok) throw new Problem(answer.status, (body ?? {}) as Record<string, unknown>);
  return body as T;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { detail: text };
  }
}

function json(body: unknown): RequestInit {
  return { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
}

export const api = {
  session: () => send<Session>("GET", "/api/auth/session"),
  authenticate: (apiKey: string, apiSecret: string, requestToken: string) =>
    send<Schemas["SignedInAs"]>("POST", "/api/auth/authenticate", json({ apiKey, apiSecret, requestToken })),
  beginLogin: (apiKey: string, apiSecret: string) =>
    send<Schemas["LoginUrl"]>("POST", "/api/auth/login", json({ apiKey, apiSecret })),
  logout: () => send<unknown>("POST", "/api/auth/logout", json({})),

  strategies: () => send<Strategy[]>("GET", "/api/strategies"),
  upload: (name: string, bytes: ArrayBuffer) =>
    send<Strategy>("POST", `/api/strategies?name=${encodeURIComponent(name)}`, {
      body: bytes,
      headers: { "content-type": "application/wasm" },
    }),
  remove: (id: string) => send<unknown>("DELETE", `/api/strategies/${id}`),
  examples: () => send<Example[]>("GET", "/api/examples"),
  exampleBytes: async (name: string) => {
    const answer = await fetch(`/api/examples/${encodeURIComponent(name)}/download`);
    if (!answer.ok) throw new Problem(answer.status, { detail: "The example could not be read." });
    return answer.arrayBuffer();
  },

  start: (strategyId: string, params: Record<string, unknown>) =>
    send<Schemas["Started"]>("POST", "/api/live-trader/start", json({ strategyId, mode: "live", params })),
  stop: (runId: string, squareOff: boolean) =>
    send<Run>("POST", "/api/live-trader/stop", json({ runId, squareOff })),
  status: () => send<Status>("GET", "/api/live-trader/status"),

  orders: () => send<Order[]>("GET", "/api/orders"),
  trades: () => send<Trade[]>("GET", "/api/trades"),
  positions: () => send<Position[]>("GET", "/api/positions"),
  pnl: () => send<Pnl>("GET", "/api/pnl"),
  logs: () => send<LogLine[]>("GET", "/api/logs?limit=300"),
  setKillSwitch: (on: boolean) =>
    send<KillSwitch>("PUT", "/api/kill-switch", json({ on, reason: on ? "switched on from the page" : "" })),
};
