// Why a browser is back at the sign-in form: the host's words for it, and nothing else that stands in an address.
const reasons: Record<string, string> = {
  "unknown-api-key": "Kite does not know this API key. Copy it again from the Kite developer console.",
  "wrong-secret": "The API secret does not fit the API key. Copy it again from the Kite developer console.",
  "used-request-token": "Kite's answer was used already or is too old. Sign in once more.",
  "login-refused": "Kite refused the sign-in. Try again; if it goes on, look at your app in the Kite developer console.",
  "login-expired": "This sign-in was not begun in this browser, or took longer than ten minutes. Begin again here.",
  "login-not-finished": "Kite did not finish the sign-in. Try again.",
  "login-attempts": "Too many sign-ins were tried within a minute. Wait a minute and try again.",
  "key-not-held": "This host does not hold that API key yet. Enter API key and secret once.",
  "cross-site": "Another site began this sign-in. Begin it here.",
  "bad-request": "API key and secret are letters and digits without blanks. Look at what you entered.",
  broker: "Kite cannot be reached just now. Try again in a moment.",
  internal: "Something went wrong on our side. Try again.",
};

/** The reason named in the address, which is cleaned at once so that a reload does not show it again. */
export function takeReason(): string {
  const address = new URL(location.href);
  const named = address.searchParams.get("error");
  if (named === null) return "";
  address.searchParams.delete("error");
  history.replaceState(history.state, "", address.pathname + address.search + address.hash);
  return reasons[named] ?? "";
}
