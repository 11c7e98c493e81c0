"""Cases about the morning after: the last of the course of a day."""

import datetime

import desk
from desk import INFY, case, set_clock, settled
from kite_python_day import morning


@case
def an_after_market_order_is_released_in_the_morning():
    if desk.now() < datetime.datetime(2026, 11, 19, 9, 16):
        set_clock("2026-11-19 09:16:00")
    desk.kite = desk.sign_in(morning["user"])
    order = settled(morning["amo"], "COMPLETE")
    assert order["variety"] == "amo" and order["average_price"] <= morning["price"]
    assert "AMO REQ RECEIVED" in [row["status"] for row in desk.kite.order_history(morning["amo"])]


@case
def a_day_of_candles_is_there_afterwards():
    days = desk.kite.historical_data(INFY, "2026-11-17", "2026-11-18", "day")
    assert [row["date"].date() for row in days] == [datetime.date(2026, 11, day) for day in (17, 18)]
