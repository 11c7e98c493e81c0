// Cases about the ticker: modes, indices, order updates, and lines that break.

import { setTimeout as sleep } from "node:timers/promises";
import assert from "node:assert/strict";
import {
  INFY, NIFTY, control, desk, farBelow, freshTicker, lastPrice, move, now, place, placeResting, until, ws,
} from "./desk.mjs";

const SBIN = 779521;

// The official ticker with what it heard.
class Line {
  constructor(tokens = [], mode = undefined, { token = desk.kite.access_token, reconnect = false } = {}) {
    const KiteTicker = freshTicker();
    Object.assign(this, { ticks: [], updates: [], messages: [], errors: [], connects: 0, reconnects: 0, closes: 0 });
    this.ticker = new KiteTicker({
      api_key: desk.kite.api_key, access_token: token, root: ws, reconnect, max_retry: 5, max_delay: 5,
    });
    this.ticker.on("ticks", (rows) => this.ticks.push(...rows));
    this.ticker.on("order_update", (row) => this.updates.push(row));
    this.ticker.on("message", (payload) => this.messages.push(new Uint8Array(payload)));
    this.ticker.on("error", (error) => this.errors.push(String(error.message ?? error)));
    this.ticker.on("reconnect", () => { this.reconnects += 1; });
    this.ticker.on("close", () => { this.closes += 1; });
    this.ticker.on("connect", () => {
      this.connects += 1;
      this.ticker.subscribe(tokens);
      if (mode) this.ticker.setMode(mode, tokens);
    });
    this.ticker.connect();
  }

  async joined(times = 1) {
    await until("line", () => this.connects >= times);
    return this;
  }

  async tick(what, wanted) {
    await until(what, () => this.ticks.some(wanted));
    return this.ticks.findLast(wanted);
  }

  async update(id, status) {
    await until(`${status} of ${id}`, () => this.updates.some((row) => row.order_id === id && row.status === status));
    return this.updates.find((row) => row.order_id === id && row.status === status);
  }

  close() {
    this.ticker.autoReconnect(false);
    this.ticker.disconnect();
  }
}

// A case with a line that is closed after it, whatever happens.
const on = (tokens, mode, run, options) => async () => {
  const line = new Line(tokens, mode, options);
  try {
    await run(line);
  } finally {
    line.close();
  }
};

export const ticker = {
  "a full tick has ten levels and the exchange's time": on([INFY], "full", async (line) => {
    const row = await line.tick("full tick", (tick) => tick.mode === "full");
    assert.equal(row.depth.buy.length, 5);
    assert.equal(row.depth.sell.length, 5);
    assert.ok(row.depth.buy[0].price < row.depth.sell[0].price && row.tradable);
    const behind = (await now()) - row.exchange_timestamp;
    assert.ok(behind >= 0 && behind < 60_000, `${behind} ms behind`);
  }),
  "a quote tick has a day and no depth": on([INFY], undefined, async (line) => {
    const row = await line.tick("quote", () => true);
    assert.equal(row.mode, "quote");
    assert.ok(!row.depth && row.ohlc.low <= row.ohlc.high && row.volume_traded > 0);
  }),
  "an ltp tick is a price alone": on([INFY, NIFTY], "ltp", async (line) => {
    for (const token of [INFY, NIFTY]) {
      const row = await line.tick("ltp", (tick) => tick.instrument_token === token && tick.mode === "ltp");
      assert.ok(row.last_price > 0 && !row.ohlc);
    }
  }),
  "an index tick has its day in its own order": on([NIFTY], "full", async (line) => {
    const row = await line.tick("index", (tick) => tick.mode === "full");
    assert.equal(row.tradable, false);
    assert.ok(!row.depth && row.ohlc.low <= row.ohlc.open && row.ohlc.open <= row.ohlc.high);
    assert.ok(row.ohlc.low <= row.last_price && row.last_price <= row.ohlc.high);
  }),
  "a mode is changed in flight": on([INFY], "full", async (line) => {
    await line.tick("full", (tick) => tick.mode === "full");
    line.ticker.setMode("ltp", [INFY]);
    await line.tick("ltp", (tick) => tick.mode === "ltp");
  }),
  "an unsubscribed instrument falls silent": on([INFY, SBIN], "full", async (line) => {
    await line.tick("tick", (tick) => tick.instrument_token === INFY);
    line.ticker.unsubscribe([INFY]);
    line.ticker.setMode("ltp", [SBIN]);
    await line.tick("ltp", (tick) => tick.mode === "ltp");
    line.ticks.length = 0;
    await sleep(1_500);
    assert.ok(line.ticks.every((tick) => tick.instrument_token === SBIN));
  }),
  "a moved price is ticked": on([INFY], "ltp", async (line) => {
    const last = await lastPrice();
    await line.tick("tick", () => true);
    await move(Math.round(last * 1.01));
    try {
      await line.tick("moved price", (tick) => tick.last_price === Math.round(last * 1.01));
    } finally {
      await move(last);
    }
  }),
  "a silent line is kept up by heartbeats of one byte": on([], undefined, async (line) => {
    await line.joined();
    await sleep(6_000); // the client hangs up by itself after five silent seconds
    assert.ok(line.ticker.connected() && line.closes === 0);
    assert.ok(line.messages.length >= 2 && line.messages.every((payload) => payload.length === 1));
  }),
  "an order update has empty words and no checksum": on([], undefined, async (line) => {
    await line.joined();
    const row = await line.update(await place(), "COMPLETE");
    assert.deepEqual([row.status_message, row.tag, row.parent_order_id, row.checksum], ["", "", "", ""]);
    assert.equal(row.account_id, desk.user);
  }),
  "an order update says open and cancelled": on([], undefined, async (line) => {
    await line.joined();
    const id = await placeResting();
    await line.update(id, "OPEN");
    await desk.kite.cancelOrder("regular", id);
    assert.equal((await line.update(id, "CANCELLED")).cancelled_quantity, 1);
  }),
  "an order update says what was changed": on([], undefined, async (line) => {
    await line.joined();
    const id = await placeResting();
    await desk.kite.modifyOrder("regular", id, { quantity: 3, price: await farBelow(0.96) });
    await until("change", () => line.updates.some((row) => row.order_id === id && row.quantity === 3 && row.status === "OPEN"));
  }),
  "a broken line is joined again with its subscriptions": on([INFY], "full", async (line) => {
    await line.tick("full", (tick) => tick.mode === "full");
    await control("/sim/ticker/disconnect", { apiKey: desk.kite.api_key });
    await until("reconnect", () => line.reconnects > 0);
    line.ticks.length = 0;
    await line.joined(2);
    await line.tick("full again", (tick) => tick.mode === "full");
  }, { reconnect: true }),
  "a bad token is a 403 on the upgrade": on([], undefined, async (line) => {
    await until("refusal", () => line.errors.length > 0);
    assert.match(line.errors[0], /403/);
    assert.equal(line.connects, 0);
  }, { token: "wrong" }),
  "ticks go on after the token is dead": on([INFY], "ltp", async (line) => {
    await line.tick("ltp", (tick) => tick.mode === "ltp");
    await control("/sim/expire-token", { apiKey: desk.kite.api_key });
    line.ticker.setMode("full", [INFY]);
    await line.tick("full", (tick) => tick.mode === "full");
  }),
};
