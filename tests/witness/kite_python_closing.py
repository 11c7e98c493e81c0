"""Cases about the closing session, in their order, after those of the day."""

from kiteconnect import exceptions

import desk
from desk import case, filled, last_price, place, refused, set_clock, settled


@case
def the_closing_session_trades_at_the_closing_price():
    set_clock("2026-11-18 15:45:00")
    close = last_price()
    order = filled(order_type="LIMIT", price=round(close * 1.01), market_protection=None, product="CNC")
    assert order["average_price"] == close
    assert filled(product="CNC")["average_price"] == close


@case
def the_closing_session_takes_no_intraday_order_and_no_stop():
    refused(exceptions.InputException, lambda: place(product="MIS"))
    refused(exceptions.InputException, lambda: place(product="CNC", order_type="SL-M", trigger_price=round(last_price() * 1.02)))
    assert desk.kite.orders() == []


@case
def a_limit_that_the_closing_price_does_not_meet_waits_and_ends():
    order_id = place(order_type="LIMIT", price=round(last_price() * 0.98), market_protection=None, product="CNC")
    settled(order_id, "OPEN")
    set_clock("2026-11-18 16:00:30")
    assert settled(order_id, "CANCELLED")["filled_quantity"] == 0
