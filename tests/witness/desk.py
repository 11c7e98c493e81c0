"""What every case of the Python witness shares: an account of its own, signed in, and short ways to say what it does."""

import collections
import datetime
import logging
import os
import sys
import time

import requests
from kiteconnect import KiteConnect
from requests.adapters import HTTPAdapter

# The ticker client turns epoch seconds into local time: make that the exchange's.
os.environ["TZ"] = "Asia/Kolkata"
time.tzset()
logging.getLogger("kiteconnect").setLevel(logging.CRITICAL)

BASE = sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8081"
WS = BASE.replace("http", "ws", 1) + "/"
# Where the account WTOLD1 has its postbacks sent, if anywhere.
POSTBACK_PORT = int(sys.argv[2]) if len(sys.argv) > 2 else None
INFY, NIFTY = 408065, 256265
PATIENCE_S = 15

# Set by the runner before every case.
kite = None
user = None
cases = []


class Paced(HTTPAdapter):
    """The client's way out, which waits where Kite would say 429. The client itself knows nothing of it."""

    LIMITS = {"quote": 1, "candles": 3, "order": 10, "other": 10}

    def __init__(self):
        super().__init__()
        self.sent = collections.defaultdict(collections.deque)

    def send(self, request, **options):
        kind = self.kind(request)
        times = self.sent[kind]
        if len(times) >= self.LIMITS[kind]:
            # The server counts calendar seconds: no second of any kind holds more than the limit.
            time.sleep(max(0.0, times.popleft() + 1.02 - time.monotonic()))
        try:
            return super().send(request, **options)
        finally:
            times.append(time.monotonic())

    @staticmethod
    def kind(request):
        path = request.path_url
        if path.startswith("/orders") and request.method != "GET":
            return "order"
        if path.startswith("/quote"):
            return "quote"
        return "candles" if path.startswith("/instruments/historical") else "other"


def case(function):
    cases.append(function)
    return function


def named(name, function):
    function.__name__ = name
    case(function)


def accounts():
    rows = requests.get(BASE + "/sim/accounts", timeout=5).json()
    return [row["userId"] for row in rows if row["userId"].startswith("WT0")]


def key_of(user_id):
    return user_id.lower()


def secret_of(user_id):
    return f"{key_of(user_id)}-secret"


def request_token(user_id=None):
    return control("/sim/request-token", apiKey=key_of(user_id or user))["requestToken"]


def control(path, /, **body):
    answer = requests.post(BASE + path, json=body, timeout=60)
    assert answer.ok, answer.text
    return answer.json()


def set_clock(text):
    answer = requests.put(BASE + "/sim/clock", json={"now": text}, timeout=120)
    assert answer.ok, answer.text


def now():
    """What the exchange's clock shows, in India."""
    return datetime.datetime.fromtimestamp(requests.get(BASE + "/sim/clock", timeout=5).json()["now"] / 1e6)


def client(user_id):
    fresh = KiteConnect(key_of(user_id), root=BASE)
    fresh.reqsession.mount("http://", Paced())
    return fresh


def sign_in(user_id=None):
    user_id = user_id or user
    fresh = client(user_id)
    fresh.set_access_token(fresh.generate_session(request_token(user_id), secret_of(user_id))["access_token"])
    return fresh


def refused(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__} came")


def last_price(symbol="NSE:INFY"):
    """From the control API, which has no limits."""
    rows = requests.get(BASE + "/sim/instruments", timeout=15).json()
    return next(row["lastPrice"] for row in rows if row["symbol"] == symbol)


def move(price, symbol="NSE:INFY"):
    control("/sim/price", symbol=symbol, price=price)


def place(**changes):
    return place_as("regular", **changes)


def place_as(variety, **changes):
    order = dict(exchange="NSE", tradingsymbol="INFY", transaction_type="BUY", quantity=1, product="MIS",
                 order_type="MARKET", market_protection=-1)
    order.update(changes)
    return kite.place_order(variety, **{name: value for name, value in order.items() if value is not None})


def filled(**changes):
    return settled(place(**changes), "COMPLETE")


def far_below(part=0.97):
    return round(last_price() * part)


def place_resting(**changes):
    return place(order_type="LIMIT", price=far_below(), market_protection=None, **changes)


def row_of(order_id):
    return next(row for row in kite.orders() if row["order_id"] == order_id)


def settled(order_id, *statuses):
    deadline = time.time() + PATIENCE_S
    while True:
        order = row_of(order_id)
        if order["status"] in statuses:
            return order
        assert time.time() < deadline, f"{order['status']}, never {statuses}: {order['status_message']}"
        time.sleep(0.15)


def gtt_order(side, price, quantity=1):
    return dict(transaction_type=side, quantity=quantity, order_type="LIMIT", product="CNC", price=price)


def asked_raw(method, path, **form):
    """A route that the client has no name for, asked over the client's own session."""
    headers = {"X-Kite-Version": "3", "Authorization": f"token {kite.api_key}:{kite.access_token}"}
    where = {"params": form} if method in ("GET", "DELETE") else {"data": form}
    return kite.reqsession.request(method, BASE + path, headers=headers, timeout=15, **where)


def data_of(answer):
    body = answer.json()
    assert answer.status_code == 200 and body["status"] == "success", answer.text
    return body["data"]


def error_of(answer, status, error_type):
    body = answer.json()
    assert (answer.status_code, body["error_type"], body["status"]) == (status, error_type, "error"), answer.text
    return body["message"]
