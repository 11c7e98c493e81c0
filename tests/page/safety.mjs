// What keeps money safe, on the page: the kill switches with their outcome, the way out, orders in doubt, the audit.
import { readFile } from "node:fs/promises";
import { check, ensure, eventually } from "./checks.mjs";
import { apiKeyOf, asked, busy_file, looks, open, operator, placeByHand, runOf, signIn, simulator, strategies, upload } from "./trader.mjs";

/** Long enough for an order of a busy run to leave. */
const A_WHILE_MS = 2_000;

const books = (page) => page.locator('section[aria-label="Books of today"]');
const view = (page, name) => page.click(`nav a:has-text("${name}")`);
const placed = async (user) => (await simulator("/sim/received")).filter((call) => call.userId === user && call.method === "POST").length;
const held = async (user) => (await simulator(`/sim/accounts/${user}/books`)).net.filter((position) => position.quantity !== 0).length;

async function startBusy(page, orders) {
  await view(page, "Desk");
  if (!(await page.locator('form[aria-label="Start busy"]').isVisible())) await page.click('button[aria-label="Start busy"]');
  await page.fill('input[name="every"]', "1");
  await page.fill('input[name="orders"]', String(orders));
  await strategies(page).locator('button:has-text("Start live")').click();
  await runOf(page, "busy").and(page.locator('[data-state="running"]')).waitFor();
  await books(page).locator('button[role="tab"]:has-text("Orders")').click();
}

/** `one` is UK9394, `two` is UK1234 and holds something that a run of its has left. */
export async function switches(one, two) {
  await check("the orders of one run are held and let go, and nothing of it leaves meanwhile", async () => {
    await upload(one, "busy", busy_file);
    await startBusy(one, 0);
    await books(one).locator(".badge.complete").first().waitFor();
    const run = runOf(one, "busy").and(one.locator('[data-state="running"]'));
    await run.locator('button:has-text("Hold orders")').click();
    await run.locator("text=Its kill switch is on: no order of it is sent.").waitFor();
    await books(one).locator("tr", { has: one.locator(".badge.refused") }).first().waitFor();
    ensure(await one.locator('header button:has-text("Stop all orders")').isVisible(), "the account's switch moved with it");
    const before = await placed("UK9394");
    await one.waitForTimeout(A_WHILE_MS);
    ensure((await placed("UK9394")) === before, "an order left while they were held");
    await looks(one, "held");
    await run.locator('button:has-text("Send again")').click();
    await eventually(async () => (await placed("UK9394")) > before);
    await run.locator('button:has-text("Hold orders")').waitFor();
  });
  await check("the operator's switch for the whole host is shown as theirs, to every trader, until they take it off", async () => {
    await operator("kill", "--reason", "fire <b>drill</b>");
    for (const page of [one, two]) await page.locator("header >> text=/The operator of this host has stopped .*Reason: .?fire <b>drill<.b>/").waitFor();
    await looks(one, "host-switch");
    await operator("kill", "--off", "--reason", "over");
    for (const page of [one, two]) await page.locator("header >> text=The operator of this host").waitFor({ state: "detached" });
  });
  await check("stopping all orders and closing shows what is being closed, and ends with nothing held", async () => {
    await view(two, "Desk");
    await eventually(async () => (await held("UK1234")) > 0);
    // The broker takes its time, so that there is something to see.
    await simulator("/sim/faults", { kind: "delayRequest", delayMs: 3_000, method: "POST", path: "/orders/", apiKey: apiKeyOf("UK1234") });
    await two.click('header button:has-text("Stop all orders")');
    await two.check('dialog input[name="flatten"]');
    await looks(two, "flatten");
    await two.click('dialog button:has-text("Stop all orders and close now")');
    await two.locator(".notice", { hasText: "Being taken out of the market" }).locator("text=buy-and-hold").waitFor();
    await looks(two, "closing");
    await two.locator(".notice", { hasText: "Being taken out of the market" }).waitFor({ state: "detached" });
    ensure((await held("UK1234")) === 0, "the broker's book is not flat");
    await runOf(two, "buy-and-hold").locator('button:has-text("Close what is left")').waitFor({ state: "detached" });
    await books(two).locator('button[role="tab"]:has-text("Positions")').click();
    const open_positions = (await asked(two, "/api/positions")).filter((position) => position.quantity !== 0);
    ensure(open_positions.length === 0, JSON.stringify(open_positions));
    await looks(two, "closed");
    await two.click('header button:has-text("All orders stopped")');
    await two.click('dialog button:has-text("Release")');
    await two.locator('header button:has-text("Stop all orders")').waitFor();
  });
}

export async function theWayOut(one) {
  const box = one.locator('section[aria-label="Way out"]');
  const prove = async () => {
    await box.locator('button:has-text("Prove it now")').click();
    await box.locator('button:has-text("Going the way")').waitFor({ state: "detached" });
  };
  await check("the address that orders leave from is proved from the page, and one that is not the right one is refused", async () => {
    await view(one, "Risk limits");
    await box.locator("text=Orders leave directly").waitFor();
    await prove();
    await box.locator("strong", { hasText: /^127\.0\.0\.1$/ }).waitFor();
    await operator("tenants", "egress", "UK9394", "--from", "127.0.0.2", "--expect", "127.0.0.3");
    await prove();
    await box.locator(".notice", { hasText: /New orders are refused: .*127\.0\.0\.3/ }).waitFor();
    await looks(one, "way-out");
    await view(one, "Desk");
    await books(one).locator("td", { hasText: "127.0.0.3" }).first().waitFor();
    await operator("tenants", "egress", "UK9394", "--direct");
    await view(one, "Risk limits");
    await prove();
    await box.locator("strong", { hasText: /^127\.0\.0\.1$/ }).waitFor();
    ensure((await box.locator(".notice").count()) === 0, "it is still refused");
    await view(one, "Desk");
    await one.click('section[aria-label="Runs"] button[aria-label="Stop busy and close"]');
    await runOf(one, "busy").and(one.locator('[data-state="stopped"]')).waitFor();
  });
}

/** Brings one order to where nobody can tell what became of it: its answer is lost, and another bears its mark. */
async function bringInDoubt(browser, one) {
  await simulator("/sim/faults", { kind: "dropRequest", method: "POST", path: "/orders/", apiKey: apiKeyOf("UK9394") });
  await startBusy(one, 1);
  let order;
  await eventually(async () => (order = (await asked(one, "/api/orders?state=ambiguous")).find((o) => o.symbol === "NSE:INFY")));
  const tcs = (await simulator("/sim/instruments")).find((instrument) => instrument.symbol === "NSE:TCS");
  // Whole rupees are a multiple of every tick size there is.
  const price = Math.floor(tcs.lastPrice * 0.95).toFixed(2);
  await placeByHand("UK9394", {
    exchange: "NSE", tradingsymbol: "TCS", transaction_type: "BUY", order_type: "LIMIT", quantity: "1", product: "CNC", validity: "DAY",
    price, tag: order.tag,
  });
  const other = await open(browser);
  await signIn(other, "UK9394");
  await books(one).locator(".badge.escalated").waitFor();
  return { order, other };
}

export async function ordersInDoubt(browser, one) {
  await check("an order in doubt waits for a person's word, which ends it here and is refused where it comes too late", async () => {
    const { order, other } = await bringInDoubt(browser, one);
    const dialog = (page) => page.locator('dialog[aria-label^="Settle order"]');
    const settle = (page) => dialog(page).locator('button:text-is("Settle")');
    await one.locator(".notice", { hasText: "One order waits for your word" }).waitFor();
    await looks(one, "escalated");
    for (const page of [one, other]) {
      await books(page).locator('button[role="tab"]:has-text("Orders")').click();
      await books(page).locator('button:text-is("Settle…")').click();
      ensure(await settle(page).isDisabled(), "it can be settled without a word");
      await dialog(page).locator("label", { hasText: "It never reached the exchange" }).click();
      ensure(await settle(page).isDisabled(), "it can be settled without a reason");
      await dialog(page).locator('textarea[name="reason"]').fill("Kite's book\nlacks <b>it</b>");
    }
    await looks(one, "settle");
    await settle(other).click();
    await dialog(other).waitFor({ state: "detached" });
    const row = books(one).locator("tr", { has: one.locator(`button[aria-label="Explain order ${order.runOrderId} of busy"]`) })
      .filter({ has: one.locator(".badge.absent") });
    await row.waitFor();
    await settle(one).click();
    await dialog(one).locator('[role="alert"]', { hasText: "the order is absent" }).waitFor();
    await looks(one, "settle-refused");
    await dialog(one).locator('button:text-is("Cancel")').click();
    await dialog(one).waitFor({ state: "detached" });
    ensure((await one.locator(".notice", { hasText: "waits for your word" }).count()) === 0, "it still waits");
    ensure((await asked(one, "/api/orders?state=escalated")).length === 0, "it is still escalated");
    await row.locator('button:text-is("Explain")').click();
    const explained = one.locator('dialog[aria-label^="How order"]');
    await explained.locator("text=A person settled it: it never reached the exchange").waitFor();
    await explained.locator("text=Their reason: Kite's book lacks <b>it</b>").waitFor();
    await explained.locator("text=No clear answer came").waitFor();
    ensure((await explained.locator("b").count()) === 0, "a reason became markup");
    await looks(one, "explain-settled");
    await explained.locator('button:text-is("Close")').click();
    await other.context().close();
  });
}

export async function theAudit(one) {
  await check("the audit is read page by page in words, taken away as a sheet and proved by its newest hash", async () => {
    await view(one, "Account");
    const box = one.locator('section[aria-label="Audit"]');
    const rows = box.locator("tbody tr");
    await box.locator('button:has-text("Older ones")').waitFor();
    await looks(one, "audit");
    const words = await box.innerText();
    for (const said of ["order settled", "A person settled it", "egress set", "127.0.0.3"]) ensure(words.includes(said), `${said} is not in:\n${words}`);
    while (await box.locator('button:has-text("Older ones")').isVisible()) {
      const shown = await rows.count();
      await box.locator('button:has-text("Older ones")').click();
      await eventually(async () => (await rows.count()) > shown || !(await box.locator('button:has-text("Older ones")').isVisible()));
    }
    const all = await box.innerText();
    for (const said of ["credentials stored", "strategy uploaded", "kill switch on", "lunch"]) ensure(all.includes(said), `${said} is not in the audit`);
    ensure(!/[{}]/.test(all), "something is shown as it was stored");
    ensure((await box.locator("img, svg, b").count()) === 0, "markup of a stranger became elements");
    const head = await box.locator("code.hash").innerText();
    const [download] = await Promise.all([one.waitForEvent("download"), box.locator('a:has-text("All as a sheet")').click()]);
    ensure(download.suggestedFilename() === "UK9394_audit.csv", download.suggestedFilename());
    const sheet = await readFile(await download.path(), "utf8");
    ensure(sheet.includes(head) && sheet.split("\n").length > (await rows.count()), "the sheet lacks entries");
    const proved = await operator("audit", "verify", "--tenant", "UK9394", "--head", head);
    ensure(/^UK9394: good, /m.test(proved), proved);
  });
}
