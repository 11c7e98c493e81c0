"""Cases about orders: what is refused and how, what stands, what is shown."""

import datetime

from kiteconnect import exceptions

import desk
from desk import case, control, filled, last_price, named, place, place_resting, refused, settled


def refused_order(name, words, **changes):
    def run():
        before = len(desk.kite.orders())
        error = refused(exceptions.InputException, lambda: place(**changes))
        assert error.code == 400 and words in str(error), str(error)
        assert len(desk.kite.orders()) == before, "a refusal left a row"
    named(f"an_order_with_{name}_is_an_input_exception", run)


refused_order("no_quantity", "quantity", quantity=0)
refused_order("a_negative_quantity", "quantity", quantity=-5)
refused_order("words_for_a_quantity", "quantity", quantity="ten")
refused_order("an_unknown_exchange", "exchange", exchange="XYZ")
refused_order("an_unknown_side", "transaction_type", transaction_type="HOLD")
refused_order("an_unknown_product", "product", product="ABC")
refused_order("an_unknown_type", "order_type", order_type="MAYBE")
refused_order("an_unknown_validity", "validity", validity="GTC")
refused_order("a_long_tag", "tag", tag="x" * 21)
refused_order("no_price", "price", order_type="LIMIT", market_protection=None)
refused_order("a_price_off_the_tick", "Tick size", order_type="LIMIT", price=1500.03, market_protection=None)
refused_order("a_price_below_the_circuit", "lower circuit limit", order_type="LIMIT", price=1, market_protection=None)
refused_order("a_price_above_the_circuit", "upper circuit limit", order_type="LIMIT", price=90000, market_protection=None)
refused_order("no_trigger", "trigger_price", order_type="SL-M")
refused_order("a_trigger_on_the_wrong_side", "stoploss buy", order_type="SL-M", trigger_price=1300)
refused_order("protection_above_a_hundred", "market_protection", market_protection=101)
refused_order("an_index_to_trade", "Index", tradingsymbol="NIFTY 50")
refused_order("a_ttl_without_minutes", "validity_ttl", validity="TTL")
refused_order("a_ttl_of_more_than_an_hour", "validity_ttl", validity="TTL", validity_ttl=61)
refused_order("too_little_disclosed", "Disclosed", quantity=100, disclosed_quantity=9)
refused_order("a_product_for_derivatives", "product", product="NRML")


def refused_variety(variety, kind=exceptions.InputException):
    def run():
        order = dict(exchange="NSE", tradingsymbol="INFY", transaction_type="BUY", quantity=1, product="MIS",
                     order_type="MARKET", market_protection=-1)
        refused(kind, lambda: desk.kite.place_order(variety, **order))
    named(f"the_variety_{variety}_is_refused", run)


refused_variety("bo")
refused_variety("nonsense")
refused_variety("amo")  # the market is open


def traded(side, product, symbol):
    def run():
        if side == "SELL" and product == "CNC":
            filled(tradingsymbol=symbol, product=product)
        order = filled(tradingsymbol=symbol, transaction_type=side, product=product)
        assert order["average_price"] > 0 and order["pending_quantity"] == 0 and order["tags"][0] == "mktp"
        assert order["market_protection"] == 0 and order["order_type"] == "LIMIT"
        trades = desk.kite.order_trades(order["order_id"])
        assert {trade["transaction_type"] for trade in trades} == {side}
    named(f"a_{product.lower()}_{side.lower()}_of_{symbol.lower()}_trades", run)


for symbol in ("SBIN", "TCS", "M&M", "BAJAJ-AUTO"):
    for side in ("BUY", "SELL"):
        traded(side, "MIS", symbol)
traded("BUY", "CNC", "HCLTECH")
traded("SELL", "CNC", "HINDALCO")


def protected(percent, tag):
    def run():
        order = filled(market_protection=percent)
        assert order["tags"] == ["mktp", tag], order["tags"]
    named(f"a_protection_of_{percent}_is_marked".replace(".", "_").replace("-", "minus_"), run)


protected(2, "mktp:2.00")
protected(0.75, "mktp:0.75")
protected(-1, "mktp:0.50")


def row_field(field, kinds):
    def run():
        order = filled(tag="fields")
        assert field in order and isinstance(order[field], kinds), (field, order.get(field))
    named(f"an_order_row_has_{field}", run)


for field, kinds in {
    "placed_by": str, "account_id": str, "order_id": str, "exchange_order_id": str, "guid": str, "variety": str,
    "instrument_token": int, "validity": str, "validity_ttl": int, "disclosed_quantity": int, "meta": dict,
    "filled_quantity": int, "cancelled_quantity": int, "order_timestamp": datetime.datetime,
    "exchange_update_timestamp": str, "exchange_timestamp": datetime.datetime, "modified": bool,
    "parent_order_id": type(None), "status_message": type(None), "status_message_raw": type(None),
}.items():
    row_field(field, kinds)


@case
def a_stop_waits_fires_and_becomes_a_limit():
    last = last_price()
    trigger = round(last * 1.02)
    order_id = place(order_type="SL-M", trigger_price=trigger)
    assert settled(order_id, "TRIGGER PENDING")["trigger_price"] == trigger
    control("/sim/price", symbol="NSE:INFY", price=trigger + 1)
    order = settled(order_id, "COMPLETE", "OPEN")
    assert order["order_type"] == "LIMIT"
    states = [row["status"] for row in desk.kite.order_history(order_id)]
    assert states[3:6] == ["TRIGGER PENDING", "OPEN PENDING", "OPEN"]
    control("/sim/price", symbol="NSE:INFY", price=round(last))


@case
def a_stop_limit_is_changed_to_a_limit():
    last = last_price()
    trigger = round(last * 1.03)
    order_id = place(order_type="SL", trigger_price=trigger, price=trigger + 5, market_protection=None)
    settled(order_id, "TRIGGER PENDING")
    desk.kite.modify_order("regular", order_id, order_type="LIMIT", price=round(last * 0.95))
    assert settled(order_id, "OPEN")["order_type"] == "LIMIT"
    desk.kite.cancel_order("regular", order_id)


@case
def a_limit_does_not_become_a_stop():
    order_id = place_resting()
    settled(order_id, "OPEN")
    refused(exceptions.InputException,
            lambda: desk.kite.modify_order("regular", order_id, order_type="SL-M", trigger_price=1600))
    desk.kite.cancel_order("regular", order_id)


@case
def an_ioc_order_does_not_stand():
    order_id = place_resting(validity="IOC")
    order = settled(order_id, "CANCELLED")
    assert order["filled_quantity"] == 0 and order["cancelled_quantity"] == 1


@case
def a_future_is_not_delivered_and_trades_in_whole_lots():
    future = next(row for row in desk.kite.instruments("NFO") if row["instrument_type"] == "FUT")
    wish = dict(exchange="NFO", tradingsymbol=future["tradingsymbol"])
    refused(exceptions.InputException, lambda: place(**wish, quantity=future["lot_size"], product="CNC"))
    refused(exceptions.InputException, lambda: place(**wish, quantity=future["lot_size"] + 1, product="NRML"))


@case
def an_unknown_order_is_a_general_exception():
    refused(exceptions.GeneralException, lambda: desk.kite.order_history("1"))


@case
def more_than_the_funds_is_a_rejected_row_with_two_messages():
    order_id = place(product="CNC", quantity=90_000)
    order = settled(order_id, "REJECTED")
    assert order["status_message"].startswith("Insufficient funds. Required margin is ")
    assert order["status_message_raw"].startswith("RMS:Margin Exceeds,Required:")
    assert order["exchange_order_id"] is None and order["pending_quantity"] == 0


@case
def shares_that_are_not_there_are_not_delivered():
    order_id = place(tradingsymbol="NESTLEIND", transaction_type="SELL", product="CNC")
    assert settled(order_id, "REJECTED")["status_message"].startswith("Insufficient stock holding")


@case
def an_iceberg_goes_out_leg_by_leg():
    before = len(desk.kite.orders())
    desk.kite.place_order("iceberg", exchange="NSE", tradingsymbol="INFY", transaction_type="BUY", quantity=6,
                          product="MIS", order_type="MARKET", market_protection=-1, iceberg_legs=3, iceberg_quantity=2)
    legs = desk.kite.orders()[before:]
    assert [row["meta"]["iceberg"]["leg"] for row in legs] == [1, 2, 3][:len(legs)] and legs
    assert legs[0]["meta"]["iceberg"]["remaining_quantity"] == 4 and legs[0]["quantity"] == 2
