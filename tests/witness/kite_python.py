"""The official Python client against a running simulator: the witness that nobody here wrote.

usage: kite_python.py BASE_URL [POSTBACK_PORT]      (packages: requirements.txt; the simulator as `tests/run` starts it)
Prints `ok|FAIL name` for each case and `N passed, N failed`; exit code 1 when one failed.
"""

import datetime
import os
import sys
import time
import traceback

from kiteconnect import KiteConnect, exceptions

import desk
from desk import (BASE, INFY, asked_raw, case, cases, error_of, filled, gtt_order, last_price, move, place, place_resting,
                  refused, request_token, settled)
import kite_python_orders  # noqa: F401  the cases of these come before those below
import kite_python_market  # noqa: F401


@case
def a_wrong_secret_is_a_token_exception():
    stranger = desk.client(desk.user)
    error = refused(exceptions.TokenException, lambda: stranger.generate_session(request_token(), "wrong"))
    assert error.code == 403


@case
def a_request_token_opens_a_session():
    session = desk.client(desk.user).generate_session(request_token(), desk.secret_of(desk.user))
    assert session["user_id"] == desk.user and isinstance(session["login_time"], datetime.datetime)


@case
def a_request_token_works_once():
    token = request_token()
    desk.client(desk.user).generate_session(token, desk.secret_of(desk.user))
    refused(exceptions.TokenException, lambda: desk.client(desk.user).generate_session(token, desk.secret_of(desk.user)))


@case
def a_bad_access_token_calls_the_session_hook():
    called = []
    stranger = KiteConnect(desk.key_of(desk.user), access_token="wrong", root=BASE)
    stranger.set_session_expiry_hook(lambda: called.append(True))
    try:
        stranger.profile()
    except exceptions.TokenException:
        pass
    assert called


@case
def the_profile_names_the_user():
    assert desk.kite.profile()["user_id"] == desk.user


@case
def margins_add_up():
    margins = desk.kite.margins()
    equity = margins["equity"]
    available, utilised = equity["available"], equity["utilised"]
    assert equity["net"] == available["live_balance"] and "commodity" in margins
    assert abs(equity["net"] - (available["cash"] - utilised["debits"])) < 0.01
    parts = ["span", "exposure", "m2m_realised", "m2m_unrealised", "option_premium", "holding_sales", "delivery"]
    assert abs(utilised["debits"] - sum(utilised[part] for part in parts)) < 0.01
    assert desk.kite.margins("equity")["enabled"] is True


@case
def instruments_are_parsed():
    rows = desk.kite.instruments()
    infy = next(row for row in rows if row["tradingsymbol"] == "INFY" and row["exchange"] == "NSE")
    assert infy["instrument_token"] == INFY and infy["tick_size"] > 0 and infy["lot_size"] == 1


@case
def derivatives_have_expiries():
    rows = desk.kite.instruments("NFO")
    assert rows and all(isinstance(row["expiry"], datetime.date) and row["exchange"] == "NFO" for row in rows)


@case
def a_quote_has_depth_and_real_timestamps():
    quote = desk.kite.quote("NSE:INFY", "NSE:NIFTY 50", "NSE:NOSUCH")
    assert set(quote) == {"NSE:INFY", "NSE:NIFTY 50"}
    infy = quote["NSE:INFY"]
    assert len(infy["depth"]["buy"]) == 5 and isinstance(infy["timestamp"], datetime.datetime)


@case
def ohlc_carries_the_day():
    ohlc = desk.kite.ohlc(["NSE:INFY"])["NSE:INFY"]["ohlc"]
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
    states = [row["status"] for row in desk.kite.order_history(order_id)]
    assert states[0] == "PUT ORDER REQ RECEIVED" and states[-1] == "COMPLETE"


@case
def an_order_is_modified_and_cancelled():
    order_id = place_resting()
    settled(order_id, "OPEN")
    assert desk.kite.modify_order("regular", order_id, quantity=2) == order_id
    order = settled(order_id, "OPEN")
    assert order["modified"] is True and order["quantity"] == 2
    assert desk.kite.cancel_order("regular", order_id) == order_id
    assert settled(order_id, "CANCELLED")["cancelled_quantity"] == 2


@case
def a_finished_order_takes_no_cancel():
    order_id = place()
    settled(order_id, "COMPLETE")
    error = refused(exceptions.KiteException, lambda: desk.kite.cancel_order("regular", order_id))
    assert error.code == 400


@case
def trades_belong_to_their_orders():
    order_id = place(quantity=3)
    settled(order_id, "COMPLETE")
    rows = desk.kite.order_trades(order_id)
    assert sum(row["quantity"] for row in rows) == 3
    assert {row["trade_id"] for row in rows} <= {row["trade_id"] for row in desk.kite.trades()}


@case
def positions_have_29_fields():
    filled(quantity=2)
    positions = desk.kite.positions()
    infy = next(row for row in positions["net"] if row["tradingsymbol"] == "INFY")
    assert len(infy) == 29 and infy["quantity"] > 0 and infy["realised"] == 0


@case
def a_position_is_converted():
    filled(tradingsymbol="WIPRO", quantity=3)
    assert desk.kite.convert_position("NSE", "WIPRO", "BUY", "day", 2, "MIS", "CNC") is True
    rows = [row for row in desk.kite.positions()["net"] if row["tradingsymbol"] == "WIPRO"]
    held = {row["product"]: row["quantity"] for row in rows}
    assert held["CNC"] >= 2 and "MIS" in held


@case
def a_conversion_of_more_than_there_is_is_an_input_exception():
    filled(tradingsymbol="ONGC", quantity=1)
    refused(exceptions.InputException,
            lambda: desk.kite.convert_position("NSE", "ONGC", "BUY", "day", 10_000, "MIS", "CNC"))
    refused(exceptions.InputException,
            lambda: desk.kite.convert_position("NSE", "ONGC", "BUY", "overnight", 1, "MIS", "CNC"))


@case
def a_holding_is_sold_and_its_used_quantity_rises():
    def used():
        return next(row["used_quantity"] for row in desk.kite.holdings() if row["tradingsymbol"] == "ITC")
    before = used()
    filled(tradingsymbol="ITC", transaction_type="SELL", product="CNC", quantity=1)
    assert used() == before + 1


@case
def a_time_to_live_is_shown_and_changed():
    order_id = place_resting(validity="TTL", validity_ttl=5)
    order = settled(order_id, "OPEN")
    assert order["validity"] == "TTL" and order["validity_ttl"] == 5
    desk.kite.modify_order("regular", order_id, validity="DAY")
    assert settled(order_id, "OPEN")["validity"] == "DAY"
    desk.kite.cancel_order("regular", order_id)


@case
def holdings_are_a_list():
    assert isinstance(desk.kite.holdings(), list) and isinstance(desk.kite.get_auction_instruments(), list)


@case
def candles_are_parsed_with_their_zone():
    now = desk.now()
    candles = desk.kite.historical_data(INFY, now - datetime.timedelta(days=5), now, "5minute", oi=True)
    assert candles and candles[0]["date"].utcoffset() == datetime.timedelta(hours=5, minutes=30)
    assert candles[0]["low"] <= candles[0]["open"] <= candles[0]["high"] and "oi" in candles[0]


@case
def too_long_a_span_is_an_input_exception():
    error = refused(exceptions.InputException,
                    lambda: desk.kite.historical_data(INFY, "2026-01-01 09:15:00", "2026-06-01 09:15:00", "minute"))
    assert "60 days" in str(error)


@case
def a_single_trigger_is_made_changed_and_deleted():
    last = last_price()
    far = round(last * 1.05)
    trigger_id = desk.kite.place_gtt(desk.kite.GTT_TYPE_SINGLE, "INFY", "NSE", [far], last, [gtt_order("BUY", far)])["trigger_id"]
    gtt = desk.kite.get_gtt(trigger_id)
    assert gtt["status"] == "active" and gtt["type"] == "single" and gtt["condition"]["instrument_token"] == INFY
    assert gtt["orders"][0]["result"] is None and gtt["meta"] is None
    further = far + 10
    assert desk.kite.modify_gtt(trigger_id, desk.kite.GTT_TYPE_SINGLE, "INFY", "NSE", [further], last,
                           [gtt_order("BUY", further)])["trigger_id"] == trigger_id
    assert desk.kite.get_gtt(trigger_id)["condition"]["trigger_values"] == [further]
    desk.kite.delete_gtt(trigger_id)
    assert next(row for row in desk.kite.get_gtts() if row["id"] == trigger_id)["status"] == "deleted"


@case
def a_two_leg_trigger_needs_the_market_between_its_values():
    last = last_price()
    low, high = round(last * 0.95), round(last * 1.05)
    orders = [gtt_order("SELL", low), gtt_order("SELL", high)]
    trigger_id = desk.kite.place_gtt(desk.kite.GTT_TYPE_OCO, "INFY", "NSE", [low, high], last, orders)["trigger_id"]
    assert desk.kite.get_gtt(trigger_id)["type"] == "two-leg"
    desk.kite.delete_gtt(trigger_id)
    refused(exceptions.InputException,
            lambda: desk.kite.place_gtt(desk.kite.GTT_TYPE_OCO, "INFY", "NSE", [high, high + 10], last, orders))


@case
def a_trigger_fires_and_names_its_order():
    last = last_price()
    trigger = round(last * 1.02)
    trigger_id = desk.kite.place_gtt(desk.kite.GTT_TYPE_SINGLE, "INFY", "NSE", [trigger], last,
                                [gtt_order("BUY", trigger + 10)])["trigger_id"]
    move(trigger + 1)
    gtt = desk.kite.get_gtt(trigger_id)
    assert gtt["status"] == "triggered"
    order_id = gtt["orders"][0]["result"]["order_result"]["order_id"]
    assert settled(order_id, "COMPLETE", "OPEN")["order_id"] == order_id
    move(round(last))


@case
def an_unknown_route_is_a_general_exception():
    error_of(asked_raw("GET", "/no/such/route"), 404, "GeneralException")
    error_of(asked_raw("DELETE", "/trades"), 405, "GeneralException")


@case
def a_logout_ends_the_session():
    desk.kite.invalidate_access_token()
    desk.kite.session_expiry_hook = None
    refused(exceptions.TokenException, desk.kite.profile)


# What follows moves prices, spoils answers and breaks lines, and at last the clock.
import kite_python_ticker  # noqa: E402, F401
import kite_python_faults  # noqa: E402, F401
import kite_python_books  # noqa: E402, F401
import kite_python_venues  # noqa: E402, F401
import kite_python_alerts  # noqa: E402, F401
import kite_python_varieties  # noqa: E402, F401
import kite_python_day  # noqa: E402, F401
import kite_python_open  # noqa: E402, F401
import kite_python_morning  # noqa: E402, F401


def main():
    failed, begun = 0, time.time()
    accounts = desk.accounts()
    for number, function in enumerate(cases):
        desk.user = accounts[number % len(accounts)]
        try:
            desk.kite = desk.sign_in()
            function()
            print(f"ok {function.__name__}", flush=True)
        except Exception:
            failed += 1
            print(f"FAIL {function.__name__}", flush=True)
            traceback.print_exc(file=sys.stdout)
    print(f"{time.time() - begun:.0f} s")
    print(f"{len(cases) - failed} passed, {failed} failed", flush=True)
    # The ticker's reactor thread would keep the process alive.
    os._exit(1 if failed else 0)


main()
