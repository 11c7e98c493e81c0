"""Cases about market data, portfolio and funds."""

import datetime

from kiteconnect import exceptions

import desk
from desk import INFY, NIFTY, case, filled, named, refused


def candles(interval, days, seconds):
    def run():
        now = desk.now()
        rows = desk.kite.historical_data(INFY, now - datetime.timedelta(days=days), now, interval)
        assert rows, "no candle"
        for row in rows:
            assert row["low"] <= min(row["open"], row["close"]) and row["high"] >= max(row["open"], row["close"])
            assert row["volume"] > 0 and row["date"].replace(tzinfo=None) <= now
        gaps = {(later["date"] - earlier["date"]).total_seconds() for earlier, later in zip(rows, rows[1:])}
        assert min(gaps) == seconds, gaps
    named(f"{interval}_candles_are_whole", run)


candles("minute", 1, 60)
candles("3minute", 2, 180)
candles("5minute", 3, 300)
candles("10minute", 5, 600)
candles("15minute", 5, 900)
candles("30minute", 10, 1_800)
candles("60minute", 100, 3_600)
candles("day", 300, 86_400)


def too_long(interval, days):
    def run():
        now = desk.now()
        call = lambda: desk.kite.historical_data(INFY, now - datetime.timedelta(days=days + 2), now, interval)
        assert f"{days} days" in str(refused(exceptions.InputException, call))
    named(f"more_than_{days}_days_of_{interval}_is_an_input_exception", run)


too_long("3minute", 100)
too_long("15minute", 200)
too_long("60minute", 400)
too_long("day", 2_000)


def margin_field(part, field):
    def run():
        assert isinstance(desk.kite.margins("equity")[part][field], (int, float))
    named(f"margins_have_{part}_{field}", run)


for field in ("cash", "opening_balance", "live_balance", "collateral", "intraday_payin", "adhoc_margin"):
    margin_field("available", field)
for field in ("debits", "span", "exposure", "option_premium", "m2m_realised", "delivery", "payout", "turnover"):
    margin_field("utilised", field)


@case
def candles_from_the_future_do_not_come():
    now = desk.now()
    later = now + datetime.timedelta(days=2)
    assert desk.kite.historical_data(INFY, later, later + datetime.timedelta(hours=1), "minute") == []


@case
def an_unknown_interval_is_an_input_exception():
    now = desk.now()
    refused(exceptions.InputException, lambda: desk.kite.historical_data(INFY, now, now, "2minute"))


@case
def an_unknown_token_is_an_input_exception():
    now = desk.now()
    refused(exceptions.InputException, lambda: desk.kite.historical_data(1, now, now, "minute"))


@case
def an_index_quote_has_no_depth():
    quote = desk.kite.quote("NSE:NIFTY 50")["NSE:NIFTY 50"]
    assert "depth" not in quote and quote["instrument_token"] == NIFTY


@case
def a_quote_by_token_is_keyed_by_it():
    assert list(desk.kite.ltp(str(INFY))) == [str(INFY)]


@case
def depth_is_sorted_and_does_not_cross():
    depth = desk.kite.quote("NSE:TCS")["NSE:TCS"]["depth"]
    bids = [level["price"] for level in depth["buy"] if level["price"]]
    asks = [level["price"] for level in depth["sell"] if level["price"]]
    assert bids == sorted(bids, reverse=True) and asks == sorted(asks) and bids[0] < asks[0]


@case
def the_profile_names_exchanges_and_products():
    profile = desk.kite.profile()
    assert profile["broker"] == "ZERODHA" and "NSE" in profile["exchanges"] and "CNC" in profile["products"]


@case
def holdings_add_up():
    for row in desk.kite.holdings():
        units = row["quantity"] + row["t1_quantity"]
        assert abs(row["pnl"] - (row["last_price"] - row["average_price"]) * units) < 0.05, row
        assert row["product"] == "CNC" and len(row["isin"]) == 12 and row["collateral_type"] == ""


@case
def positions_add_up():
    filled(tradingsymbol="LT", quantity=2)
    for row in desk.kite.positions()["net"]:
        assert abs(row["value"] - (row["sell_value"] - row["buy_value"])) < 0.01
        assert abs(row["pnl"] - (row["value"] + row["quantity"] * row["last_price"])) < 0.01
        assert row["unrealised"] == row["pnl"] and row["quantity"] == row["buy_quantity"] - row["sell_quantity"]


@case
def commodity_funds_are_empty_and_enabled():
    commodity = desk.kite.margins("commodity")
    assert commodity["net"] == 0 and commodity["utilised"]["debits"] == 0


def asked(symbol="INFY", product="CNC", side="BUY", quantity=10, price=1500.0):
    return dict(exchange="NSE", tradingsymbol=symbol, transaction_type=side, variety="regular", product=product,
                order_type="LIMIT", quantity=quantity, price=price, average_price=price, order_id="1")


@case
def margins_of_orders_are_what_they_bind():
    delivery, intraday = desk.kite.order_margins([asked(), asked(product="MIS")])
    assert delivery["total"] == 15_000 and intraday["total"] == 3_000 and intraday["leverage"] == 5


@case
def a_basket_of_opposites_binds_less_than_its_parts():
    orders = [asked(product="MIS", symbol="SBIN", price=900.0), asked(product="MIS", symbol="SBIN", price=900.0, side="SELL")]
    basket = desk.kite.basket_order_margins(orders, consider_positions=False)
    assert basket["final"]["total"] < basket["initial"]["total"] and len(basket["orders"]) == 2


@case
def a_contract_note_adds_up():
    charges = desk.kite.get_virtual_contract_note([asked()])[0]["charges"]
    parts = ["transaction_tax", "exchange_turnover_charge", "sebi_turnover_charge", "brokerage", "stamp_duty"]
    assert abs(charges["total"] - charges["gst"]["total"] - sum(charges[part] for part in parts)) < 0.001


@case
def options_come_in_pairs_around_the_money():
    rows = [row for row in desk.kite.instruments("NFO") if row["name"] == "NIFTY" and row["segment"] == "NFO-OPT"]
    calls = {row["strike"] for row in rows if row["instrument_type"] == "CE"}
    assert calls == {row["strike"] for row in rows if row["instrument_type"] == "PE"} and len(calls) >= 11
    assert {row["lot_size"] for row in rows} == {65}


@case
def every_token_is_its_exchanges_number_and_segment():
    codes = {"NSE": 1, "NFO": 2, "CDS": 3, "BSE": 4, "BFO": 5, "BCD": 6, "MCX": 7, "INDICES": 9, "NCO": 12}
    for row in desk.kite.instruments():
        code = codes[row["segment"].split("-")[0]]
        assert row["instrument_token"] == int(row["exchange_token"]) * 256 + code, row
