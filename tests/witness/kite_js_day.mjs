// Cases about the course of a day: the clock moves forward from case to case, so these run last and in this order.

import assert from "node:assert/strict";
import { desk, farBelow, filled, lastPrice, place, placeResting, refused, setClock, settled, signIn } from "./desk.mjs";

// What the night's case leaves to the morning's: its order and who placed it.
let amo;
let sleeper;

export const day = {
  "intraday positions are squared off at 15:20": async () => {
    const byDay = desk.kite;
    await filled({ quantity: 2 });
    desk.kite = await signIn("WNIGHT");
    await filled({ product: "CNC", quantity: 4 });
    desk.kite = byDay;
    await setClock("2026-11-18 15:20:30");
    const [position] = (await desk.kite.getPositions()).net;
    assert.deepEqual([position.quantity, position.sell_quantity], [0, 2]);
  },
  "an order of the day ends with it": async () => {
    const id = await placeResting({ product: "CNC" });
    await settled(id, "OPEN");
    await setClock("2026-11-18 15:35:00");
    assert.equal((await settled(id, "CANCELLED")).cancelled_quantity, 1);
  },
  "a regular order after hours hints at an amo": async () => {
    const error = await refused(() => placeResting({ product: "CNC" }), "InputException");
    assert.deepEqual(error.data.hints, ["switch_to_amo"]);
  },
  "an after-market order waits and is withdrawn": async () => {
    await setClock("2026-11-18 16:10:00");
    const wish = { order_type: "LIMIT", price: await farBelow(), market_protection: undefined, product: "CNC" };
    const id = await place(wish, "amo");
    assert.equal((await settled(id, "AMO REQ RECEIVED")).exchange_order_id, null);
    await desk.kite.modifyOrder("amo", id, { price: wish.price - 2 });
    assert.equal((await settled(id, "AMO REQ RECEIVED")).price, wish.price - 2);
    await desk.kite.cancelOrder("amo", id);
    await settled(id, "CANCELLED", "CANCELLED AMO");
  },
  "a night kills tokens and keeps after-market orders": async () => {
    let expired = 0;
    amo = await place({ order_type: "LIMIT", price: Math.round((await lastPrice()) * 1.03), market_protection: undefined, product: "CNC" }, "amo");
    await setClock("2026-11-19 06:00:00");
    desk.kite.setSessionExpiryHook(() => { expired += 1; });
    await desk.kite.getProfile().catch(() => {});
    assert.equal(expired, 1);
    desk.kite = await signIn();
    sleeper = desk.user;
    await settled(amo, "AMO REQ RECEIVED");
  },
  "shares of yesterday are holdings of today": async () => {
    desk.kite = await signIn("WNIGHT");
    const row = (await desk.kite.getHoldings()).find((holding) => holding.tradingsymbol === "INFY");
    assert.deepEqual([row.quantity, row.t1_quantity], [0, 4]);
  },
  "an order before the open is collected and matched": async () => {
    await setClock("2026-11-19 09:02:00");
    const price = Math.round((await lastPrice()) * 1.03);
    const id = await place({ order_type: "LIMIT", price, market_protection: undefined, product: "CNC" });
    await settled(id, "OPEN");
    await setClock("2026-11-19 09:13:00");
    await settled(id, "COMPLETE");
  },
  "an after-market order is released in the morning": async () => {
    await setClock("2026-11-19 09:16:00");
    desk.kite = await signIn(sleeper);
    assert.equal((await settled(amo, "COMPLETE")).variety, "amo");
  },
};
