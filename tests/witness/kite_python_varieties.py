"""Cases about varieties and products: cover orders, auctions, slices, icebergs, authorised holdings, margin trading."""

import time

import requests
from kiteconnect import exceptions

import desk
from desk import (BASE, asked_raw, case, data_of, error_of, far_below, filled, last_price, place, place_as, place_resting,
                  refused, row_of, settled)


def below(part=0.985):
    return round(last_price() * part)


def covered(**changes):
    """A cover order that has filled: its id, and its stop as it stands."""
    first = place_as("co", trigger_price=below(), **changes)
    settled(first, "COMPLETE")
    deadline = time.time() + desk.PATIENCE_S
    while True:
        stop = next((row for row in desk.kite.orders() if row["parent_order_id"] == first), None)
        if stop and stop["status"] == "TRIGGER PENDING":
            return first, stop
        assert time.time() < deadline, "no second leg came"
        time.sleep(0.15)


@case
def a_cover_order_brings_its_stop():
    first, stop = covered(quantity=3)
    assert stop["variety"] == "co" and stop["order_id"] != first and stop["trigger_price"] > 0
    assert (stop["transaction_type"], stop["quantity"], stop["filled_quantity"]) == ("SELL", 3, 0)
    parent = row_of(first)
    assert parent["parent_order_id"] is None and parent["variety"] == "co"


@case
def a_cover_orders_stop_fires():
    _, stop = covered()
    last = last_price()
    desk.move(stop["trigger_price"] - 2)
    try:
        settled(stop["order_id"], "COMPLETE")
    finally:
        desk.move(last)
    assert all(row["quantity"] == 0 for row in desk.kite.positions()["net"])


@case
def a_cover_order_is_exited_by_its_second_leg():
    first, stop = covered()
    assert desk.kite.exit_order("co", stop["order_id"], parent_order_id=first) == stop["order_id"]
    settled(stop["order_id"], "COMPLETE")
    assert all(row["quantity"] == 0 for row in desk.kite.positions()["net"])


@case
def a_cover_order_that_stands_has_no_stop_yet_and_is_withdrawn():
    price = far_below(0.98)
    first = place_as("co", order_type="LIMIT", price=price, market_protection=None, trigger_price=round(price * 0.985))
    settled(first, "OPEN")
    assert len(desk.kite.orders()) == 1
    desk.kite.cancel_order("co", first)
    settled(first, "CANCELLED")
    assert len(desk.kite.orders()) == 1


@case
def a_cover_orders_trigger_is_moved():
    first, stop = covered()
    desk.kite.modify_order("co", stop["order_id"], parent_order_id=first, trigger_price=stop["trigger_price"] - 2)
    moved = settled(stop["order_id"], "TRIGGER PENDING")
    assert moved["trigger_price"] == stop["trigger_price"] - 2 and moved["parent_order_id"] == first


@case
def a_cover_order_needs_a_trigger_on_its_side():
    refused(exceptions.InputException, lambda: place_as("co"))
    refused(exceptions.InputException, lambda: place_as("co", trigger_price=round(last_price() * 1.01)))
    assert desk.kite.orders() == []


@case
def a_cover_orders_trigger_is_not_too_far_away():
    refused(exceptions.InputException, lambda: place_as("co", trigger_price=round(last_price() * 0.5)))


@case
def a_cover_order_is_intraday():
    refused(exceptions.InputException, lambda: place_as("co", product="CNC", trigger_price=below()))


@case
def a_cover_position_is_shown_as_co():
    covered(quantity=2)
    rows = desk.kite.positions()["net"]
    assert [(row["product"], row["quantity"]) for row in rows] == [("CO", 2)]
    assert len(rows[0]) == 29 and rows[0]["unrealised"] == rows[0]["pnl"]


@case
def a_cover_order_has_trades_under_both_its_legs():
    first, stop = covered()
    desk.kite.exit_order("co", stop["order_id"], parent_order_id=first)
    settled(stop["order_id"], "COMPLETE")
    assert {row["order_id"] for row in desk.kite.trades()} == {first, stop["order_id"]}


def sale(**changes):
    return place_as("auction", tradingsymbol="ITC", transaction_type="SELL", product="CNC", order_type="LIMIT",
                    price=round(last_price("NSE:ITC")), market_protection=None, **changes)


@case
def an_auction_order_needs_its_number():
    refused(exceptions.InputException, sale)
    refused(exceptions.InputException, lambda: sale(auction_number="987654"))
    assert desk.kite.orders() == []


def auction(wanted, seconds=2):
    """An auction of ITC that begins at once; its number and price."""
    price = round(last_price("NSE:ITC"))
    desk.control("/sim/auction", symbol="NSE:ITC", wanted=wanted, price=price, seconds=seconds)
    row = [row for row in desk.kite.get_auction_instruments() if row["tradingsymbol"] == "ITC"][-1]
    assert len(row) == 22 and row["quantity"] == 200 and isinstance(row["auction_number"], str), row
    return row["auction_number"], price


@case
def a_holding_is_sold_in_an_auction_at_its_end():
    number, price = auction(wanted=500)
    order = settled(sale(auction_number=number, quantity=20), "OPEN")
    assert order["variety"] == "auction" and order["auction_number"] == number and order["filled_quantity"] == 0
    order = settled(order["order_id"], "COMPLETE")
    assert order["average_price"] >= price * 0.99
    assert next(row for row in desk.kite.holdings() if row["tradingsymbol"] == "ITC")["used_quantity"] == 20


@case
def what_an_auction_does_not_want_is_cancelled():
    number, _ = auction(wanted=15)
    order = settled(sale(auction_number=number, quantity=40), "OPEN", "CANCELLED")
    order = settled(order["order_id"], "CANCELLED")
    assert (order["filled_quantity"], order["cancelled_quantity"]) == (15, 25)


@case
def an_auction_takes_sales_out_of_holdings_alone():
    number, price = auction(wanted=500)
    wish = dict(tradingsymbol="ITC", order_type="LIMIT", price=price, market_protection=None, auction_number=number)
    refused(exceptions.InputException, lambda: place_as("auction", **wish, product="CNC", transaction_type="BUY"))
    refused(exceptions.InputException, lambda: place_as("auction", **wish, product="MIS", transaction_type="SELL"))
    assert desk.kite.orders() == []


@case
def an_authorisation_has_a_request():
    isin = desk.kite.holdings()[0]["isin"]
    answer = data_of(asked_raw("POST", "/portfolio/holdings/authorise", isin=isin, quantity=1))
    assert isinstance(answer["request_id"], str) and answer["request_id"]


def careful():
    desk.kite = desk.sign_in("WPHYS1")


@case
def a_sale_without_authorisation_is_a_428_and_leaves_no_row():
    careful()
    error = refused(exceptions.KiteException, lambda: place(tradingsymbol="TATASTEEL", transaction_type="SELL", product="CNC"))
    assert error.code == 428 and desk.kite.orders() == []


@case
def an_authorised_holding_is_sold():
    careful()
    holding = next(row for row in desk.kite.holdings() if row["tradingsymbol"] == "RELIANCE")
    assert holding["authorised_quantity"] == 0
    request_id = data_of(asked_raw("POST", "/portfolio/holdings/authorise", isin=holding["isin"], quantity=5))["request_id"]
    page = f"{BASE}/connect/portfolio/authorise/holdings/{desk.kite.api_key}/{request_id}"
    assert requests.get(page, timeout=5).ok
    requests.post(page, timeout=5)
    holding = next(row for row in desk.kite.holdings() if row["tradingsymbol"] == "RELIANCE")
    assert holding["authorised_quantity"] == 5 and holding["authorised_date"][:10] == str(desk.now().date())
    filled(tradingsymbol="RELIANCE", transaction_type="SELL", product="CNC", quantity=5)


@case
def a_buy_needs_no_authorisation():
    careful()
    filled(tradingsymbol="SBIN", product="CNC")


def dearest_call():
    rows = [row for row in desk.kite.instruments("NFO") if row["name"] == "NIFTY" and row["instrument_type"] == "CE"]
    nearest = min(row["expiry"] for row in rows)
    return max((row for row in rows if row["expiry"] == nearest), key=lambda row: row["strike"])


@case
def more_than_the_freeze_quantity_is_refused_whole_and_sliced_on_request():
    option = dearest_call()
    wish = dict(exchange="NFO", tradingsymbol=option["tradingsymbol"], transaction_type="BUY", product="NRML",
                quantity=65 * 60, order_type="LIMIT", price=last_price("NFO:" + option["tradingsymbol"]))
    before = len(desk.kite.orders())
    try:
        whole = desk.kite.place_order("regular", **wish)
        assert settled(whole, "REJECTED")["status_message"]
        before += 1
    except exceptions.InputException as error:
        assert error.code == 400
    answer = desk.kite.place_autoslice_order("regular", **wish)
    children = answer["children"]
    assert len(children) == 3 and isinstance(answer["order_id"], str), answer
    rows = desk.kite.orders()[before:]
    placed = {child["order_id"] for child in children if "order_id" in child}
    assert {row["order_id"] for row in rows} == placed and answer["order_id"] not in placed
    for row in rows:
        assert row["tags"] == ["autoslice", f"autoslice:{answer['order_id']}"] and row["quantity"] <= 1_755


@case
def a_small_order_is_not_sliced():
    answer = desk.kite.place_autoslice_order("regular", exchange="NSE", tradingsymbol="INFY", transaction_type="BUY",
                                             quantity=1, product="MIS", order_type="LIMIT", price=far_below())
    assert list(answer) == ["order_id"] and row_of(answer["order_id"])["quantity"] == 1


@case
def an_iceberg_of_one_leg_is_no_iceberg():
    refused(exceptions.InputException, lambda: place_as("iceberg", quantity=4, iceberg_legs=1, iceberg_quantity=4))
    refused(exceptions.InputException, lambda: place_as("iceberg", quantity=200, iceberg_legs=51, iceberg_quantity=4))


@case
def an_iceberg_is_withdrawn_leg_by_leg():
    order_id = place_as("iceberg", quantity=10, iceberg_legs=5, iceberg_quantity=2, order_type="LIMIT", price=far_below(),
                        market_protection=None)
    leg = settled(order_id, "OPEN")
    assert leg["meta"]["iceberg"] == dict(leg=1, legs=5, leg_quantity=2, total_quantity=10, remaining_quantity=8)
    desk.kite.cancel_order("iceberg", order_id)
    settled(order_id, "CANCELLED")
    assert len(desk.kite.orders()) == 1, "the next leg waits for the fill of this one"


@case
def a_variety_must_match_its_order():
    order_id = place_resting()
    settled(order_id, "OPEN")
    refused(exceptions.KiteException, lambda: desk.kite.cancel_order("iceberg", order_id))
    assert row_of(order_id)["status"] == "OPEN"


@case
def a_funded_delivery_is_a_product_of_its_own():
    order = filled(product="MTF")
    assert order["product"] == "MTF"
    assert [row["product"] for row in desk.kite.positions()["net"]] == ["MTF"]


@case
def unknown_parameters_are_passed_over():
    answer = asked_raw("POST", "/orders/regular", exchange="NSE", tradingsymbol="INFY", transaction_type="BUY", quantity=1,
                       product="MIS", order_type="LIMIT", price=far_below(), colour="blue", algo_id="7", autoslice="True")
    assert settled(data_of(answer)["order_id"], "OPEN")


@case
def a_refresh_token_is_for_approved_platforms():
    error = refused(exceptions.KiteException, lambda: desk.kite.renew_access_token("none", desk.secret_of(desk.user)))
    assert error.code in (400, 403)
    desk.kite.profile()


@case
def a_session_without_its_fields_is_an_input_exception():
    error_of(asked_raw("POST", "/session/token", api_key=desk.kite.api_key), 400, "InputException")
