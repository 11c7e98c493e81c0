"""Cases about the ticker: modes, packets, order updates, and lines that break."""

import json
import queue
import time

from kiteconnect import KiteTicker
from twisted.internet import reactor

import desk
from desk import INFY, NIFTY, PATIENCE_S, WS, case, control, move, place, place_resting

TCS, SBIN = 2953217, 779521


class Line:
    """The official ticker with what it heard. Its reactor has a thread of its own; commands go there."""

    def __init__(self, subscribe=(), mode=None, token=None, key=None, reconnect=False):
        self.ticks, self.updates, self.binary, self.texts = queue.Queue(), queue.Queue(), queue.Queue(), queue.Queue()
        self.opened, self.ended, self.errors = queue.Queue(), queue.Queue(), queue.Queue()
        self.ticker = KiteTicker(key or desk.kite.api_key, token or desk.kite.access_token, root=WS,
                                 reconnect=reconnect, reconnect_max_tries=5)
        self.first = (list(subscribe), mode)
        self.ticker.on_connect = self.connected
        self.ticker.on_ticks = lambda _ws, rows: [self.ticks.put(row) for row in rows]
        self.ticker.on_order_update = lambda _ws, row: self.updates.put(row)
        self.ticker.on_message = lambda _ws, payload, binary: (self.binary if binary else self.texts).put(payload)
        self.ticker.on_close = lambda _ws, code, reason: self.ended.put((code, str(reason)))
        self.ticker.on_error = lambda _ws, code, reason: self.errors.put((code, str(reason)))
        if reactor.running:
            reactor.callFromThread(self.ticker.connect, threaded=True)
        else:
            self.ticker.connect(threaded=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        reactor.callFromThread(self.ticker.close)

    def connected(self, _ws, _response):
        tokens, mode = self.first
        # Once: after a break the client itself subscribes again.
        if tokens:
            self.first = ((), None)
            self.ticker.subscribe(tokens)
            if mode:
                self.ticker.set_mode(mode, tokens)
        self.opened.put(True)

    def joined(self):
        self.opened.get(timeout=PATIENCE_S)
        return self

    def say(self, call, *words):
        reactor.callFromThread(call, *words)

    def tick(self, wanted=lambda row: True):
        deadline = time.time() + PATIENCE_S
        while True:
            row = self.ticks.get(timeout=max(0.1, deadline - time.time()))
            if wanted(row):
                return row

    def update(self, order_id, status):
        deadline = time.time() + PATIENCE_S
        while True:
            row = self.updates.get(timeout=max(0.1, deadline - time.time()))
            if (row["order_id"], row["status"]) == (order_id, status):
                return row

    def packet_lengths(self, count):
        """How long the next packets are."""
        lengths = []
        while len(lengths) < count:
            lengths += map(len, self.ticker._split_packets(self.binary.get(timeout=PATIENCE_S)))
        return lengths


def packet_length(token, mode, length):
    def run():
        with Line([token], mode) as line:
            # The client asks for quotes first and for the mode then.
            lengths = line.packet_lengths(3 if mode else 1)
        assert lengths[-1] == length, lengths
    kind = "an_index" if token == NIFTY else "a_share"
    desk.named(f"{kind}_in_{mode or 'no'}_mode_is_a_packet_of_{length}_bytes", run)


for token, lengths in {INFY: (8, 44, 184), NIFTY: (8, 28, 32)}.items():
    for mode, length in zip(("ltp", "quote", "full"), lengths):
        packet_length(token, mode, length)
packet_length(INFY, None, 44)  # subscribe alone means quote


@case
def a_full_tick_has_ten_levels_and_the_exchanges_time():
    with Line([INFY], "full") as line:
        row = line.tick(lambda row: row["mode"] == "full")
    assert len(row["depth"]["buy"]) == len(row["depth"]["sell"]) == 5 and row["tradable"] is True
    assert row["depth"]["buy"][0]["price"] < row["depth"]["sell"][0]["price"]
    assert row["ohlc"]["low"] <= row["last_price"] <= row["ohlc"]["high"]
    assert 0 <= (desk.now() - row["exchange_timestamp"]).total_seconds() < 60
    assert row["last_trade_time"] <= row["exchange_timestamp"]


@case
def an_index_tick_has_its_day_in_its_own_order():
    with Line([NIFTY], "full") as line:
        row = line.tick(lambda row: row["mode"] == "full")
    ohlc = row["ohlc"]
    assert row["tradable"] is False and "depth" not in row and "volume_traded" not in row
    assert ohlc["low"] <= min(ohlc["open"], row["last_price"]) and ohlc["high"] >= max(ohlc["open"], row["last_price"])


@case
def a_tick_says_what_the_quote_says():
    control("/sim/hold", symbol="NSE:TCS", price=True, matching=True)
    try:
        time.sleep(0.6)  # what was under way has arrived
        with Line([TCS], "full") as line:
            row = line.tick(lambda row: row["mode"] == "full")
        quote = desk.kite.quote("NSE:TCS")["NSE:TCS"]
        assert row["last_price"] == quote["last_price"] and row["ohlc"] == quote["ohlc"], (row, quote)
        assert row["depth"]["buy"][0]["price"] == quote["depth"]["buy"][0]["price"]
    finally:
        control("/sim/hold", symbol="NSE:TCS", price=False, matching=False)


@case
def several_instruments_share_a_message():
    tokens = [INFY, NIFTY, TCS, SBIN]
    with Line(tokens, "full") as line:
        deadline = time.time() + PATIENCE_S
        while time.time() < deadline:
            if len(line.ticker._split_packets(line.binary.get(timeout=PATIENCE_S))) == len(tokens):
                return
    raise AssertionError("every packet came alone")


@case
def a_silent_line_has_heartbeats_of_one_byte():
    with Line() as line:
        begun = time.time()
        beats = [line.binary.get(timeout=5) for _ in range(2)]
    assert all(len(beat) == 1 for beat in beats) and time.time() - begun < 5


@case
def a_mode_is_changed_in_flight():
    with Line([INFY], "full") as line:
        line.tick(lambda row: row["mode"] == "full")
        line.say(line.ticker.set_mode, "ltp", [INFY])
        line.tick(lambda row: row["mode"] == "ltp")
        line.say(line.ticker.set_mode, "quote", [INFY])
        line.tick(lambda row: row["mode"] == "quote")


@case
def a_mode_without_a_subscription_subscribes():
    with Line() as line:
        line.joined().say(line.ticker.set_mode, "full", [SBIN])
        assert line.tick()["instrument_token"] == SBIN


@case
def an_unsubscribed_instrument_falls_silent():
    with Line([INFY, SBIN], "full") as line:
        line.tick(lambda row: row["instrument_token"] == INFY)
        line.say(line.ticker.unsubscribe, [INFY])
        line.say(line.ticker.set_mode, "ltp", [SBIN])
        line.tick(lambda row: row["mode"] == "ltp")
        late = time.time() + 2
        while time.time() < late:
            try:
                assert line.ticks.get(timeout=0.2)["instrument_token"] != INFY
            except queue.Empty:
                pass


@case
def a_moved_price_is_ticked():
    last = desk.last_price()
    with Line([INFY], "ltp") as line:
        line.tick()
        move(round(last * 1.01))
        try:
            line.tick(lambda row: row["last_price"] == round(last * 1.01))
        finally:
            move(last)


@case
def an_ltp_listener_hears_nothing_while_the_price_stands():
    control("/sim/hold", symbol="NSE:SBIN", price=True)
    try:
        with Line([SBIN], "ltp") as line:
            line.tick()
            time.sleep(2)
            assert line.ticks.qsize() <= 1, "a packet came without a change"
    finally:
        control("/sim/hold", symbol="NSE:SBIN", price=False)


@case
def nonsense_is_answered_in_words_and_the_line_stays():
    with Line([INFY], "ltp") as line:
        line.joined()
        for words in ("nonsense", json.dumps({"a": "dance", "v": [1]}), json.dumps({"a": "subscribe", "v": ["5633"]})):
            line.say(line.ticker.ws.sendMessage, words.encode())
        line.say(line.ticker.set_mode, "full", [INFY])
        line.tick(lambda row: row["mode"] == "full")
        errors = [json.loads(text) for text in list(line.texts.queue)]
        assert all(text["type"] == "error" and isinstance(text["data"], str) for text in errors)


@case
def an_order_update_has_empty_words_and_no_checksum():
    with Line() as line:
        line.joined()
        row = line.update(place(), "COMPLETE")
    assert (row["status_message"], row["status_message_raw"], row["parent_order_id"], row["tag"]) == ("", "", "", "")
    assert row["checksum"] == "" and row["filled_quantity"] == 1 and row["unfilled_quantity"] == 0
    assert row["account_id"] == desk.user and isinstance(row["order_id"], str)


@case
def an_order_update_says_open_and_cancelled():
    with Line() as line:
        line.joined()
        order_id = place_resting()
        line.update(order_id, "OPEN")
        desk.kite.cancel_order("regular", order_id)
        assert line.update(order_id, "CANCELLED")["cancelled_quantity"] == 1


@case
def an_order_update_reaches_every_line_of_its_user_and_no_other():
    mine, stranger = desk.kite, desk.sign_in("WTOLD1")
    with Line() as one, Line() as two, Line(key=stranger.api_key, token=stranger.access_token) as other:
        for line in (one, two, other):
            line.joined()
        order_id = place()
        assert mine is desk.kite and one.update(order_id, "COMPLETE") == two.update(order_id, "COMPLETE")
        assert other.updates.empty()


@case
def a_rejected_order_is_told_with_its_reason():
    with Line() as line:
        line.joined()
        row = line.update(place(product="CNC", quantity=90_000), "REJECTED")
    assert row["status_message"].startswith("Insufficient funds.") and row["exchange_order_id"] == ""


@case
def a_broken_line_is_joined_again_with_its_subscriptions():
    with Line([INFY, SBIN], "full", reconnect=True) as line:
        line.say(lambda: None)
        line.tick(lambda row: row["mode"] == "full")
        line.joined()
        control("/sim/ticker/disconnect", apiKey=desk.kite.api_key)
        line.joined()
        while not line.ticks.empty():
            line.ticks.get()
        for token in (INFY, SBIN):
            line.tick(lambda row: (row["instrument_token"], row["mode"]) == (token, "full"))


@case
def a_bad_token_is_a_403_on_the_upgrade():
    with Line(token="wrong") as line:
        code, reason = line.errors.get(timeout=PATIENCE_S)
    assert "403" in reason, (code, reason)


@case
def a_fourth_line_is_a_429_on_the_upgrade():
    with Line() as one, Line() as two, Line() as three:
        for line in (one, two, three):
            line.joined()
        with Line() as four:
            assert "429" in four.errors.get(timeout=PATIENCE_S)[1]


@case
def ticks_go_on_after_the_token_is_dead():
    with Line([INFY], "ltp") as line:
        line.tick()
        control("/sim/expire-token", apiKey=desk.kite.api_key)
        line.say(line.ticker.set_mode, "full", [INFY])
        line.tick(lambda row: row["mode"] == "full")
    desk.kite.session_expiry_hook = None
    with Line() as late:
        assert "403" in late.errors.get(timeout=PATIENCE_S)[1]
