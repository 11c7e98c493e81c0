"""The official Python client against a running simulator: the witness that nobody here wrote.

usage: kite_python.py BASE_URL [WS_URL]      (packages: requirements.txt)
Prints `ok|FAIL name` for each case and `N passed, N failed`; exit code 1 when one failed. Knows the demo's accounts.
"""

import datetime
import logging
import os
import queue
import sys
import time
import traceback

import requests
from kiteconnect import KiteConnect, KiteTicker, exceptions

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


@case
def a_wrong_secret_is_a_token_exception():
    stranger = KiteConnect(KEY, root=BASE)
    error = refused(exceptions.TokenException, lambda: stranger.generate_session(request_token(), "wrong"))
    assert error.code == 403


@case
def a_request_token_opens_a_session():
    session = KiteConnect(KEY, root=BASE).generate_session(request_token(), SECRET)
    assert session["user_id"] == USER and isinstance(session["login_time"], datetime.datetime)


@case
def a_request_token_works_once():
    token = request_token()
    KiteConnect(KEY, root=BASE).generate_session(token, SECRET)
    refused(exceptions.TokenException, lambda: KiteConnect(KEY, root=BASE).generate_session(token, SECRET))


@case
def a_bad_access_token_calls_the_session_hook():
    called = []
    stranger = KiteConnect(KEY, access_token="wrong", root=BASE)
    stranger.set_session_expiry_hook(lambda: called.append(True))
    try:
        stranger.profile()
    except exceptions.TokenException:
        pass
    assert called


@case
def the_profile_names_the_user():
    assert kite.profile()["user_id"] == USER


@case
def margins_add_up():
    margins = kite.margins()
    equity = margins["equity"]
    available, utilised = equity["available"], equity["utilised"]
    assert equity["net"] == available["live_balance"] and "commodity" in margins
    assert abs(equity["net"] - (available["cash"] - utilised["debits"])) < 0.01
    parts = ["span", "exposure", "m2m_realised", "m2m_unrealised", "option_premium", "holding_sales", "delivery"]
    assert abs(utilised["debits"] - sum(utilised[part] for part in parts)) < 0.01
    assert kite.margins("equity")["enabled"] is True


@case
def instruments_are_parsed():
    rows = kite.instruments()
    infy = next(row for row in rows if row["tradingsymbol"] == "INFY" and row["exchange"] == "NSE")
    assert infy["instrument_token"] == INFY and infy["tick_size"] > 0 and infy["lot_size"] == 1


@case
def derivatives_have_expiries():
    rows = kite.instruments("NFO")
    assert rows and all(isinstance(row["expiry"], datetime.date) and row["exchange"] == "NFO" for row in rows)


@case
def a_quote_has_depth_and_real_timestamps():
    time.sleep(1.1)
    quote = kite.quote("NSE:INFY", "NSE:NIFTY 50", "NSE:NOSUCH")
    assert set(quote) == {"NSE:INFY", "NSE:NIFTY 50"}
    infy = quote["NSE:INFY"]
    assert len(infy["depth"]["buy"]) == 5 and isinstance(infy["timestamp"], datetime.datetime)


@case
def ohlc_carries_the_day():
    time.sleep(1.1)
    ohlc = kite.ohlc(["NSE:INFY"])["NSE:INFY"]["ohlc"]
    assert ohlc["low"] <= ohlc["open"] <= ohlc["high"]


@case
def a_market_order_completes():
    order = settled(place(tag="witness"), "COMPLETE")
    assert order["filled_quantity"] == 1 and order["tag"] == "witness" and order["order_type"] == "LIMIT"
    assert isinstance(order["exchange_timestamp"], datetime.datetime)


@case
def a_market_order_without_protection_is_an_input_exception():
    refused(exceptions.InputException, lambda: place(market_protection=None))


@case
def an_unknown_instrument_is_an_input_exception():
    refused(exceptions.InputException, lambda: place(tradingsymbol="NOSUCH"))


@case
def the_history_runs_from_request_to_complete():
    order_id = place()
    settled(order_id, "COMPLETE")
    states = [row["status"] for row in kite.order_history(order_id)]
    assert states[0] == "PUT ORDER REQ RECEIVED" and states[-1] == "COMPLETE"


@case
def an_order_is_modified_and_cancelled():
    order_id = place_resting()
    settled(order_id, "OPEN")
    assert kite.modify_order("regular", order_id, quantity=2) == order_id
    order = settled(order_id, "OPEN")
    assert order["modified"] is True and order["quantity"] == 2
    assert kite.cancel_order("regular", order_id) == order_id
    assert settled(order_id, "CANCELLED")["cancelled_quantity"] == 2


@case
def a_finished_order_takes_no_cancel():
    order_id = place()
    settled(order_id, "COMPLETE")
    error = refused(exceptions.KiteException, lambda: kite.cancel_order("regular", order_id))
    assert error.code == 400


@case
def trades_belong_to_their_orders():
    order_id = place(quantity=3)
    settled(order_id, "COMPLETE")
    rows = kite.order_trades(order_id)
    assert sum(row["quantity"] for row in rows) == 3
    assert {row["trade_id"] for row in rows} <= {row["trade_id"] for row in kite.trades()}


@case
def positions_have_29_fields():
    filled(quantity=2)
    positions = kite.positions()
    infy = next(row for row in positions["net"] if row["tradingsymbol"] == "INFY")
    assert len(infy) == 29 and infy["quantity"] > 0 and infy["realised"] == 0


@case
def a_position_is_converted():
    filled(tradingsymbol="WIPRO", quantity=3)
    assert kite.convert_position("NSE", "WIPRO", "BUY", "day", 2, "MIS", "CNC") is True
    rows = [row for row in kite.positions()["net"] if row["tradingsymbol"] == "WIPRO"]
    held = {row["product"]: row["quantity"] for row in rows}
    assert held["CNC"] >= 2 and "MIS" in held


@case
def a_conversion_of_more_than_there_is_is_an_input_exception():
    filled(tradingsymbol="ONGC", quantity=1)
    refused(exceptions.InputException,
            lambda: kite.convert_position("NSE", "ONGC", "BUY", "day", 10_000, "MIS", "CNC"))
    refused(exceptions.InputException,
            lambda: kite.convert_position("NSE", "ONGC", "BUY", "overnight", 1, "MIS", "CNC"))


@case
def a_holding_is_sold_and_its_used_quantity_rises():
    def used():
        return next(row["used_quantity"] for row in kite.holdings() if row["tradingsymbol"] == "ITC")
    before = used()
    filled(tradingsymbol="ITC", transaction_type="SELL", product="CNC", quantity=1)
    assert used() == before + 1


@case
def a_time_to_live_is_shown_and_changed():
    order_id = place_resting(validity="TTL", validity_ttl=5)
    order = settled(order_id, "OPEN")
    assert order["validity"] == "TTL" and order["validity_ttl"] == 5
    kite.modify_order("regular", order_id, validity="DAY")
    assert settled(order_id, "OPEN")["validity"] == "DAY"
    kite.cancel_order("regular", order_id)


@case
def holdings_are_a_list():
    assert isinstance(kite.holdings(), list) and kite.get_auction_instruments() == []


@case
def candles_are_parsed_with_their_zone():
    now = datetime.datetime.now()
    candles = kite.historical_data(INFY, now - datetime.timedelta(days=5), now, "5minute", oi=True)
    assert candles and candles[0]["date"].utcoffset() == datetime.timedelta(hours=5, minutes=30)
    assert candles[0]["low"] <= candles[0]["open"] <= candles[0]["high"] and "oi" in candles[0]


@case
def too_long_a_span_is_an_input_exception():
    error = refused(exceptions.InputException,
                    lambda: kite.historical_data(INFY, "2026-01-01 09:15:00", "2026-06-01 09:15:00", "minute"))
    assert "60 days" in str(error)


@case
def an_unknown_route_is_a_general_exception():
    refused(exceptions.GeneralException, lambda: kite.get_gtts())


@case
def the_ticker_brings_ticks_and_order_updates():
    ticks, updates = queue.Queue(), queue.Queue()
    ticker = KiteTicker(KEY, kite.access_token, root=WS, reconnect=False)

    def on_connect(ws, _response):
        ws.subscribe([INFY, NIFTY])
        ws.set_mode(ws.MODE_FULL, [INFY, NIFTY])

    ticker.on_connect = on_connect
    ticker.on_ticks = lambda _ws, rows: [ticks.put(row) for row in rows]
    ticker.on_order_update = lambda _ws, row: updates.put(row)
    ticker.connect(threaded=True)
    try:
        seen, deadline = {}, time.time() + PATIENCE_S
        while not {INFY, NIFTY} <= set(seen):
            row = ticks.get(timeout=max(0.1, deadline - time.time()))
            if row["mode"] == "full":
                seen[row["instrument_token"]] = row
        assert len(seen[INFY]["depth"]["buy"]) == 5 and seen[NIFTY]["tradable"] is False
        assert abs((seen[INFY]["exchange_timestamp"] - datetime.datetime.now()).total_seconds()) < 86_400
        order_id = place()
        while True:
            row = updates.get(timeout=PATIENCE_S)
            if row["order_id"] == order_id and row["status"] == "COMPLETE":
                break
        assert row["status_message"] == "" and row["filled_quantity"] == 1
    finally:
        ticker.close()


@case
def a_logout_ends_the_session():
    kite.invalidate_access_token()
    kite.session_expiry_hook = None
    refused(exceptions.TokenException, kite.profile)


def main():
    global kite
    failed = 0
    for function in cases:
        time.sleep(0.5)  # ten calls a second, counted by the calendar second
        try:
            kite = sign_in()
            function()
            print(f"ok {function.__name__}", flush=True)
        except Exception:
            failed += 1
            print(f"FAIL {function.__name__}", flush=True)
            traceback.print_exc()
    print(f"{len(cases) - failed} passed, {failed} failed", flush=True)
    # The ticker's reactor thread would keep the process alive.
    os._exit(1 if failed else 0)


main()
