"""Cases about what goes wrong: limits, addresses, spoilt answers, lost updates, postbacks."""

import hashlib
import http.server
import json
import queue
import threading
import time

import requests
from kiteconnect import KiteConnect, exceptions

import desk
from desk import BASE, case, control, place, place_resting, refused, row_of, settled
from kite_python_ticker import Line


def spoil(kind, **more):
    control("/sim/faults", kind=kind, apiKey=desk.kite.api_key, **more)


def hasty():
    """The client without its patience: it runs into the limits."""
    fresh = KiteConnect(desk.kite.api_key, root=BASE)
    fresh.set_access_token(desk.kite.access_token)
    return fresh


def outcomes(call, times):
    """What many calls at once came to: the status of each, 200 where it was served."""
    found = queue.Queue()

    def run():
        try:
            call()
            found.put(200)
        except exceptions.KiteException as error:
            found.put((error.code, type(error).__name__))
    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return list(found.queue)


TOO_MANY = (429, "NetworkException")


@case
def more_than_ten_orders_a_second_are_a_429():
    kite = hasty()
    statuses = outcomes(lambda: kite.cancel_order("regular", "1"), 30)
    assert 1 <= statuses.count(TOO_MANY) <= 20, statuses


@case
def more_than_ten_reads_a_second_are_a_429():
    kite = hasty()
    statuses = outcomes(kite.orders, 30)
    assert 1 <= statuses.count(TOO_MANY) <= 20, statuses


@case
def more_than_one_quote_a_second_is_a_429_of_whatever_kind():
    kite = hasty()
    calls = iter([kite.ltp, kite.ohlc, kite.quote, kite.ltp])
    statuses = outcomes(lambda: next(calls)("NSE:INFY"), 4)
    assert 1 <= statuses.count(TOO_MANY) <= 3, statuses


@case
def more_than_three_histories_a_second_are_a_429():
    kite, now = hasty(), desk.now()
    statuses = outcomes(lambda: kite.historical_data(desk.INFY, now, now, "day"), 8)
    assert 1 <= statuses.count(TOO_MANY) <= 5, statuses


@case
def an_order_is_changed_twenty_five_times_at_most():
    order_id = place_resting()
    price = settled(order_id, "OPEN")["price"]
    for change in range(25):
        desk.kite.modify_order("regular", order_id, price=price - 1 - change)
    error = refused(exceptions.KiteException, lambda: desk.kite.modify_order("regular", order_id, price=price))
    assert "Maximum allowed order modifications exceeded." in str(error) and 400 <= error.code < 430
    assert row_of(order_id)["price"] == price - 25


@case
def an_order_from_an_unregistered_address_is_a_permission_exception():
    called = []
    desk.kite = desk.sign_in("WFAR01")
    desk.kite.set_session_expiry_hook(lambda: called.append(True))
    error = refused(exceptions.PermissionException, place)
    assert error.code == 403 and "is not allowed to place orders" in str(error) and not called
    assert desk.kite.orders() == [], "reading is not affected"


@case
def a_429_does_not_lose_the_session():
    called = []
    desk.kite.set_session_expiry_hook(lambda: called.append(True))
    spoil("tooManyRequests", path="/user/profile")
    assert refused(exceptions.NetworkException, desk.kite.profile).code == 429
    assert desk.kite.profile()["user_id"] == desk.user and not called


@case
def an_answer_that_is_dropped_has_taken_effect():
    spoil("dropAnswer", method="POST", path="/orders")
    refused(requests.exceptions.ConnectionError, lambda: place(tag="lost"))
    assert [row["tag"] for row in desk.kite.orders()] == ["lost"]


@case
def a_request_that_is_dropped_has_none():
    spoil("dropRequest", method="POST", path="/orders")
    refused(requests.exceptions.ConnectionError, place)
    assert desk.kite.orders() == []


@case
def an_error_may_come_after_the_effect():
    spoil("errorAfter", method="POST", path="/orders", status=503)
    assert refused(exceptions.KiteException, lambda: place(tag="taken")).code == 503
    assert [row["tag"] for row in desk.kite.orders()] == ["taken"]


@case
def an_error_may_come_before_the_effect():
    spoil("errorBefore", method="POST", path="/orders", status=500)
    assert refused(exceptions.KiteException, place).code == 500
    assert desk.kite.orders() == []


@case
def a_late_answer_has_taken_effect_at_once():
    desk.kite.timeout = 0.5
    spoil("delayAnswer", method="POST", path="/orders", delayMs=1_500)
    refused(requests.exceptions.ReadTimeout, lambda: place(tag="late"))
    desk.kite.timeout = 7
    assert [row["tag"] for row in desk.kite.orders()] == ["late"]


def unreadable(kind):
    def run():
        spoil(kind, path="/orders")
        refused(exceptions.DataException, desk.kite.orders)
        assert desk.kite.orders() == []
    desk.named(f"a_{kind}_answer_is_a_data_exception", run)


for kind in ("html", "truncated", "garbage"):
    unreadable(kind)


@case
def an_order_update_may_be_lost_and_the_book_still_knows():
    with Line() as line:
        line.joined()
        control("/sim/ticker/order-updates", apiKey=desk.kite.api_key, drop=50)
        order_id = place()
        settled(order_id, "COMPLETE")
        time.sleep(0.5)
        assert line.updates.empty()
    control("/sim/ticker/order-updates", apiKey=desk.kite.api_key, drop=0)


@case
def an_order_update_may_come_twice():
    control("/sim/ticker/order-updates", apiKey=desk.kite.api_key, duplicate=1)
    with Line() as line:
        line.joined()
        order_id = place_resting()
        assert line.update(order_id, "OPEN") == line.update(order_id, "OPEN")


@case
def a_silent_line_is_silent_for_its_time():
    with Line([desk.INFY], "ltp") as line:
        line.tick()
        control("/sim/ticker/silence", apiKey=desk.kite.api_key, ms=2_500)
        time.sleep(0.3)
        while not line.binary.empty():
            line.binary.get()
        begun = time.time()
        line.binary.get(timeout=6)
        assert time.time() - begun > 1.5


class Postbacks(http.server.ThreadingHTTPServer):
    """The app's server."""

    def __init__(self):
        self.heard = queue.Queue()
        heard = self.heard

        class Door(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                heard.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass
        super().__init__(("127.0.0.1", desk.POSTBACK_PORT), Door)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def of(self, order_id, status):
        while True:
            row = self.heard.get(timeout=desk.PATIENCE_S)
            if (row["order_id"], row["status"]) == (order_id, status):
                return row


def posted(name, run):
    def case_with_a_server():
        desk.kite = desk.sign_in("WTOLD1")
        server = Postbacks()
        try:
            run(server)
        finally:
            server.shutdown()
            server.server_close()
    if desk.POSTBACK_PORT:
        desk.named(name, case_with_a_server)


def completed(server):
    row = server.of(place(tag="told"), "COMPLETE")
    words = row["order_id"] + row["order_timestamp"] + desk.secret_of("WTOLD1")
    assert row["checksum"] == hashlib.sha256(words.encode()).hexdigest()
    assert row["user_id"] == "WTOLD1" and isinstance(row["app_id"], int) and row["unfilled_quantity"] == 0
    assert len(row["order_timestamp"]) == 19 and row["tag"] == "told" and row["status_message"] is None


def changed(server):
    order_id = place_resting()
    desk.kite.modify_order("regular", order_id, quantity=2)
    assert server.of(order_id, "UPDATE")["quantity"] == 2
    desk.kite.cancel_order("regular", order_id)
    assert server.of(order_id, "CANCELLED")["cancelled_quantity"] == 2


def rejected(server):
    row = server.of(place(product="CNC", quantity=90_000), "REJECTED")
    assert row["status_message"].startswith("Insufficient funds.")


posted("a_completed_order_is_posted_with_its_checksum", completed)
posted("a_changed_and_a_withdrawn_order_are_posted", changed)
posted("a_rejected_order_is_posted", rejected)
