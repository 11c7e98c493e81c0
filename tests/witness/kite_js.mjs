// The official JavaScript client against a running simulator: the witness that nobody here wrote.
//
// usage: node kite_js.mjs BASE_URL [POSTBACK_PORT]      (packages: package.json; the simulator as `tests/run` starts it)
// Prints `ok|FAIL name` for each case and `N passed, N failed`; exit code 1 when one failed.

import assert from "node:assert/strict";
import { INFY, MARKET, client, desk, keyOf, look, now, place, refused, requestToken, secretOf, settled, signIn } from "./desk.mjs";
import { ticker } from "./kite_js_ticker.mjs";
import { trouble } from "./kite_js_faults.mjs";
import { more } from "./kite_js_more.mjs";
import { day } from "./kite_js_day.mjs";

const cases = {
  "a wrong secret is a TokenException": async () => {
    const stranger = client();
    await refused(async () => stranger.generateSession(await requestToken(), "wrong"), "TokenException");
  },
  "a request token opens a session": async () => {
    const fresh = client();
    const session = await fresh.generateSession(await requestToken(), secretOf(desk.user));
    assert.equal(session.user_id, desk.user);
    assert.equal(session.api_key, keyOf(desk.user));
  },
  "the profile names the user": async () => assert.equal((await desk.kite.getProfile()).user_id, desk.user),
  "margins add up": async () => {
    const { equity } = await desk.kite.getMargins();
    const { available, utilised } = equity;
    assert.equal(equity.net, available.live_balance);
    assert.ok(Math.abs(equity.net - (available.cash - utilised.debits)) < 0.01);
    const parts = ["span", "exposure", "m2m_realised", "m2m_unrealised", "option_premium", "holding_sales", "delivery"];
    assert.ok(Math.abs(utilised.debits - parts.reduce((sum, part) => sum + utilised[part], 0)) < 0.01);
  },
  "instruments arrive as rows, not as text": async () => {
    const rows = await desk.kite.getInstruments("NSE");
    assert.ok(Array.isArray(rows) && rows.some((row) => row.tradingsymbol === "INFY"));
  },
  "a quote has five levels a side": async () => {
    const quote = await desk.kite.getQuote(["NSE:INFY"]);
    assert.equal(quote["NSE:INFY"].depth.sell.length, 5);
  },
  "the last price is a number": async () => {
    assert.equal(typeof (await desk.kite.getLTP(["NSE:INFY"]))["NSE:INFY"].last_price, "number");
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
    assert.equal((await desk.kite.getOrderHistory(id)).at(-1).status, "COMPLETE");
  },
  "an order is modified and cancelled": async () => {
    const last = (await desk.kite.getLTP(["NSE:INFY"]))["NSE:INFY"].last_price;
    const price = Math.round((last * 0.97) / 0.5) * 0.5;
    const id = await place({ order_type: "LIMIT", price, market_protection: undefined });
    await settled(id, "OPEN");
    await desk.kite.modifyOrder("regular", id, { quantity: 2 });
    assert.equal((await settled(id, "OPEN")).quantity, 2);
    await desk.kite.cancelOrder("regular", id);
    await settled(id, "CANCELLED");
  },
  "trades belong to their order": async () => {
    const id = await place({ quantity: 2 });
    await settled(id, "COMPLETE");
    const rows = await desk.kite.getOrderTrades(id);
    assert.equal(rows.reduce((sum, row) => sum + row.quantity, 0), 2);
    assert.ok((await desk.kite.getTrades()).length >= rows.length);
  },
  "positions have 29 fields": async () => {
    await settled(await place(), "COMPLETE");
    const { net } = await desk.kite.getPositions();
    assert.equal(Object.keys(net.find((row) => row.tradingsymbol === "INFY")).length, 29);
  },
  "holdings name their shares": async () => {
    const row = (await desk.kite.getHoldings()).find((holding) => holding.tradingsymbol === "TATASTEEL");
    assert.ok(row.quantity > 0 && row.product === "CNC" && row.isin.length === 12);
  },
  "a trigger is made, changed and deleted": async () => {
    const last = (await desk.kite.getLTP(["NSE:INFY"]))["NSE:INFY"].last_price;
    const far = Math.round(last * 1.05);
    const wish = (price) => ({
      trigger_type: desk.kite.GTT_TYPE_SINGLE, tradingsymbol: "INFY", exchange: "NSE", trigger_values: [price], last_price: last,
      orders: [{ transaction_type: "BUY", quantity: 1, product: "CNC", order_type: "LIMIT", price }],
    });
    const { trigger_id: id } = await desk.kite.placeGTT(wish(far));
    assert.equal((await desk.kite.getGTT(id)).status, "active");
    await desk.kite.modifyGTT(id, wish(far + 10));
    assert.deepEqual((await desk.kite.getGTT(id)).condition.trigger_values, [far + 10]);
    await desk.kite.deleteGTT(id);
    assert.equal((await desk.kite.getGTTs()).find((row) => row.id === id).status, "deleted");
  },
  ...Object.fromEntries([
    ["quantity", { quantity: 0 }], ["product", { product: "ABC" }], ["exchange", { exchange: "XYZ" }],
    ["tradingsymbol", { tradingsymbol: "NOSUCH" }], ["tag", { tag: "x".repeat(21) }],
    ["price", { order_type: "LIMIT", price: 1, market_protection: undefined }],
    ["trigger_price", { order_type: "SL-M", trigger_price: 1 }],
    ["validity_ttl", { validity: "TTL" }], ["market_protection", { market_protection: 101 }],
  ].map(([field, changes]) => [`a wrong ${field} is an InputException and leaves no row`, async () => {
    const before = (await desk.kite.getOrders()).length;
    await refused(() => place(changes), "InputException");
    assert.equal((await desk.kite.getOrders()).length, before);
  }])),
  "an unknown order is a GeneralException": async () => {
    await refused(() => desk.kite.getOrderHistory("1"), "GeneralException");
  },
  "a finished order takes no change": async () => {
    const id = await place();
    await settled(id, "COMPLETE");
    await refused(() => desk.kite.modifyOrder("regular", id, { quantity: 5 }), "InputException");
  },
  "ohlc carries the day": async () => {
    const { ohlc } = (await desk.kite.getOHLC(["NSE:INFY"]))["NSE:INFY"];
    assert.ok(ohlc.low <= ohlc.open && ohlc.open <= ohlc.high);
  },
  "a position is converted": async () => {
    await settled(await place({ tradingsymbol: "ONGC", quantity: 2 }), "COMPLETE");
    assert.equal(await desk.kite.convertPosition({
      exchange: "NSE", tradingsymbol: "ONGC", transaction_type: "BUY", position_type: "day", quantity: 1,
      old_product: "MIS", new_product: "CNC",
    }), true);
  },
  "positions add up": async () => {
    await settled(await place({ tradingsymbol: "LT" }), "COMPLETE");
    for (const row of (await desk.kite.getPositions()).net) {
      assert.ok(Math.abs(row.pnl - (row.sell_value - row.buy_value + row.quantity * row.last_price)) < 0.01);
    }
  },
  "an iceberg shows its legs": async () => {
    const { order_id: id } = await desk.kite.placeOrder("iceberg", { ...MARKET, quantity: 4, iceberg_legs: 2, iceberg_quantity: 2 });
    const row = (await desk.kite.getOrders()).find((order) => order.order_id === id);
    assert.deepEqual(row.meta.iceberg, { leg: 1, legs: 2, leg_quantity: 2, total_quantity: 4, remaining_quantity: 2 });
  },
  "candles are parsed": async () => {
    const today = await now();
    const day = (back) => new Date(today - back * 86_400_000).toISOString().slice(0, 10);
    const candles = await desk.kite.getHistoricalData(INFY, "day", day(10), day(1));
    assert.ok(candles.length > 0 && candles[0].date instanceof Date);
  },
  "a logout ends the session": async () => {
    await desk.kite.invalidateAccessToken();
    await refused(() => desk.kite.getProfile(), "TokenException");
  },
  ...ticker,
  ...trouble,
  ...more,
  ...day,
};

let failed = 0;
const begun = Date.now();
// An account for every case, so that none meets another's orders or limits.
const traders = (await look("/sim/accounts")).map((row) => row.userId).filter((id) => id.startsWith("WT0"));
for (const [number, [name, run]] of Object.entries(cases).entries()) {
  desk.user = traders[number % traders.length];
  try {
    desk.kite = await signIn();
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}`);
    console.log(error);
  }
}
console.log(`${Math.round((Date.now() - begun) / 1_000)} s`);
console.log(`${Object.keys(cases).length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
