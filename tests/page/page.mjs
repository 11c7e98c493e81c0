// The page in a real Chromium: two traders sign in, each adds a strategy, starts it, watches it and stops it; what goes
// wrong is said; names and log lines that are markup stay text; everything works by keyboard and at the width of a phone.
//   node page.mjs PAGE-URL SIMULATOR-URL FOLDER GUEST.wasm BUSY-GUEST.wasm BINARY     (CHROMIUM names the browser)
import { readFile } from "node:fs/promises";
import { chromium } from "playwright-core";
import { check, closing, ensure, eventually, tabTo } from "./checks.mjs";
import { ordersInDoubt, switches, theAudit, theWayOut } from "./safety.mjs";
import {
  addAndStart, folder, guest_file, looks, open, page_url, pages, requestToken, runOf, signIn, simulator, strategies, throughKite, upload,
} from "./trader.mjs";

const EVIL_NAME = `<img src=x onerror="window.owned=1">`;
const EVIL_NOTE = "<svg onload=a()>";

const shell = await (await fetch(page_url)).text();
if (!/<script[^>]+type="module"/.test(shell)) {
  console.error("FAIL  this binary carries no page: run `npm ci && npm run build` in host/ui and build it again");
  process.exit(1);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const one = await open(browser);
const two = await open(browser);

await check("a reason in the address is shown from a fixed list alone, and taken out of the address", async () => {
  await one.goto(`${page_url}/?error=key-not-held`);
  await one.locator("text=does not hold that API key yet").waitFor();
  ensure(!one.url().includes("error"), one.url());
  await one.goto(`${page_url}/?error=Call+this+number+now`);
  await one.locator('input[name="apiKey"]').waitFor();
  ensure(!(await one.innerText("body")).includes("number"), "words from the address are shown");
});
await check("the sign-in form says what is wrong with wrong credentials", async () => {
  await one.fill('input[name="apiKey"]', "demo-uk9394");
  await one.fill('input[name="apiSecret"]', "wrong");
  await one.click("summary");
  await one.fill('input[name="requestToken"]', await requestToken("UK9394"));
  await one.click('button:has-text("Sign in")');
  const words = await one.locator('[role="alert"]').innerText();
  ensure(words.length > 10, words);
  await looks(one, "sign-in");
  await one.reload();
});
await check("a trader signs in with the keyboard alone", async () => {
  await one.locator('input[name="apiKey"]').waitFor();
  await tabTo(one, 'input[name="apiKey"]');
  await one.keyboard.press("Control+a");
  await one.keyboard.type("demo-uk9394");
  await tabTo(one, 'input[name="apiSecret"]');
  await one.keyboard.type("demo-secret-uk9394");
  await tabTo(one, "summary");
  await one.keyboard.press("Enter");
  await tabTo(one, 'input[name="requestToken"]');
  await one.keyboard.type(await requestToken("UK9394"));
  await one.keyboard.press("Enter");
  await one.waitForSelector("header >> text=UK9394");
});
await check("a trader signs in through Kite's login page", () => throughKite(two, "UK1234"));
await check("who opened the page under this machine's other name signs in there too", async () => {
  const other = await open(browser, page_url.replace("127.0.0.1", "localhost"));
  await throughKite(other, "UK9394");
  ensure(other.url().startsWith("http://localhost:"), other.url());
  ensure(other.foreign.length === 0, other.foreign.join("\n"));
  await other.context().close();
});
await check("both add a strategy, fill its form and start it", async () => {
  await addAndStart(one, "sma-crossover");
  await addAndStart(two, "buy-and-hold");
});
await check("orders, positions and the log fill by themselves", async () => {
  await two.waitForSelector('section[aria-label="Books of today"] td >> text=NSE:');
  await two.waitForSelector('[role="log"] div');
  await two.click('button[role="tab"]:has-text("Orders")');
  await two.waitForSelector('section[aria-label="Books of today"] .badge.complete');
  await runOf(two, "buy-and-hold").locator("text=1 open position").waitFor();
});
await check("the page is told, it does not ask again and again", async () => {
  const asked = [];
  const note = (request) => { if (request.url().includes("/api/")) asked.push(request.url()); };
  two.on("request", note);
  await two.waitForTimeout(6_000);
  two.off("request", note);
  ensure(asked.length === 0, asked.join("\n"));
});
await check("tabs are moved between with the arrow keys, and name their panels", async () => {
  await tabTo(two, '[role="tab"]');
  await two.keyboard.press("ArrowRight");
  const chosen = two.locator('[role="tab"][aria-selected="true"]');
  ensure((await chosen.innerText()).startsWith("Trades"), await chosen.innerText());
  ensure(await two.locator(`#${await chosen.getAttribute("aria-controls")}`).isVisible(), "its panel is hidden");
  await tabTo(two, '[role="log"]');
});
await check("neither sees anything of the other", async () => {
  const [first, second] = [await one.innerText("body"), await two.innerText("body")];
  ensure(!first.includes("UK1234") && !second.includes("UK9394"), "a stranger's id is on the page");
});
await check("names and log lines that are markup stay text", async () => {
  await one.evaluate(() => { window.a = () => { window.owned = 1; }; });
  await upload(one, EVIL_NAME, guest_file);
  await one.fill('input[name="note"]', EVIL_NOTE);
  await one.fill('input[name="count"]', "");
  await one.fill('input[name="required"]', "5");
  await strategies(one).locator('button:has-text("Start live")').click();
  await strategies(one).locator("text=The default is 3; it is not taken by itself.").waitFor();
  await one.fill('input[name="count"]', "2");
  await strategies(one).locator('button:has-text("Start live")').click();
  await runOf(one, EVIL_NAME).locator("text=running").waitFor();
  await one.locator('[role="log"] div', { hasText: `note=${EVIL_NOTE}` }).first().waitFor();
  await one.locator("td, h3, .who", { hasText: EVIL_NAME }).first().waitFor();
  ensure((await one.evaluate(() => window.owned)) === undefined, "markup of a stranger was carried out");
  ensure((await one.locator('main img, main svg').count()) === 0, "markup of a stranger became elements");
});
await check("the switch that did not go on is said not to have gone on", async () => {
  await one.route("**/api/kill-switch", (route) => route.abort());
  await one.click('header button:has-text("Stop all orders")');
  await one.click('dialog button:has-text("Stop all orders now")');
  await one.locator("dialog >> text=did NOT go on").waitFor();
  await one.unroute("**/api/kill-switch");
  await one.click('dialog button:has-text("Cancel")');
});
await check("the kill switch shows that it is on, since when and why, whoever moved it", async () => {
  await one.click('header button:has-text("Stop all orders")');
  await one.fill('dialog input:not([type="checkbox"])', "lunch");
  await one.click('dialog button:has-text("Stop all orders now")');
  await one.locator("header >> text=/no order is sent. Since .*Reason: .?lunch/").waitFor();
  await one.click('header button:has-text("All orders stopped")');
  await one.click('dialog button:has-text("Release")');
  await one.locator('header button:has-text("Stop all orders")').waitFor();
  const elsewhere = (on) => one.evaluate((body) => fetch("/api/kill-switch", {
    method: "PUT", headers: { "content-type": "application/json" }, body,
  }).then((answer) => answer.status), JSON.stringify({ on, reason: "from a script" }));
  ensure((await elsewhere(true)) === 200, "the switch did not move");
  await one.locator("header >> text=/Reason: .?from a script/").waitFor();
  await elsewhere(false);
  await one.locator('header button:has-text("Stop all orders")').waitFor();
});
await check("a broker session that has ended is shown until somebody signs in again", async () => {
  await simulator("/sim/expire-token", { apiKey: "demo-uk9394" });
  const notice = one.locator(".notice strong", { hasText: "The broker session has ended" });
  await notice.waitFor();
  const way = await one.locator('main a:has-text("Sign in with Kite again")').getAttribute("href");
  ensure(way === "/api/auth/login?apiKey=demo-uk9394", way);
  const again = await open(browser);
  await signIn(again, "UK9394");
  await notice.waitFor({ state: "detached" });
  await again.context().close();
});
await check("risk limits are shown, refused in words and saved", async () => {
  await one.click('nav a:has-text("Risk limits")');
  await one.fill('input[name="ordersPerSecond"]', "99");
  await one.click('button:has-text("Save")');
  await one.locator("text=NOT saved").waitFor();
  await one.fill('input[name="ordersPerSecond"]', "7");
  await one.click('button:has-text("Save")');
  await one.locator("text=these limits hold now").waitFor();
  await looks(one, "risk");
});
await check("results are shown by strategy and by day", async () => {
  await two.click('nav a:has-text("Results")');
  await two.locator('section[aria-label="By strategy"] td', { hasText: "buy-and-hold" }).waitFor();
  ensure((await two.locator('section[aria-label="By day"] tbody tr').count()) >= 1, "no day");
  await looks(two, "results");
  await two.click('nav a:has-text("Desk")');
});
await check("the log of another day is read, and today's is downloaded", async () => {
  const box = one.locator('section[aria-label="Log"]');
  await one.click('nav a:has-text("Desk")');
  const today = await box.locator('input[type="date"]').inputValue();
  await box.locator('input[type="date"]').fill("2020-01-01");
  await box.locator("text=Nothing was written that day.").waitFor();
  await box.locator('input[type="date"]').fill(today);
  const [download] = await Promise.all([one.waitForEvent("download"), box.locator('a:has-text("Download day")').click()]);
  ensure(download.suggestedFilename() === `UK9394_${today}.log`, download.suggestedFilename());
  ensure((await readFile(await download.path(), "utf8")).includes("UK9394"), "the file names its trader");
});
await check("a token is made, shown once and revoked", async () => {
  await one.click('nav a:has-text("Account")');
  await one.fill('input[aria-label="Name of the new token"]', "script");
  await one.click('button:has-text("Make a token")');
  const token = await one.locator("code.secret").innerText();
  const asked = () => fetch(`${page_url}/api/strategies`, { headers: { authorization: `Bearer ${token}` } });
  ensure((await asked()).status === 200, "the token opens nothing");
  await one.click('button[aria-label="Revoke script"]');
  await one.locator("text=No tokens.").waitFor();
  ensure((await asked()).status === 401, "the token still opens");
  await looks(one, "account");
});
await check("a session that is ended elsewhere is over here, and the page comes back as it was", async () => {
  const phone = await open(browser);
  await signIn(phone, "UK9394");
  await one.click('nav a:has-text("Desk")');
  const search = one.locator('input[aria-label="Search the log"]');
  await search.fill("run");
  await phone.click('nav a:has-text("Account")');
  const others = phone.locator("tr", { hasNotText: "this one" }).locator('button:has-text("End")');
  await others.first().waitFor();
  while ((await others.count()) > 0) {
    const left = await others.count();
    await others.first().click();
    await eventually(async () => (await others.count()) < left);
  }
  await one.locator("text=session on this host has ended").waitFor();
  ensure(!(await one.locator('section[aria-label="Runs"]').isVisible()), "a stranger at this screen still sees the desk");
  await signIn(one, "UK9394");
  ensure((await search.inputValue()) === "run", "the page was lost");
  await search.fill("");
  await phone.context().close();
});
await check("the desk is calm at every width, in the dark and in the light", async () => {
  await looks(one, "desk-one");
  await looks(two, "desk-two");
});
await check("a run is stopped from the page, and what it left can be closed", async () => {
  await one.click('section[aria-label="Runs"] button[aria-label="Stop sma-crossover"]');
  await one.waitForSelector('[data-state="stopped"]');
  await two.click('section[aria-label="Runs"] button[aria-label="Stop buy-and-hold"]');
  await two.waitForSelector('[data-state="stopped"]');
  await two.locator('section[aria-label="Runs"] button:has-text("Close what is left")').waitFor();
});
await check("a run is replayed from the page, compared, and an order says how it came to be", async () => {
  const replay = two.locator('dialog[aria-label="Replay of buy-and-hold"]');
  await two.click('section[aria-label="Runs"] button[aria-label="Replay buy-and-hold"]');
  await replay.locator('button:text-is("Replay")').click();
  await replay.locator("text=✓ Identical").waitFor();
  await replay.locator("select").selectOption("1");
  await replay.locator('button:text-is("Compare")').click();
  await replay.locator("text=✓ No difference").waitFor();
  await looks(two, "replay");
  await replay.locator('button:text-is("Close")').click();
  await replay.waitFor({ state: "detached" });
  const explained = two.locator('dialog[aria-label^="How order"]');
  await two.click('button[role="tab"]:has-text("Orders")');
  await two.locator('button:text-is("Explain")').first().click();
  for (const kind of ["event", "handler", "intent", "gate", "fill"]) {
    await explained.locator("li strong", { hasText: new RegExp(`^${kind}$`) }).first().waitFor();
  }
  const words = await explained.innerText();
  for (const said of [/Written down as leaving now: BUY 1 NSE:INFY at market/, /It leaves from 127\.0\.0\.1 \(directly\)/, /the broker's number \d+/, /mark [A-Z0-9]{20}/]) {
    ensure(said.test(words), `${said} is not in:\n${words}`);
  }
  ensure(!/[{}]/.test(words), `something is shown as it was stored:\n${words}`);
  const component = explained.locator("dd[title]").first();
  ensure(/^[0-9a-f]{64}$/.test(await component.getAttribute("title")), "the whole hash is nowhere");
  ensure((await component.innerText()).length < 20, "the hash is not shortened");
  await looks(two, "explain");
  await explained.locator('button:text-is("Close")').click();
  await explained.waitFor({ state: "detached" });
});
await switches(one, two);
await theWayOut(one);
await ordersInDoubt(browser, one);
await theAudit(one);
await check("signing out leaves nothing behind", async () => {
  await two.click('button:has-text("Sign out")');
  await two.locator('input[name="apiSecret"]').waitFor();
  ensure(!(await two.innerText("body")).includes("UK1234"), "the trader is still on the page");
  ensure((await two.evaluate(() => fetch("/api/auth/session").then((a) => a.status))) === 401, "the session lives");
});
await check("the browser found nothing to complain of, and asked nobody else", async () => {
  const noise = pages.flatMap((page) => [...page.noise, ...page.foreign]);
  ensure(noise.length === 0, noise.join("\n"));
});

await browser.close();
process.exit(closing());
