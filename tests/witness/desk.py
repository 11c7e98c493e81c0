"""What every case of the Python witness shares: the session it runs in, and short ways to say what it does."""

import logging
import os
import sys
import time

import requests
from kiteconnect import KiteConnect

# The ticker client turns epoch seconds into local time: make that the exchange's.
os.environ["TZ"] = "Asia/Kolkata"
time.tzset()
logging.getLogger("kiteconnect").setLevel(logging.CRITICAL)

BASE = sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8081"
WS = sys.argv[2] if len(sys.argv) > 2 else BASE.replace("http", "ws", 1) + "/"
KEY, SECRET, USER = "demo-uk9394", "demo-secret-uk9394", "UK9394"
INFY, NIFTY = 408065, 256265
PATIENCE_S = 15

# A session of its own for every case, opened by the runner.
kite = KiteConnect(KEY, root=BASE)
cases = []


def case(function):
    cases.append(function)
    return function


def request_token():
    answer = requests.post(BASE + "/sim/request-token", json={"apiKey": KEY}, timeout=5)
    return answer.json()["requestToken"]


def control(path, **body):
    answer = requests.post(BASE + path, json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()


def sign_in():
    fresh = KiteConnect(KEY, root=BASE)
    fresh.generate_session(request_token(), SECRET)
    return fresh


def refused(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__} came")


def last_price():
    time.sleep(1.1)  # quotes are limited to one a second
    return kite.ltp("NSE:INFY")["NSE:INFY"]["last_price"]


def place(**changes):
    order = dict(exchange="NSE", tradingsymbol="INFY", transaction_type="BUY", quantity=1, product="MIS",
                 order_type="MARKET", market_protection=-1)
    order.update(changes)
    time.sleep(0.15)  # ten order calls a second
    return kite.place_order("regular", **{name: value for name, value in order.items() if value is not None})


def filled(**changes):
    return settled(place(**changes), "COMPLETE")


def place_resting(**changes):
    price = round(last_price() * 0.97 / 0.5) * 0.5
    return place(order_type="LIMIT", price=price, market_protection=None, **changes)


def settled(order_id, *statuses):
    deadline = time.time() + PATIENCE_S
    while True:
        order = next(row for row in kite.orders() if row["order_id"] == order_id)
        if order["status"] in statuses:
            return order
        assert time.time() < deadline, f"{order['status']}, never {statuses}: {order['status_message']}"
        time.sleep(0.25)


def gtt_order(side, price, quantity=1):
    return dict(transaction_type=side, quantity=quantity, order_type="LIMIT", product="CNC", price=price)
