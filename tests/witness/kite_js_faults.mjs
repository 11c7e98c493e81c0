// Cases about what goes wrong: limits, addresses, spoilt answers, postbacks.

import http from "node:http";
import assert from "node:assert/strict";
import { INFY, KiteConnect, base, control, desk, place, placeResting, postbackPort, refused, secretOf, settled, signIn } from "./desk.mjs";

const spoil = (kind, more = {}) => control("/sim/faults", { kind, apiKey: desk.kite.api_key, ...more });

// The client without its patience: it runs into the limits.
function hasty() {
  const kite = new KiteConnect({ api_key: desk.kite.api_key, root: base });
  kite.setAccessToken(desk.kite.access_token);
  return kite;
}

async function refusals(call, times) {
  const ends = await Promise.allSettled(Array.from({ length: times }, call));
  return ends.filter((end) => end.reason?.error_type === "NetworkException").length;
}

// What the app's server hears while something runs.
async function told(run) {
  desk.kite = await signIn("WTOLD1");
  const heard = [];
  const server = http.createServer(async (request, answer) => {
    let body = "";
    for await (const part of request) body += part;
    heard.push(JSON.parse(body));
    answer.end();
  });
  await new Promise((ready) => server.listen(postbackPort, "127.0.0.1", ready));
  try {
    await run(async (id, status) => {
      for (const end = Date.now() + 15_000; Date.now() < end; await new Promise((next) => setTimeout(next, 50))) {
        const row = heard.find((other) => other.order_id === id && other.status === status);
        if (row) return row;
      }
      return assert.fail(`no ${status} was posted`);
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

export const trouble = {
  "more than ten orders a second are a NetworkException": async () => {
    const kite = hasty();
    const count = await refusals(() => kite.cancelOrder("regular", "1"), 30);
    assert.ok(count >= 1 && count <= 20, `${count} of 30`);
  },
  "more than one quote a second is a NetworkException": async () => {
    const kite = hasty();
    const count = await refusals(() => kite.getLTP(["NSE:INFY"]), 4);
    assert.ok(count >= 1 && count <= 3, `${count} of 4`);
  },
  "an order from an unregistered address is a PermissionException": async () => {
    let expired = 0;
    desk.kite = await signIn("WFAR01");
    desk.kite.setSessionExpiryHook(() => { expired += 1; });
    const error = await refused(() => place(), "PermissionException");
    assert.match(error.message, /is not allowed to place orders/);
    assert.equal(expired, 0);
  },
  "a dead token calls the session hook": async () => {
    let expired = 0;
    desk.kite.setSessionExpiryHook(() => { expired += 1; });
    await control("/sim/expire-token", { apiKey: desk.kite.api_key });
    await desk.kite.getProfile().catch(() => {});
    assert.equal(expired, 1);
  },
  "an answer that is dropped has taken effect": async () => {
    await spoil("dropAnswer", { method: "POST", path: "/orders" });
    await assert.rejects(() => place({ tag: "lost" }));
    assert.deepEqual((await desk.kite.getOrders()).map((row) => row.tag), ["lost"]);
  },
  "a request that is dropped has none": async () => {
    await spoil("dropRequest", { method: "POST", path: "/orders" });
    await assert.rejects(() => place());
    assert.deepEqual(await desk.kite.getOrders(), []);
  },
  "an error may come after the effect": async () => {
    await spoil("errorAfter", { method: "POST", path: "/orders", status: 503 });
    await assert.rejects(() => place({ tag: "taken" }));
    assert.equal((await desk.kite.getOrders()).length, 1);
  },
  "a page instead of an answer is an error": async () => {
    await spoil("html", { path: "/user/profile" });
    await assert.rejects(() => desk.kite.getProfile());
    await desk.kite.getProfile();
  },
  "an order may hide from the book for a time": async () => {
    await spoil("hideOrder", { delayMs: 1_500 });
    const id = await placeResting();
    assert.deepEqual(await desk.kite.getOrders(), []);
    await new Promise((next) => setTimeout(next, 1_800));
    assert.equal((await settled(id, "OPEN")).order_id, id);
  },
  "books may stand still while the market goes on": async () => {
    await control("/sim/books/stale", { userId: desk.user });
    try {
      await place();
      assert.deepEqual([await desk.kite.getOrders(), await desk.kite.getTrades()], [[], []]);
    } finally {
      await control("/sim/books/release", { userId: desk.user });
    }
    assert.equal((await desk.kite.getOrders()).length, 1);
  },
  "a personal plan has orders and no data": async () => {
    const plan = (name) => control("/sim/plan", { apiKey: desk.kite.api_key, plan: name });
    await plan("personal");
    try {
      await refused(() => desk.kite.getQuote(["NSE:INFY"]), "PermissionException");
      await settled(await place(), "COMPLETE");
    } finally {
      await plan("connect");
    }
  },
  "too long a span of candles is an InputException": async () => {
    const error = await refused(() => desk.kite.getHistoricalData(INFY, "minute", "2026-01-01", "2026-06-01"), "InputException");
    assert.match(error.message, /60 days/);
  },
  ...(postbackPort ? {
    "a completed order is posted with a checksum that the client accepts": () => told(async (posted) => {
      const row = await posted(await place({ tag: "told" }), "COMPLETE");
      assert.ok(desk.kite.validatePostback(row, secretOf("WTOLD1")));
      assert.ok(!desk.kite.validatePostback(row, "wrong"));
      assert.equal(row.user_id, "WTOLD1");
    }),
    "a withdrawn order is posted": () => told(async (posted) => {
      const id = await placeResting();
      await settled(id, "OPEN");
      await desk.kite.cancelOrder("regular", id);
      const row = await posted(id, "CANCELLED");
      assert.ok(desk.kite.validatePostback(row, secretOf("WTOLD1")) && row.cancelled_quantity === 1);
    }),
  } : {}),
};
