// What a trader, the operator of the host and the broker do in these checks. Knows the page's ways, and checks nothing.
//   The command line: PAGE-URL SIMULATOR-URL FOLDER GUEST.wasm BUSY-GUEST.wasm BINARY; screenshots and `data` lie in FOLDER.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { ensure, onlyKnownHosts } from "./checks.mjs";

export const [page_url, sim_url, folder, guest_file, busy_file, binary] = process.argv.slice(2);
const DEADLINE_MS = 60_000;

/** Every page that was opened, closed ones too: what a browser complained of stays with it. */
export const pages = [];

export async function open(browser, address = page_url) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true });
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  page.noise = [];
  page.on("console", (m) => {
    // The simulator's login page is not ours; 401, 409 and 422 are answers that a check asks for, and one request is cut off.
    const ours = m.location().url.startsWith(address);
    const expected = /401|409|422|ERR_FAILED/.test(m.text());
    if (m.type() === "error" && ours && !expected) page.noise.push(`${m.text()} ${m.location().url}`);
  });
  page.on("pageerror", (error) => page.noise.push(String(error)));
  page.on("dialog", (dialog) => dialog.accept());
  page.foreign = onlyKnownHosts(page, [address, page_url, sim_url]);
  pages.push(page);
  await page.goto(address);
  return page;
}

export const apiKeyOf = (user) => `demo-${user.toLowerCase()}`;
const secretOf = (user) => `demo-secret-${user.toLowerCase()}`;

/** Asks the simulator's control API for something. */
export async function simulator(path, body) {
  const init = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(`${sim_url}${path}`, init);
  ensure(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
}

export const requestToken = async (user) => (await simulator("/sim/request-token", { apiKey: apiKeyOf(user) })).requestToken;

async function enterKeys(page, user) {
  await page.fill('input[name="apiKey"]', apiKeyOf(user));
  await page.fill('input[name="apiSecret"]', secretOf(user));
}

export async function signIn(page, user) {
  await enterKeys(page, user);
  if (!(await page.locator('input[name="requestToken"]').isVisible())) await page.click("summary");
  await page.fill('input[name="requestToken"]', await requestToken(user));
  await page.click('button:has-text("Sign in")');
  await page.waitForSelector(`header >> text=${user}`);
}

export async function throughKite(page, user) {
  await enterKeys(page, user);
  await page.click('button:has-text("Continue with Zerodha")');
  await page.waitForURL((url) => url.href.startsWith(sim_url));
  await page.locator("button, input[type=submit], a").first().click();
  await page.waitForSelector(`header >> text=${user}`);
  ensure(!page.url().includes("request_token"), "the request token stays in the address bar");
}

/** Places an order past this host, as a person with another program does; it ends the host's session with the broker. */
export async function placeByHand(user, order) {
  const [key, request_token] = [apiKeyOf(user), await requestToken(user)];
  const checksum = createHash("sha256").update(key + request_token + secretOf(user)).digest("hex");
  const call = async (path, fields, headers) => {
    const answer = await fetch(sim_url + path, { method: "POST", headers: { "X-Kite-Version": "3", ...headers }, body: new URLSearchParams(fields) });
    const body = await answer.json();
    ensure(answer.ok, `${path}: ${JSON.stringify(body)}`);
    return body.data;
  };
  const { access_token } = await call("/session/token", { api_key: key, request_token, checksum });
  return (await call("/orders/regular", order, { authorization: `token ${key}:${access_token}` })).order_id;
}

/** The operator's command line beside the running host: what it wrote. */
export async function operator(...args) {
  const { stdout } = await promisify(execFile)(binary, [...args, "--data-dir", `${folder}/data`]);
  return stdout;
}

/** What the page's own session is answered. */
export const asked = (page, path) => page.evaluate((at) => fetch(at).then((answer) => answer.json()), path);

export const strategies = (page) => page.locator('section[aria-label="Strategies"]');
export const runOf = (page, name) => page.locator('section[aria-label="Runs"] article', { hasText: name });

export async function addAndStart(page, example) {
  await strategies(page).locator(`button[aria-label="Add ${example}"]`).click();
  await strategies(page).locator('button:has-text("Start live")').click();
  await page.waitForSelector('[data-state="running"]');
}

export async function upload(page, name, file) {
  const buffer = await readFile(file);
  await strategies(page).locator('input[aria-label="Upload a strategy component"]')
    .setInputFiles({ name: `${name}.wasm`, mimeType: "application/wasm", buffer });
  await strategies(page).getByRole("form", { name: `Start ${name}`, exact: true }).waitFor();
}

/** Takes pictures at three widths in the dark and the light, and sees that nothing is wider than its window. */
export async function looks(page, name) {
  for (const scheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const [width, height] of [[360, 780], [1280, 900], [2560, 1440]]) {
      await page.setViewportSize({ width, height });
      await page.screenshot({ path: `${folder}/${name}-${width}-${scheme}.png`, fullPage: true });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      ensure(wide <= 0, `${name} scrolls sideways by ${wide} px at ${width} px`);
    }
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}
