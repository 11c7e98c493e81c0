"""Cases about the order book: what of an own order others see, and who fills first. The market stands still in them."""

import desk
from desk import case, place, row_of, set_speed, settled
from kite_python_ticker import Line

WIPRO = 969473
SYMBOLS = ["NSE:WIPRO", "NSE:INFY", "NSE:TCS", "NSE:SBIN", "NSE:ITC", "NSE:HDFCBANK", "NSE:RELIANCE", "NSE:LT"]


def standing(name, run):
    """A case for which the clock stands still: nothing moves but what it does itself."""
    def with_a_still_clock():
        set_speed(0)
        try:
            run()
        finally:
            set_speed(1)
    desk.named(name, with_a_still_clock)


def depth(symbol="NSE:WIPRO"):
    return desk.kite.quote(symbol)[symbol]["depth"]


def bid(price, quantity, **changes):
    return place(tradingsymbol="WIPRO", order_type="LIMIT", price=price, quantity=quantity, market_protection=None, **changes)


def own_order():
    best = depth()["buy"][0]
    order_id = bid(best["price"], 777)
    settled(order_id, "OPEN")
    assert depth()["buy"][0] == dict(price=best["price"], quantity=best["quantity"] + 777, orders=best["orders"] + 1)
    desk.kite.cancel_order("regular", order_id)
    settled(order_id, "CANCELLED")
    assert depth()["buy"][0] == best


def disclosed_part():
    second = depth()["buy"][1]
    settled(bid(second["price"], 1_000, disclosed_quantity=100), "OPEN")
    assert depth()["buy"][1] == dict(price=second["price"], quantity=second["quantity"] + 100, orders=second["orders"] + 1)


def ticked_order():
    with Line([WIPRO], "full") as line:
        best = line.tick(lambda row: row["mode"] == "full")["depth"]["buy"][0]
        bid(best["price"], 555)
        line.tick(lambda row: row["depth"]["buy"][0]["quantity"] == best["quantity"] + 555)


def level_by_level():
    first, second = depth()["sell"][:2]
    order = row_of(bid(second["price"], first["quantity"] + 10))
    assert order["status"] == "COMPLETE" and first["price"] <= order["average_price"] < second["price"]
    trades = desk.kite.order_trades(order["order_id"])
    sold = {price: sum(row["quantity"] for row in trades if row["average_price"] == price)
            for price in (first["price"], second["price"])}
    assert sold == {first["price"]: first["quantity"], second["price"]: 10}, trades


def ioc_rest():
    first = depth()["sell"][0]
    order = row_of(bid(first["price"], first["quantity"] + 10, validity="IOC"))
    assert (order["status"], order["filled_quantity"], order["cancelled_quantity"]) == ("CANCELLED", first["quantity"], 10)
    assert order["average_price"] == first["price"]


def first_come():
    """Two accounts alone at the best price: who came first fills first, and the rest waits its turn."""
    quotes = desk.kite.quote(SYMBOLS)
    for symbol, quote in quotes.items():
        below, above = quote["depth"]["buy"][0]["price"], quote["depth"]["sell"][0]["price"]
        tick = next(row["tick_size"] for row in desk.kite.instruments("NSE") if "NSE:" + row["tradingsymbol"] == symbol)
        price = round(above - tick, 2)
        if price > below:
            break
    else:
        raise AssertionError("every book is closed up")
    wish = dict(tradingsymbol=symbol[4:], order_type="LIMIT", price=price, market_protection=None)
    early = place(**wish, quantity=5)
    one, two, seller = desk.kite, desk.sign_in("WTOLD1"), desk.sign_in("WNIGHT")
    desk.kite = two
    late = place(**wish, quantity=5)
    desk.kite = seller
    settled(place(**wish, quantity=7, transaction_type="SELL"), "COMPLETE")
    desk.kite = two
    assert row_of(late)["filled_quantity"] == 2 and row_of(late)["status"] == "OPEN"
    desk.kite.cancel_order("regular", late)
    desk.kite = one
    assert row_of(early)["status"] == "COMPLETE" and row_of(early)["average_price"] == price


standing("a_level_shows_an_own_order_and_forgets_it", own_order)
standing("a_level_shows_the_disclosed_part_alone", disclosed_part)
standing("an_own_order_is_ticked_in_the_depth", ticked_order)
standing("a_large_order_takes_level_by_level", level_by_level)
standing("the_rest_of_an_ioc_order_is_cancelled", ioc_rest)
standing("who_comes_first_at_a_price_fills_first", first_come)


@case
def a_clock_that_stood_still_goes_on():
    before = desk.now()
    deadline = 50
    while desk.now() == before:
        deadline -= 1
        assert deadline, "the clock still stands"
