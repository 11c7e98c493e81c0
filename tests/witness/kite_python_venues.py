"""Cases about what is traded elsewhere than on NSE and NFO, and about the range of cover orders."""

import datetime

from kiteconnect import exceptions

import desk
from desk import INFY, case, filled, last_price, named, place_as, refused, settled
from kite_python_ticker import Line


def first(exchange, wanted=lambda row: True):
    return next(row for row in desk.kite.instruments(exchange) if wanted(row))


def future(exchange, name):
    return first(exchange, lambda row: row["name"] == name and row["instrument_type"] == "FUT")


def tokens_of(exchange, code):
    def run():
        rows = desk.kite.instruments(exchange)
        assert rows and all(row["exchange"] == exchange for row in rows)
        for row in rows:
            segment = 9 if row["segment"] == "INDICES" else code
            assert row["instrument_token"] == int(row["exchange_token"]) * 256 + segment, row
            assert row["tick_size"] > 0 and row["lot_size"] >= 1, row
    named(f"tokens_of_{exchange.lower()}_end_in_its_segment", run)


for exchange, code in {"NSE": 1, "NFO": 2, "CDS": 3, "BSE": 4, "BFO": 5, "BCD": 6, "MCX": 7}.items():
    tokens_of(exchange, code)


@case
def bse_has_its_index_and_shares():
    sensex = first("BSE", lambda row: row["tradingsymbol"] == "SENSEX")
    assert sensex["instrument_token"] == 265 and sensex["segment"] == "INDICES"
    assert first("BSE", lambda row: row["tradingsymbol"] == "INFY")["segment"] == "BSE"


@case
def a_share_trades_on_bse():
    order = filled(exchange="BSE", product="CNC")
    assert order["exchange"] == "BSE" and order["instrument_token"] & 0xff == 4
    assert [row["exchange"] for row in desk.kite.positions()["net"]] == ["BSE"]


@case
def bse_options_are_listed():
    option = first("BFO", lambda row: row["name"] == "SENSEX" and row["instrument_type"] == "CE")
    assert option["segment"] == "BFO-OPT" and option["strike"] > 0 and isinstance(option["expiry"], datetime.date)


@case
def currencies_have_four_decimals():
    row = future("CDS", "USDINR")
    assert row["tick_size"] == 0.0025 and row["segment"] == "CDS-FUT"
    quote = desk.kite.quote("CDS:" + row["tradingsymbol"])["CDS:" + row["tradingsymbol"]]
    ticks = quote["last_price"] / 0.0025
    assert abs(ticks - round(ticks)) < 1e-6 and len(quote["depth"]["buy"]) == 5


@case
def a_currency_ticks_in_its_own_divisor():
    row = future("CDS", "USDINR")
    with Line([row["instrument_token"]], "full") as line:
        tick = line.tick(lambda tick: tick["mode"] == "full")
    assert abs(tick["last_price"] / last_price("CDS:" + row["tradingsymbol"]) - 1) < 0.02
    assert tick["depth"]["buy"][0]["price"] < tick["depth"]["sell"][0]["price"]


@case
def commodities_count_lots():
    rows = desk.kite.instruments("MCX")
    assert rows and {row["lot_size"] for row in rows} == {1} and "MCX-FUT" in {row["segment"] for row in rows}


@case
def a_commodity_position_carries_its_multiplier():
    row = future("MCX", "GOLDM")
    symbol = "MCX:" + row["tradingsymbol"]
    order = filled(exchange="MCX", tradingsymbol=row["tradingsymbol"], product="NRML", order_type="LIMIT",
                   price=round(last_price(symbol) * 1.005), market_protection=None)
    net = desk.kite.positions()["net"][0]
    assert net["multiplier"] > 1 and net["quantity"] == 1 and net["buy_price"] == order["average_price"]
    assert abs(net["buy_value"] - order["average_price"] * net["multiplier"]) < 0.01
    assert abs(net["pnl"] - (net["value"] + net["last_price"] * net["multiplier"])) < 0.01


@case
def a_commodity_is_not_delivered():
    row = future("MCX", "GOLDM")
    refused(exceptions.InputException,
            lambda: place_as("regular", exchange="MCX", tradingsymbol=row["tradingsymbol"], product="CNC"))


@case
def a_currency_position_carries_its_multiplier():
    row = future("CDS", "USDINR")
    filled(exchange="CDS", tradingsymbol=row["tradingsymbol"], product="NRML", order_type="LIMIT",
           price=round(last_price("CDS:" + row["tradingsymbol"]) * 1.002 / 0.0025) * 0.0025, market_protection=None)
    net = desk.kite.positions()["net"][0]
    assert net["multiplier"] == 1_000 and abs(net["buy_value"] - net["buy_price"] * 1_000) < 0.01


@case
def margins_and_charges_know_commodities():
    row = future("MCX", "GOLDM")
    price = last_price("MCX:" + row["tradingsymbol"])
    order = dict(exchange="MCX", tradingsymbol=row["tradingsymbol"], transaction_type="SELL", variety="regular",
                 product="NRML", order_type="LIMIT", quantity=1, price=price, average_price=price, order_id="1")
    assert desk.kite.order_margins([order])[0]["type"] == "commodity"
    charges = desk.kite.get_virtual_contract_note([order])[0]["charges"]
    assert charges["transaction_tax_type"] == "ctt" and charges["transaction_tax"] > 0


@case
def the_range_of_cover_orders_lies_about_the_price():
    for side in ("BUY", "SELL"):
        ranges = desk.kite.trigger_range(side, "NSE:INFY", "NSE:TCS")
        assert set(ranges) == {"NSE:INFY", "NSE:TCS"}
        for row in ranges.values():
            assert 0 < row["lower"] < row["upper"] and isinstance(row["instrument_token"], int)


@case
def continuous_candles_are_of_days_and_of_futures():
    row = future("NFO", "NIFTY")
    now = desk.now()
    month = now - datetime.timedelta(days=120)
    days = desk.kite.historical_data(row["instrument_token"], month, now, "day", continuous=True)
    assert len(days) > 60, "the chain of expired months"
    refused(exceptions.InputException,
            lambda: desk.kite.historical_data(row["instrument_token"], now, now, "minute", continuous=True))
    refused(exceptions.InputException, lambda: desk.kite.historical_data(INFY, month, now, "day", continuous=True))


@case
def minutes_add_up_to_their_day():
    yesterday = desk.now().replace(hour=0, minute=0, second=0, microsecond=0) - datetime.timedelta(days=1)
    end = yesterday + datetime.timedelta(hours=23)
    minutes = desk.kite.historical_data(INFY, yesterday, end, "minute")
    day = desk.kite.historical_data(INFY, yesterday, end, "day")[0]
    assert len(minutes) == 375 and minutes[0]["open"] == day["open"] and minutes[-1]["close"] == day["close"]
    assert max(row["high"] for row in minutes) == day["high"] and min(row["low"] for row in minutes) == day["low"]
    assert sum(row["volume"] for row in minutes) == day["volume"]


@case
def the_shape_of_a_level_shows_an_own_order():
    control_hold(True)
    try:
        quote = desk.kite.quote("NSE:WIPRO")["NSE:WIPRO"]
        price = quote["depth"]["buy"][0]["price"]
        before = quote["depth"]["buy"][0]
        order_id = place_as("regular", tradingsymbol="WIPRO", order_type="LIMIT", price=price, quantity=777,
                            market_protection=None)
        settled(order_id, "OPEN")
        level = next(row for row in desk.kite.quote("NSE:WIPRO")["NSE:WIPRO"]["depth"]["buy"] if row["price"] == price)
        assert level["quantity"] == before["quantity"] + 777 and level["orders"] == before["orders"] + 1
    finally:
        control_hold(False)


def control_hold(held):
    desk.control("/sim/hold", symbol="NSE:WIPRO", price=held, matching=held)
