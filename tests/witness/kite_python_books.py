"""Cases about books that lag, orders that hide, lines with gaps, plans, and tokens that die by appointment."""

import datetime
import queue
import time

from kiteconnect import exceptions

import desk
from desk import INFY, NIFTY, case, control, place, place_resting, refused, row_of, settled
from kite_python_faults import spoil
from kite_python_ticker import Line


@case
def an_order_may_hide_from_the_book_for_a_time():
    spoil("hideOrder", delayMs=2_000)
    order_id = place_resting()
    assert desk.kite.orders() == []
    refused(exceptions.KiteException, lambda: desk.kite.order_history(order_id))
    time.sleep(2.3)
    assert row_of(order_id)["status"] == "OPEN"


@case
def an_order_whose_answer_is_lost_may_hide_as_well():
    spoil("hideOrder", delayMs=2_000)
    spoil("dropAnswer", method="POST", path="/orders")
    try:
        place_resting(tag="lost")
    except OSError:
        pass
    assert desk.kite.orders() == [], "absent is not never placed"
    time.sleep(2.3)
    assert [row["tag"] for row in desk.kite.orders()] == ["lost"]


@case
def an_order_may_be_rejected_late_in_given_words():
    spoil("lateReject", delayMs=1_500, message="The exchange was not in the mood.")
    order_id = place_resting()
    assert row_of(order_id)["status"] == "VALIDATION PENDING"
    order = settled(order_id, "REJECTED")
    assert order["status_message"] == "The exchange was not in the mood." and order["exchange_order_id"] is None


@case
def a_book_may_lack_a_row():
    both = {place_resting(), place_resting()}
    spoil("partialBook", path="/orders", method="GET")
    assert len(desk.kite.orders()) == 1
    assert {row["order_id"] for row in desk.kite.orders()} == both


@case
def books_may_stand_still_while_the_market_goes_on():
    control("/sim/books/stale", userId=desk.user)
    try:
        order_id = place()
        assert desk.kite.orders() == [] and desk.kite.trades() == [] and desk.kite.positions()["net"] == []
    finally:
        control("/sim/books/release", userId=desk.user)
    assert settled(order_id, "COMPLETE") and len(desk.kite.positions()["net"]) == 1 and desk.kite.trades()


@case
def one_book_may_lag_behind_the_others():
    control("/sim/books/stale", userId=desk.user, lists=["positions"])
    try:
        settled(place(), "COMPLETE")
        assert desk.kite.trades() and desk.kite.positions()["net"] == []
    finally:
        control("/sim/books/release", userId=desk.user)
    assert len(desk.kite.positions()["net"]) == 1


@case
def a_personal_plan_has_orders_and_no_data():
    called = []
    desk.kite.set_session_expiry_hook(lambda: called.append(True))
    control("/sim/plan", apiKey=desk.kite.api_key, plan="personal")
    try:
        assert refused(exceptions.PermissionException, lambda: desk.kite.ltp("NSE:INFY")).code == 403
        now = desk.now()
        refused(exceptions.PermissionException, lambda: desk.kite.historical_data(INFY, now, now, "day"))
        with Line() as line:
            assert "403" in line.errors.get(timeout=desk.PATIENCE_S)[1]
        settled(place(), "COMPLETE")
        assert not called, "a plan is no lost session"
    finally:
        control("/sim/plan", apiKey=desk.kite.api_key, plan="connect")
    assert desk.kite.ltp("NSE:INFY")


@case
def a_token_dies_by_appointment():
    at = desk.now() + datetime.timedelta(seconds=5)
    control("/sim/expire-token", apiKey=desk.kite.api_key, at=at.strftime("%Y-%m-%d %H:%M:%S"))
    desk.kite.profile()
    time.sleep(5.3)
    refused(exceptions.TokenException, desk.kite.profile)


@case
def a_line_may_have_a_gap_with_heartbeats():
    with Line([INFY, NIFTY], "full") as line:
        line.tick()
        control("/sim/ticker/gap", apiKey=desk.kite.api_key, ms=2_500)
        time.sleep(0.3)
        while not line.binary.empty():
            line.binary.get()
        beats, begun = 0, time.time()
        while time.time() - begun < 1.8:
            try:
                assert len(line.binary.get(timeout=0.2)) == 1, "a tick came in the gap"
                beats += 1
            except queue.Empty:
                pass
        assert beats >= 1
        while not line.ticks.empty():
            line.ticks.get()
        line.tick()  # the newest state comes after it


@case
def order_updates_go_on_in_a_gap():
    with Line([INFY], "full") as line:
        line.tick()
        control("/sim/ticker/gap", apiKey=desk.kite.api_key, ms=3_000)
        line.update(place(), "COMPLETE")


@case
def a_line_may_be_without_heartbeats():
    with Line() as line:
        line.joined()
        control("/sim/ticker/mute", apiKey=desk.kite.api_key, ms=2_500)
        time.sleep(0.2)
        while not line.binary.empty():
            line.binary.get()
        begun = time.time()
        line.binary.get(timeout=6)
        assert time.time() - begun > 1.5


def malformed(kind):
    def run():
        with Line([INFY], "ltp") as line:
            line.tick()
            control("/sim/ticker/malformed", apiKey=desk.kite.api_key, kind=kind, times=1)
            line.say(line.ticker.set_mode, "full", [INFY])
            line.tick(lambda row: row["mode"] == "full" and "depth" in row)
    desk.named(f"a_frame_that_is_{kind.lower()}_may_come_and_the_line_goes_on", run)


# The client breaks off at packets that are too short (its struct does), so those are for sturdier ones.
for kind in ("unknownLength", "empty", "notJson"):
    malformed(kind)
