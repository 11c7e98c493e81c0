// The official JavaScript client against a running simulator: the witness that nobody here wrote.
//
// usage: node kite_js.mjs BASE_URL [WS_URL]      (packages: package.json)
// Prints `ok|FAIL name` for each case and `N passed, N failed`; exit code 1 when one failed. Knows the demo's accounts.

import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import assert from "node:assert/strict";

// WITNESS_MODULES names the folder whose node_modules holds the client, where that is not this one.
const require = createRequire(process.env.WITNESS_MODULES ? `${process.env.WITNESS_MODULES}/` : import.meta.url);
const { KiteConnect, KiteTicker } = require("kiteconnect");

const base = (process.argv[2] ?? "http://127.0.0.1:8081").replace(/\/$/, "");
const ws = process.argv[3] ?? `${base.replace(/^http/, "ws")}/`;
const key = "demo-uk1234";
const secret = "demo-secret-uk1234";
const user = "UK1234";
const INFY = 408065;
const NIFTY = 256265;
const PATIENCE_MS = 15_000;
const MARKET = {
  exchange: "NSE", tradingsymbol: "INFY", transaction_type: "BUY", quantity: 1, product: "MIS", order_type: "MARKET",
  market_protection: -1,
};

// A session of its own for every case, opened by the runner.
let kite;

async function signIn() {
  const fresh = new KiteConnect({ api_key: key, root: base });
  const session = await fresh.generateSession(await requestToken(), secret);
  fresh.setAccessToken(session.access_token);
  return fresh;
}

async function requestToken() {
  const answer = await fetch(`${base}/sim/request-token`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ apiKey: key }),
  });
  return (await answer.json()).requestToken;
}

async function refused(call, kind) {
  try {
    await call();
  } catch (error) {
    assert.equal(error.error_type, kind);
    return error;
  }
  assert.fail(`no ${kind} came`);
}

async function place(changes = {}) {
  await sleep(150);
  return (await kite.placeOrder("regular", { ...MARKET, ...changes })).order_id;
}

async function settled(id, status) {
  for (const end = Date.now() + PATIENCE_MS; ; ) {
    const order = (await kite.getOrders()).find((row) => row.order_id === id);
    if (order.status === status) return order;
    assert.ok(Date.now() < end, `${order.status}, never ${status}: ${order.status_message}`);
    await sleep(250);
  }
}

const cases = {
  "a wrong secret is a TokenException": async () => {
    const stranger = new KiteConnect({ api_key: key, root: base });
    await refused(async () => stranger.generateSession(await requestToken(), "wrong"), "TokenException");
  },
  "a request token opens a session": async () => {
    const fresh = new KiteConnect({ api_key: key, root: base });
    const session = await fresh.generateSession(await requestToken(), secret);
    assert.equal(session.user_id, user);
    assert.equal(session.api_key, key);
  },
  "the profile names the user": async () => assert.equal((await kite.getProfile()).user_id, user),
  "margins add up": async () => {
    const { equity } = await kite.getMargins();
    const { available, utilised } = equity;
    assert.equal(equity.net, available.live_balance);
    assert.ok(Math.abs(equity.net - (available.cash - utilised.debits)) < 0.01);
    const parts = ["span", "exposure", "m2m_realised", "m2m_unrealised", "option_premium", "holding_sales", "delivery"];
    assert.ok(Math.abs(utilised.debits - parts.reduce((sum, part) => sum + utilised[part], 0)) < 0.01);
  },
  "instruments arrive as rows, not as text": async () => {
    const rows = await kite.getInstruments("NSE");
    assert.ok(Array.isArray(rows) && rows.some((row) => row.tradingsymbol === "INFY"));
  },
  "a quote has five levels a side": async () => {
    await sleep(1_100);
    const quote = await kite.getQuote(["NSE:INFY"]);
    assert.equal(quote["NSE:INFY"].depth.sell.length, 5);
  },
  "the last price is a number": async () => {
    await sleep(1_100);
    assert.equal(typeof (await kite.getLTP(["NSE:INFY"]))["NSE:INFY"].last_price, "number");
  },
  "a market order completes": async () => {
    const order = await settled(await place({ tag: "witness" }), "COMPLETE");
    assert.equal(order.filled_quantity, 1);
    assert.equal(order.tag, "witness");
  },
  "a market order without protection is refused": async () => {
    await refused(() => place({ market_protection: undefined }), "InputException");
  },
  "the history ends in COMPLETE": async () => {
    const id = await place();
    await settled(id, "COMPLETE");
    assert.equal((await kite.getOrderHistory(id)).at(-1).status, "COMPLETE");
  },
  "an order is modified and cancelled": async () => {
    await sleep(1_100);
    const last = (await kite.getLTP(["NSE:INFY"]))["NSE:INFY"].last_price;
    const price = Math.round((last * 0.97) / 0.5) * 0.5;
    const id = await place({ order_type: "LIMIT", price, market_protection: undefined });
    await settled(id, "OPEN");
    await kite.modifyOrder("regular", id, { quantity: 2 });
    assert.equal((await settled(id, "OPEN")).quantity, 2);
    await kite.cancelOrder("regular", id);
    await settled(id, "CANCELLED");
  },
  "trades belong to their order": async () => {
    const id = await place({ quantity: 2 });
    await settled(id, "COMPLETE");
    const rows = await kite.getOrderTrades(id);
    assert.equal(rows.reduce((sum, row) => sum + row.quantity, 0), 2);
    assert.ok((await kite.getTrades()).length >= rows.length);
  },
  "positions have 29 fields": async () => {
    await settled(await place(), "COMPLETE");
    const { net } = await kite.getPositions();
    assert.equal(Object.keys(net.find((row) => row.tradingsymbol === "INFY")).length, 29);
  },
  "holdings name their shares": async () => {
    const row = (await kite.getHoldings()).find((holding) => holding.tradingsymbol === "TATASTEEL");
    assert.ok(row.quantity > 0 && row.product === "CNC" && row.isin.length === 12);
  },
  "a trigger is made, changed and deleted": async () => {
    await sleep(1_100);
    const last = (await kite.getLTP(["NSE:INFY"]))["NSE:INFY"].last_price;
    const far = Math.round(last * 1.05);
    const wish = (price) => ({
      trigger_type: kite.GTT_TYPE_SINGLE, tradingsymbol: "INFY", exchange: "NSE", trigger_values: [price], last_price: last,
      orders: [{ transaction_type: "BUY", quantity: 1, product: "CNC", order_type: "LIMIT", price }],
    });
    const { trigger_id: id } = await kite.placeGTT(wish(far));
    assert.equal((await kite.getGTT(id)).status, "active");
    await kite.modifyGTT(id, wish(far + 10));
    assert.deepEqual((await kite.getGTT(id)).condition.trigger_values, [far + 10]);
    await kite.deleteGTT(id);
    assert.equal((await kite.getGTTs()).find((row) => row.id === id).status, "deleted");
  },
  ...Object.fromEntries([
    ["quantity", { quantity: 0 }], ["product", { product: "ABC" }], ["exchange", { exchange: "XYZ" }],
    ["tradingsymbol", { tradingsymbol: "NOSUCH" }], ["tag", { tag: "x".repeat(21) }],
    ["price", { order_type: "LIMIT", price: 1, market_protection: undefined }],
    ["trigger_price", { order_type: "SL-M", trigger_price: 1 }],
    ["validity_ttl", { validity: "TTL" }], ["market_protection", { market_protection: 101 }],
  ].map(([field, changes]) => [`a wrong ${field} is an InputException and leaves no row`, async () => {
    const before = (await kite.getOrders()).length;
    await refused(() => place(changes), "InputException");
    assert.equal((await kite.getOrders()).length, before);
  }])),
  "an unknown order is a GeneralException": async () => {
    await refused(() => kite.getOrderHistory("1"), "GeneralException");
  },
  "a finished order takes no change": async () => {
    const id = await place();
    await settled(id, "COMPLETE");
    await refused(() => kite.modifyOrder("regular", id, { quantity: 5 }), "InputException");
  },
  "ohlc carries the day": async () => {
    await sleep(1_100);
    const { ohlc } = (await kite.getOHLC(["NSE:INFY"]))["NSE:INFY"];
    assert.ok(ohlc.low <= ohlc.open && ohlc.open <= ohlc.high);
  },
  "a position is converted": async () => {
    await settled(await place({ tradingsymbol: "ONGC", quantity: 2 }), "COMPLETE");
    assert.equal(await kite.convertPosition({
      exchange: "NSE", tradingsymbol: "ONGC", transaction_type: "BUY", position_type: "day", quantity: 1,
      old_product: "MIS", new_product: "CNC",
    }), true);
  },
  "positions add up": async () => {
    await settled(await place({ tradingsymbol: "LT" }), "COMPLETE");
    for (const row of (await kite.getPositions()).net) {
      assert.ok(Math.abs(row.pnl - (row.sell_value - row.buy_value + row.quantity * row.last_price)) < 0.01);
    }
  },
  "an iceberg shows its legs": async () => {
    await sleep(150);
    const { order_id: id } = await kite.placeOrder("iceberg", { ...MARKET, quantity: 4, iceberg_legs: 2, iceberg_quantity: 2 });
    const row = (await kite.getOrders()).find((order) => order.order_id === id);
    assert.deepEqual(row.meta.iceberg, { leg: 1, legs: 2, leg_quantity: 2, total_quantity: 4, remaining_quantity: 2 });
  },
  "candles are parsed": async () => {
    const day = (back) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);
    const candles = await kite.getHistoricalData(INFY, "day", day(10), day(1));
    assert.ok(candles.length > 0 && candles[0].date instanceof Date);
  },
  "the ticker brings ticks and order updates": async () => {
    const ticker = new KiteTicker({ api_key: key, access_token: kite.access_token, root: ws });
    ticker.autoReconnect(false, 0, 5);
    const seen = new Map();
    const updates = [];
    ticker.on("ticks", (rows) => rows.forEach((row) => seen.set(row.instrument_token, row)));
    ticker.on("order_update", (order) => updates.push(order));
    const until = async (what, done) => {
      for (const end = Date.now() + PATIENCE_MS; !done(); await sleep(50)) assert.ok(Date.now() < end, `no ${what}`);
    };
    ticker.on("connect", () => {
      ticker.subscribe([INFY, NIFTY]);
      ticker.setMode(ticker.modeFull, [INFY, NIFTY]);
    });
    ticker.connect();
    await until("full ticks", () => seen.get(INFY)?.mode === "full" && seen.get(NIFTY)?.mode === "full");
    assert.equal(seen.get(INFY).depth.buy.length, 5);
    assert.equal(seen.get(NIFTY).tradable, false);
    const id = await place();
    await until("order update", () => updates.some((row) => row.order_id === id && row.status === "COMPLETE"));
    await sleep(6_000); // it hangs up by itself after five silent seconds
    assert.ok(ticker.connected());
    ticker.disconnect();
  },
  "a logout ends the session": async () => {
    await kite.invalidateAccessToken();
    await refused(() => kite.getProfile(), "TokenException");
  },
};

let failed = 0;
for (const [name, run] of Object.entries(cases)) {
  await sleep(500); // ten calls a second, counted by the calendar second
  try {
    kite = await signIn();
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}`);
    console.error(error);
  }
}
console.log(`${Object.keys(cases).length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
