// Checks with a line each, and what looks at a page need beside the browser. Knows nothing of what is on the page.
let passed = 0;
let failed = 0;

/** Runs one check and prints its line. */
export async function check(name, action) {
  try {
    await action();
    passed += 1;
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n${error.stack ?? error}`);
  }
}

/** The closing line, and the exit code. */
export function closing() {
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

export function ensure(condition, text) {
  if (!condition) throw new Error(text);
}

/** Waits until something holds. */
export async function eventually(holds, deadline_ms = 30_000) {
  const end = Date.now() + deadline_ms;
  while (!(await holds())) {
    ensure(Date.now() < end, `not within ${deadline_ms} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Every request of the page that goes to a host it has no business with. */
export function onlyKnownHosts(page, addresses) {
  const known = addresses.map((address) => new URL(address).host);
  const foreign = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (/^(https?|wss?):$/.test(url.protocol) && !known.includes(url.host)) foreign.push(`asked ${request.url()}`);
  });
  return foreign;
}

/** Presses Tab until the wanted element has the focus, and sees that the focus can be seen. */
export async function tabTo(page, selector, presses_max = 120) {
  for (let presses = 0; presses < presses_max; presses += 1) {
    await page.keyboard.press("Tab");
    const there = await page.evaluate((wanted) => {
      const at = document.activeElement;
      if (!at?.matches(wanted)) return undefined;
      const style = getComputedStyle(at);
      return style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) > 0;
    }, selector);
    if (there === undefined) continue;
    ensure(there, `${selector} has the focus and does not show it`);
    return;
  }
  throw new Error(`${selector} cannot be reached with the Tab key`);
}
