// The page in a real Chromium: two traders sign in, each adds a strategy, starts it, watches it and stops it.
//   node page.mjs PAGE-URL SIMULATOR-URL FOLDER-FOR-SCREENSHOTS     (CHROMIUM names the browser)
import { chromium } from "playwright-core";

const [page_url, sim_url, folder] = process.argv.slice(2);
const DEADLINE_MS = 60_000;
let passed = 0;
let failed = 0;

async function check(name, action) {
  try {
    await action();
    passed += 1;
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n${error.stack ?? error}`);
  }
}

function ensure(condition, text) {
  if (!condition) throw new Error(text);
}

async function requestToken(apiKey) {
  const answer = await fetch(`${sim_url}/sim/request-token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ apiKey }),
  });
  return (await answer.json()).requestToken;
}

async function open(browser) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  page.noise = [];
  page.on("console", (m) => {
    // The simulator's login page is not ours, and 401 is how the host says that nobody is signed in.
    const ours = m.location().url.startsWith(page_url);
    if (m.type() === "error" && ours && !m.text().includes("401")) page.noise.push(`${m.text()} ${m.location().url}`);
  });
  page.on("pageerror", (error) => page.noise.push(String(error)));
  page.on("dialog", (dialog) => dialog.accept());
  await page.goto(page_url);
  return page;
}

async function signIn(page, user) {
  await page.fill('input[name="apiKey"]', `demo-${user.toLowerCase()}`);
  await page.fill('input[name="apiSecret"]', `demo-secret-${user.toLowerCase()}`);
  await page.click("summary");
  await page.fill('input[name="requestToken"]', await requestToken(`demo-${user.toLowerCase()}`));
  await page.click('button:has-text("Sign in")');
  await page.waitForSelector(`header >> text=${user}`);
}

async function addAndStart(page, example) {
  const strategies = page.locator('section[aria-label="Strategies"]');
  await strategies.locator(`text=${example}`).first().waitFor();
  const rows = strategies.locator(".row.spread", { hasText: example });
  await rows.locator('button:has-text("Add")').first().click();
  await strategies.locator('button:has-text("Start live")').waitFor();
  await strategies.locator('button:has-text("Start live")').click();
  await page.waitForSelector('[data-state="running"]');
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const one = await open(browser);
const two = await open(browser);

await check("the sign-in form says what is wrong with wrong credentials", async () => {
  await one.fill('input[name="apiKey"]', "demo-uk9394");
  await one.fill('input[name="apiSecret"]', "wrong");
  await one.click("summary");
  await one.fill('input[name="requestToken"]', await requestToken("demo-uk9394"));
  await one.click('button:has-text("Sign in")');
  const words = await one.locator('[role="alert"]').innerText();
  ensure(words.length > 10, words);
  await one.screenshot({ path: `${folder}/sign-in.png` });
  await one.reload();
});
await check("a trader signs in with a request token", () => signIn(one, "UK9394"));
await check("a trader signs in through Kite's login page", async () => {
  await two.fill('input[name="apiKey"]', "demo-uk1234");
  await two.fill('input[name="apiSecret"]', "demo-secret-uk1234");
  await two.click('button:has-text("Continue with Zerodha")');
  await two.waitForURL((url) => url.href.startsWith(sim_url));
  await two.locator("button, input[type=submit], a").first().click();
  await two.waitForSelector("header >> text=UK1234");
  ensure(!two.url().includes("request_token"), "the request token stays in the address bar");
});
await check("both add a strategy, fill its form and start it", async () => {
  await addAndStart(one, "sma-crossover");
  await addAndStart(two, "buy-and-hold");
});
await check("orders, positions and the log fill by themselves", async () => {
  await two.waitForSelector('section[aria-label="Books"] td >> text=NSE:');
  await two.waitForSelector('[role="log"] div');
  await two.click('button[role="tab"]:has-text("Orders")');
  await two.waitForSelector('section[aria-label="Books"] .badge.complete');
});
await check("neither sees anything of the other", async () => {
  const [first, second] = [await one.innerText("body"), await two.innerText("body")];
  ensure(!first.includes("UK1234") && !second.includes("UK9394"), "a stranger's id is on the page");
});
await check("a log line is text and nothing else", async () => {
  ensure((await two.locator('[role="log"] script, [role="log"] img').count()) === 0, "the log holds markup");
});
await one.screenshot({ path: `${folder}/desk-one.png`, fullPage: true });
await two.screenshot({ path: `${folder}/desk-two.png`, fullPage: true });
await check("a run is stopped from the page", async () => {
  await one.click('section[aria-label="Runs"] button:has-text("Stop")');
  await one.waitForSelector('[data-state="stopped"]');
});
await check("the page works at the width of a phone", async () => {
  await two.setViewportSize({ width: 390, height: 800 });
  const wide = await two.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1);
  await two.screenshot({ path: `${folder}/desk-phone.png` });
  ensure(!wide, "the page scrolls sideways");
});
await check("the browser found nothing to complain of", async () => {
  const noise = [...one.noise, ...two.noise];
  ensure(noise.length === 0, noise.join("\n"));
});

await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
