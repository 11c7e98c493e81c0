// Cases about the calculators and what else Kite has.

import assert from "node:assert/strict";
import { desk } from "./desk.mjs";

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

export const more = calculators;
