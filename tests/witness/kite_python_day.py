"""Cases about the course of a day: the clock moves forward from case to case, so these run last and in this order."""

from kiteconnect import exceptions

import desk
from desk import INFY, case, far_below, filled, gtt_order, last_price, place_as, place_resting, refused, set_clock, settled
from kite_python_ticker import Line

# What one case leaves to the ones after it: who placed which order in the night and before the open.
morning = {}


@case
def a_time_to_live_ends():
    order_id = place_resting(validity="TTL", validity_ttl=2)
    settled(order_id, "OPEN")
    set_clock("2026-11-18 13:58:00")
    assert settled(order_id, "CANCELLED")["filled_quantity"] == 0


@case
def intraday_positions_in_shares_are_squared_off_at_1520():
    filled(quantity=2)
    filled(tradingsymbol="SBIN", transaction_type="SELL", quantity=3)
    filled(tradingsymbol="TCS", product="CNC")
    by_day, desk.kite = desk.kite, desk.sign_in("WNIGHT")
    filled(product="CNC", quantity=4)
    desk.kite = by_day
    set_clock("2026-11-18 15:19:50")
    assert sorted(row["quantity"] for row in desk.kite.positions()["net"]) == [-3, 1, 2]
    set_clock("2026-11-18 15:20:30")
    held = {row["tradingsymbol"]: row["quantity"] for row in desk.kite.positions()["net"]}
    assert held == {"INFY": 0, "SBIN": 0, "TCS": 1}, held


@case
def an_order_of_the_day_and_a_gtt_see_its_end():
    order_id = place_resting(product="CNC")
    settled(order_id, "OPEN")
    far = round(last_price() * 1.05)
    trigger_id = desk.kite.place_gtt("single", "INFY", "NSE", [far], last_price(), [gtt_order("BUY", far)])["trigger_id"]
    set_clock("2026-11-18 15:35:00")
    order = settled(order_id, "CANCELLED")
    assert order["filled_quantity"] == 0 and order["cancelled_quantity"] == 1
    assert desk.kite.get_gtt(trigger_id)["status"] == "active"


@case
def a_regular_order_after_hours_is_an_input_exception():
    before = desk.kite.orders()
    error = refused(exceptions.InputException, lambda: place_resting(product="CNC"))
    assert "Markets are closed right now." in str(error) and desk.kite.orders() == before


@case
def a_closed_market_has_a_snapshot_and_then_nothing_but_heartbeats():
    with Line([INFY], "full") as line:
        line.tick(lambda row: row["mode"] == "full")
        while not line.binary.empty():
            line.binary.get()
        assert all(len(line.binary.get(timeout=5)) == 1 for _ in range(2))


@case
def a_closed_market_still_answers_quotes_and_candles():
    quote = desk.kite.quote("NSE:INFY")["NSE:INFY"]
    assert quote["last_price"] > 0 and quote["ohlc"]["low"] <= quote["ohlc"]["high"]
    day = desk.kite.historical_data(INFY, "2026-11-18 00:00:00", "2026-11-18 23:59:59", "minute")
    assert len(day) == 375 and day[-1]["date"].strftime("%H:%M") == "15:29"


@case
def an_after_market_order_waits_is_changed_and_withdrawn():
    set_clock("2026-11-18 16:10:00")
    price = far_below()
    order_id = place_as("amo", order_type="LIMIT", price=price, market_protection=None, product="CNC")
    order = settled(order_id, "AMO REQ RECEIVED")
    assert order["variety"] == "amo" and order["exchange_order_id"] is None
    desk.kite.modify_order("amo", order_id, price=price - 2)
    assert settled(order_id, "AMO REQ RECEIVED")["price"] == price - 2
    desk.kite.cancel_order("amo", order_id)
    settled(order_id, "CANCELLED", "CANCELLED AMO")


@case
def an_after_market_order_that_is_wrong_is_refused():
    refused(exceptions.InputException, lambda: place_as("amo", quantity=0, order_type="LIMIT", price=far_below(),
                                                        market_protection=None, product="CNC"))
    refused(exceptions.InputException, lambda: place_as("amo", product="CNC", market_protection=None))


@case
def a_commodity_trades_in_the_evening():
    set_clock("2026-11-18 20:00:00")
    row = next(row for row in desk.kite.instruments("MCX") if row["name"] == "GOLDM" and row["instrument_type"] == "FUT")
    filled(exchange="MCX", tradingsymbol=row["tradingsymbol"], product="NRML", order_type="LIMIT",
           price=round(last_price("MCX:" + row["tradingsymbol"]) * 1.005), market_protection=None)
    refused(exceptions.InputException, lambda: place_resting(product="CNC"))


@case
def a_night_kills_tokens_and_keeps_after_market_orders():
    price = round(last_price() * 1.03)
    order_id = place_as("amo", order_type="LIMIT", price=price, market_protection=None, product="CNC")
    set_clock("2026-11-19 05:59:55")
    desk.kite.profile()
    set_clock("2026-11-19 06:00:00")
    called = []
    desk.kite.set_session_expiry_hook(lambda: called.append(True))
    refused(exceptions.TokenException, desk.kite.profile)
    assert called
    desk.kite = desk.sign_in()
    settled(order_id, "AMO REQ RECEIVED")
    morning.update(amo=order_id, price=price, user=desk.user)


@case
def shares_of_yesterday_are_holdings_of_today():
    desk.kite = desk.sign_in("WNIGHT")
    assert desk.kite.orders() == [] and desk.kite.trades() == [], "books are of today"
    infy = next(row for row in desk.kite.holdings() if row["tradingsymbol"] == "INFY")
    assert (infy["quantity"], infy["t1_quantity"]) == (0, 4) and infy["average_price"] > 0
