// Cases about what else Kite has: varieties, other venues, alerts, authorised holdings, calculators, icebergs and slices.

import assert from "node:assert/strict";
import {
  INFY, control, desk, farBelow, filled, lastPrice, move, place, raw, refused, settled, signIn,
} from "./desk.mjs";

// A cover order that has filled: its id, and its stop as it stands.
async function covered() {
  const first = await place({ trigger_price: await farBelow(0.985) }, "co");
  await settled(first, "COMPLETE");
  let stop;
  for (const end = Date.now() + 15_000; !stop; ) {
    stop = (await desk.kite.getOrders()).find((row) => row.parent_order_id === first && row.status === "TRIGGER PENDING");
    assert.ok(Date.now() < end, "no second leg came");
  }
  return { first, stop };
}

async function listed(exchange, wanted) {
  const row = (await desk.kite.getInstruments(exchange)).find(wanted);
  assert.ok(row, `${exchange} does not list it`);
  return row;
}

const alert = (changes = {}) => raw("POST", "/alerts", {
  name: "far away", type: "simple", lhs_exchange: "NSE", lhs_tradingsymbol: "INFY", lhs_attribute: "LastTradedPrice",
  operator: ">=", rhs_type: "constant", rhs_constant: 90_000, ...changes,
});

const varieties = {
  "a cover order brings its stop": async () => {
    const { first, stop } = await covered();
    assert.deepEqual([stop.parent_order_id, stop.transaction_type, stop.quantity, stop.variety], [first, "SELL", 1, "co"]);
    assert.equal((await desk.kite.getPositions()).net[0].product, "CO");
  },
  "a cover order is exited by its second leg": async () => {
    const { first, stop } = await covered();
    await desk.kite.exitOrder("co", stop.order_id, { parent_order_id: first });
    await settled(stop.order_id, "COMPLETE");
    assert.ok((await desk.kite.getPositions()).net.every((row) => row.quantity === 0));
  },
  "a cover order's trigger is moved": async () => {
    const { first, stop } = await covered();
    await desk.kite.modifyOrder("co", stop.order_id, { parent_order_id: first, trigger_price: stop.trigger_price - 2 });
    assert.equal((await settled(stop.order_id, "TRIGGER PENDING")).trigger_price, stop.trigger_price - 2);
  },
  "a cover order needs a trigger": () => refused(() => place({}, "co"), "InputException"),
  "an auction order needs an auction": async () => {
    const price = Math.round(await lastPrice("NSE:ITC"));
    const sale = { tradingsymbol: "ITC", transaction_type: "SELL", product: "CNC", order_type: "LIMIT", price, market_protection: undefined };
    await refused(() => place({ ...sale, auction_number: "987654" }, "auction"), "InputException");
    assert.deepEqual(await desk.kite.getOrders(), []);
  },
  "a holding is sold in an auction": async () => {
    const price = Math.round(await lastPrice("NSE:TCS"));
    await control("/sim/auction", { symbol: "NSE:TCS", wanted: 100, price, seconds: 2 });
    const row = (await desk.kite.getAuctionInstruments()).findLast((line) => line.tradingsymbol === "TCS");
    const sale = { tradingsymbol: "TCS", transaction_type: "SELL", product: "CNC", order_type: "LIMIT", price, quantity: 5 };
    const id = await place({ ...sale, market_protection: undefined, auction_number: row.auction_number }, "auction");
    assert.equal((await settled(id, "COMPLETE")).auction_number, row.auction_number);
  },
  "a sale without authorisation is refused and leaves no row": async () => {
    desk.kite = await signIn("WPHYS1");
    await assert.rejects(() => place({ tradingsymbol: "ITC", transaction_type: "SELL", product: "CNC" }));
    assert.deepEqual(await desk.kite.getOrders(), []);
  },
  "an authorisation has a request": async () => {
    const [{ isin }] = await desk.kite.getHoldings();
    const answer = await raw("POST", "/portfolio/holdings/authorise", { isin, quantity: 1 });
    assert.ok(answer.data.request_id.length > 0);
  },
  "more than the freeze quantity is sliced on request": async () => {
    const calls = (await desk.kite.getInstruments("NFO")).filter((row) => row.name === "NIFTY" && row.instrument_type === "CE");
    const { tradingsymbol } = calls.reduce((best, row) => (row.strike > best.strike ? row : best));
    const price = await lastPrice(`NFO:${tradingsymbol}`);
    const answer = await desk.kite.placeOrder("regular", {
      exchange: "NFO", tradingsymbol, transaction_type: "BUY", product: "NRML", order_type: "LIMIT", price, quantity: 3_900,
      autoslice: true,
    });
    assert.equal(answer.children.length, 3);
    assert.ok(answer.children.every((child) => child.order_id || child.error.error_type));
  },
  "an iceberg of one leg is refused": () => refused(
    () => place({ quantity: 4, iceberg_legs: 1, iceberg_quantity: 4 }, "iceberg"), "InputException"),
  "a stop waits, and becomes a limit when changed": async () => {
    const trigger = Math.round((await lastPrice()) * 1.03);
    const id = await place({ order_type: "SL", trigger_price: trigger, price: trigger + 2, market_protection: undefined });
    await settled(id, "TRIGGER PENDING");
    await desk.kite.modifyOrder("regular", id, { order_type: "LIMIT", price: await farBelow() });
    assert.equal((await settled(id, "OPEN")).order_type, "LIMIT");
  },
  "a stop at the market fires": async () => {
    const last = await lastPrice();
    const trigger = Math.round(last * 1.02);
    const id = await place({ order_type: "SL-M", trigger_price: trigger });
    await settled(id, "TRIGGER PENDING");
    await move(trigger + 1);
    try {
      assert.equal((await settled(id, "COMPLETE", "OPEN")).order_type, "LIMIT");
    } finally {
      await move(last);
    }
  },
  "an IOC order does not stand": async () => {
    const id = await place({ order_type: "LIMIT", price: await farBelow(), market_protection: undefined, validity: "IOC" });
    assert.equal((await settled(id, "CANCELLED")).cancelled_quantity, 1);
  },
  "a two-leg trigger needs the market between its values": async () => {
    const last = await lastPrice();
    const wish = (low, high) => ({
      trigger_type: desk.kite.GTT_TYPE_OCO, tradingsymbol: "INFY", exchange: "NSE", trigger_values: [low, high],
      last_price: last, orders: [low, high].map((price) => (
        { transaction_type: "SELL", quantity: 1, product: "CNC", order_type: "LIMIT", price })),
    });
    const part = (of) => Math.round(last * of);
    const { trigger_id: id } = await desk.kite.placeGTT(wish(part(0.95), part(1.05)));
    assert.equal((await desk.kite.getGTT(id)).type, "two-leg");
    await refused(() => desk.kite.placeGTT(wish(part(1.03), part(1.05))), "InputException");
  },
};

const calculators = {
  "margins of orders are what they bind": async () => {
    const order = {
      exchange: "NSE", tradingsymbol: "INFY", transaction_type: "BUY", variety: "regular", product: "CNC",
      order_type: "LIMIT", quantity: 10, price: 1_500, average_price: 1_500, order_id: "1",
    };
    assert.equal((await desk.kite.orderMargins([order]))[0].total, 15_000);
    const sale = { ...order, product: "MIS", transaction_type: "SELL" };
    const basket = await desk.kite.orderBasketMargins([{ ...order, product: "MIS" }, sale], false);
    assert.ok(basket.final.total < basket.initial.total);
    const [{ charges }] = await desk.kite.getvirtualContractNote([order]);
    assert.ok(charges.total > 0 && charges.gst.total > 0);
  },
  "the list of auctions is a list": async () => assert.ok(Array.isArray(await desk.kite.getAuctionInstruments())),
  "an index quote has no depth": async () => {
    const quote = (await desk.kite.getQuote(["NSE:NIFTY 50"]))["NSE:NIFTY 50"];
    assert.ok(quote.last_price > 0 && !("depth" in quote));
  },
};

const venues = {
  "BSE has shares and an index": async () => {
    assert.equal((await listed("BSE", (row) => row.tradingsymbol === "SENSEX")).instrument_token, "265");
    const order = await filled({ exchange: "BSE", product: "CNC" });
    assert.equal(order.exchange, "BSE");
  },
  "a currency quote has four decimals": async () => {
    const row = await listed("CDS", (line) => line.instrument_type === "FUT");
    assert.equal(row.tick_size, 0.0025);
    const name = `CDS:${row.tradingsymbol}`;
    const ticks = (await desk.kite.getLTP([name]))[name].last_price / 0.0025;
    assert.ok(Math.abs(ticks - Math.round(ticks)) < 1e-6);
  },
  "a commodity position carries its multiplier": async () => {
    const row = await listed("MCX", (line) => line.name === "GOLDM" && line.instrument_type === "FUT");
    assert.equal(row.lot_size, 1);
    const price = Math.round((await lastPrice(`MCX:${row.tradingsymbol}`)) * 1.005);
    const wish = { exchange: "MCX", tradingsymbol: row.tradingsymbol, product: "NRML", order_type: "LIMIT", price };
    const order = await filled({ ...wish, market_protection: undefined });
    const [position] = (await desk.kite.getPositions()).net;
    assert.ok(position.multiplier > 1);
    assert.ok(Math.abs(position.buy_value - order.average_price * position.multiplier) < 0.01);
  },
  "continuous candles are of futures": async () => {
    await refused(() => desk.kite.getHistoricalData(INFY, "day", "2026-10-01", "2026-11-01", true), "InputException");
  },
};

const alerts = {
  "an alert is made, changed and deleted": async () => {
    const { data } = await alert();
    assert.equal(data.status, "enabled");
    const changed = await raw("PUT", `/alerts/${data.uuid}`, {
      name: "nearer", type: "simple", lhs_exchange: "NSE", lhs_tradingsymbol: "INFY", lhs_attribute: "LastTradedPrice",
      operator: ">=", rhs_type: "constant", rhs_constant: 80_000,
    });
    assert.equal(changed.data.name, "nearer");
    assert.equal((await raw("DELETE", "/alerts", { uuid: data.uuid })).status, "success");
  },
  "an alert that is met counts": async () => {
    const last = await lastPrice();
    const level = Math.round(last * 1.01);
    const { data } = await alert({ rhs_constant: level });
    await move(level + 1);
    await move(last);
    assert.ok((await raw("GET", `/alerts/${data.uuid}`)).data.alert_count >= 1);
    assert.equal((await raw("GET", `/alerts/${data.uuid}/history`)).data[0].uuid, data.uuid);
  },
  "an alert on nothing is an InputException": async () => {
    assert.equal((await alert({ lhs_tradingsymbol: "NOSUCH" })).error_type, "InputException");
  },
};

export const more = { ...varieties, ...calculators, ...venues, ...alerts };
