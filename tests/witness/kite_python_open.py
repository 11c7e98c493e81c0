"""Cases about the hours before the open, in their order, after those of the day before."""

from kiteconnect import exceptions

import desk
from desk import case, last_price, place, place_as, refused, row_of, set_clock, settled
from kite_python_day import morning


@case
def an_order_before_the_open_is_collected_and_matched_at_one_price():
    set_clock("2026-11-19 09:02:00")
    last = last_price()
    eager = place(order_type="LIMIT", price=round(last * 1.03), market_protection=None, product="CNC")
    patient = place(order_type="LIMIT", price=round(last * 0.93), market_protection=None, product="CNC")
    settled(eager, "OPEN")
    settled(patient, "OPEN")
    morning.update(eager=eager, patient=patient, collector=desk.user)


@case
def no_stop_and_no_ioc_is_taken_before_the_open():
    set_clock("2026-11-19 09:03:00")
    last = last_price()
    limit = dict(order_type="LIMIT", price=round(last * 0.98), market_protection=None, product="CNC")
    refused(exceptions.InputException, lambda: place(**limit, validity="IOC"))
    refused(exceptions.InputException, lambda: place(**{**limit, "order_type": "SL", "price": round(last * 1.02)},
                                                     trigger_price=round(last * 1.01)))
    refused(exceptions.InputException, lambda: place_as("iceberg", **limit, quantity=4, iceberg_legs=2, iceberg_quantity=2))
    assert desk.kite.orders() == []


@case
def the_opening_auction_matches_at_the_opening_price():
    desk.kite = desk.sign_in(morning["collector"])
    set_clock("2026-11-19 09:13:00")
    order = settled(morning["eager"], "COMPLETE")
    set_clock("2026-11-19 09:16:00")
    assert order["average_price"] == desk.kite.ohlc("NSE:INFY")["NSE:INFY"]["ohlc"]["open"]
    assert row_of(morning["patient"])["status"] == "OPEN", "what did not match goes on"
