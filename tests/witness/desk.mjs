// What every case of the JavaScript witness shares: an account of its own, signed in, and short ways to say what it does.

import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import assert from "node:assert/strict";

// WITNESS_MODULES names the folder whose node_modules holds the client, where that is not this one.
const require = createRequire(process.env.WITNESS_MODULES ? `${process.env.WITNESS_MODULES}/` : import.meta.url);

export const { KiteConnect } = require("kiteconnect");
export const base = (process.argv[2] ?? "http://127.0.0.1:8081").replace(/\/$/, "");
export const ws = `${base.replace(/^http/, "ws")}/`;
// Where the account WTOLD1 has its postbacks sent, if anywhere.
export const postbackPort = Number(process.argv[3] ?? 0);
export const INFY = 408065;
export const NIFTY = 256265;
export const PATIENCE_MS = 15_000;
export const MARKET = {
  exchange: "NSE", tradingsymbol: "INFY", transaction_type: "BUY", quantity: 1, product: "MIS", order_type: "MARKET",
  market_protection: -1,
};
const LIMITS = { quote: 1, candles: 3, order: 10, other: 10 };

// Set by the runner before every case.
export const desk = { kite: undefined, user: undefined };
export const keyOf = (user) => user.toLowerCase();
export const secretOf = (user) => `${keyOf(user)}-secret`;

// The ticker keeps its state in its module: every line needs a copy of its own.
export function freshTicker() {
  const path = require.resolve("kiteconnect/dist/lib/ticker.js");
  delete require.cache[path];
  return require(path).KiteTicker;
}

export async function control(path, body, method = "POST") {
  const answer = await fetch(base + path, {
    method, headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  });
  assert.ok(answer.ok, await answer.clone().text());
  return answer.json();
}

export async function look(path) {
  return (await fetch(base + path)).json();
}

export const setClock = (now) => control("/sim/clock", { now }, "PUT");
export const move = (price, symbol = "NSE:INFY") => control("/sim/price", { symbol, price });

// What the exchange's clock shows.
export const now = async () => new Date((await look("/sim/clock")).now / 1_000);

export async function lastPrice(symbol = "NSE:INFY") {
  return (await look("/sim/instruments")).find((row) => row.symbol === symbol).lastPrice;
}

export async function requestToken(user = desk.user) {
  return (await control("/sim/request-token", { apiKey: keyOf(user) })).requestToken;
}

// The client's way out waits where Kite would say 429; the client itself knows nothing of it.
export function client(user = desk.user) {
  const kite = new KiteConnect({ api_key: keyOf(user), root: base });
  const sent = { quote: [], candles: [], order: [], other: [] };
  kite.requestInstance.interceptors.request.use(async (call) => {
    const kind = kindOf(call.method, call.url);
    if (sent[kind].length >= LIMITS[kind]) await sleep(Math.max(0, sent[kind].shift() + 1_020 - Date.now()));
    sent[kind].push(Date.now());
    return call;
  });
  return kite;
}

export async function signIn(user = desk.user) {
  const kite = client(user);
  kite.setAccessToken((await kite.generateSession(await requestToken(user), secretOf(user))).access_token);
  return kite;
}

export async function refused(call, kind) {
  try {
    await call();
  } catch (error) {
    assert.equal(error.error_type, kind, String(error.stack ?? error.message));
    return error;
  }
  assert.fail(`no ${kind} came`);
}

export async function place(changes = {}, variety = "regular") {
  return (await desk.kite.placeOrder(variety, { ...MARKET, ...changes })).order_id;
}

export async function farBelow(part = 0.97) {
  return Math.round((await lastPrice()) * part);
}

export async function placeResting(changes = {}) {
  return place({ order_type: "LIMIT", price: await farBelow(), market_protection: undefined, ...changes });
}

export async function settled(id, ...states) {
  for (const end = Date.now() + PATIENCE_MS; ; ) {
    const order = (await desk.kite.getOrders()).find((row) => row.order_id === id);
    if (states.includes(order.status)) return order;
    assert.ok(Date.now() < end, `${order.status}, never ${states}: ${order.status_message}`);
    await sleep(150);
  }
}

export async function filled(changes = {}) {
  return settled(await place(changes), "COMPLETE");
}

export async function until(what, done) {
  for (const end = Date.now() + PATIENCE_MS; !done(); await sleep(30)) assert.ok(Date.now() < end, `no ${what}`);
}

// A route that the client has no name for.
export async function raw(method, path, form = {}) {
  const words = new URLSearchParams(form);
  const isQuery = method === "GET" || method === "DELETE";
  const answer = await fetch(`${base}${path}${isQuery && words.size ? `?${words}` : ""}`, {
    method, body: isQuery ? undefined : words,
    headers: { "X-Kite-Version": "3", Authorization: `token ${desk.kite.api_key}:${desk.kite.access_token}` },
  });
  return { status: answer.status, ...(await answer.json()) };
}

function kindOf(method, url) {
  if (url.startsWith("/orders") && method.toUpperCase() !== "GET") return "order";
  if (url.startsWith("/quote")) return "quote";
  return url.startsWith("/instruments/historical") ? "candles" : "other";
}
