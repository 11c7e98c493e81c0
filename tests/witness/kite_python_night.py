"""Cases about the evening and the night, in their order, after those of the day."""

from kiteconnect import exceptions

import desk
from desk import case, far_below, filled, last_price, place_as, place_resting, refused, set_clock, settled

# What one case leaves to the ones after it: who placed which order in the night and before the open.
morning = {}


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
