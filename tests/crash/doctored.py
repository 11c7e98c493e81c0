"""Proves that the checker can fail: a sound account passes, and each way of doctoring it is found."""
import copy
import os
import sqlite3
from checks import grown, tied, violations
from evidence import gather

WORDS = (11, 22, 33, 44, 55, 66)
# The rest are ticks. After the fourth the host was killed.
SAID = {3: "placed 1", 5: "notice HostRestarted"}


def chain(numbers, digest=0):
    """Lines of the guest `chain`."""
    lines = []
    for number in numbers:
        digest = grown(digest, WORDS[number - 1])
        said = SAID.get(number, "tick 1")
        lines.append(f"chain {number} {WORDS[number - 1]:016x} {digest:016x} {said}")
    return lines


def journal(pieces):
    """Rows of a run's journal, one event each."""
    rows, before = [], bytes(32)
    for piece in range(1, pieces + 1):
        row = {"run_id": "r", "piece": piece, "first_seq": piece, "event_seq": piece, "time": piece,
               "begins": int(piece == 1), "events": bytes([piece])}
        before = row["hash"] = tied(row, before)
        rows.append(row)
    return rows


def sound():
    """A trader with one order that traded and one that the gate refused."""
    row = {"id": 1, "tag": "T1", "state": "complete", "broker_order_id": "B1", "filled": 1, "message": ""}
    refused = {"id": 2, "tag": "T2", "state": "refused", "broker_order_id": None, "filled": 0, "message": ""}
    fill = ("NSE", "F1", "B1")
    return {
        "rows": [row, refused],
        "received": [{"method": "POST", "tag": "T1"}, {"method": "DELETE", "tag": None}],
        "trades": [fill], "broker_trades": {fill}, "broker_orders": {"B1"},
        "seen_orders": {"T1": dict(row)}, "seen_trades": {fill},
        "lines": {"r": chain((1, 2, 3, 4, 5, 6))}, "placed": {"r": {1}},
        "restarts": [{"r": 4}], "journal": journal(3),
    }


def doctor():
    """Every way of doctoring, with the word that the checker must find."""
    def row_deleted(it): it["rows"].pop(0)
    def tag_doubled(it): it["received"].append({"method": "POST", "tag": "T1"})
    def row_doubled(it): it["rows"].append(dict(it["rows"][0], id=3))
    def never_sent(it): it["rows"][0]["state"] = "abandoned"
    def unknown_there(it): it["broker_orders"] = set()
    def unsettled(it): it["rows"][0]["state"] = "ambiguous"
    def another_end(it): it["rows"][0]["state"] = "cancelled"
    def unfilled(it): it["rows"][0]["filled"] = 0
    def trade_gone(it): it["trades"] = []
    def trade_made_up(it): it["trades"] = it["trades"] + [("NSE", "F9", "B1")]
    def other_memory(it): it["lines"]["r"] = chain((1, 2, 3)) + chain((4,), digest=5)
    def memory_lost(it): it["lines"]["r"] = chain((1, 2, 3)) + chain((1, 2))
    def begun_anew(it): it["lines"]["r"].append("it begins anew, with its stored state and new bars")
    def market_before_notice(it): it["restarts"] = [{"r": 3}]
    def piece_lost(it): it["journal"].pop(1)
    def piece_changed(it): it["journal"][1]["events"] = b"x"
    def events_missing(it): it["journal"] = it["journal"][1:]
    return [
        (row_deleted, "lost"), (tag_doubled, "doubled"), (row_doubled, "doubled"), (never_sent, "wrong"),
        (unknown_there, "wrong"), (unsettled, "unsettled"), (another_end, "wrong"), (unfilled, "wrong"),
        (trade_gone, "lost"), (trade_made_up, "wrong"), (other_memory, "wrong"), (memory_lost, "lost"),
        (begun_anew, "lost"), (market_before_notice, "wrong"), (piece_lost, "wrong"), (piece_changed, "wrong"),
        (events_missing, "wrong"),
    ]


def main():
    said = violations(sound())
    assert said == [], f"a sound account is not sound: {said}"
    cases = doctor()
    for change, word in cases:
        evidence = copy.deepcopy(sound())
        change(evidence)
        said = violations(evidence)
        assert any(text.startswith(word) for text in said), f"{change.__name__} was not seen: {said}"
    print(f"the checker sees {len(cases)} of {len(cases)} ways of doctoring", flush=True)


# What is done to a real database, and the word that the checker must find.
ON_DATABASE = [
    ("delete from orders where rowid = (select min(rowid) from orders where broker_order_id is not null)", "lost"),
    ("update orders set state = 'abandoned' where rowid = "
     "(select max(rowid) from orders where broker_order_id is not null)", "wrong"),
    ("delete from trades where rowid = (select min(rowid) from trades)", "lost"),
    ("update journal set time = time + 1 where rowid = (select max(rowid) from journal)", "wrong"),
]


def on_database(world, seen):
    """The same on the database of a point that was found sound, while its simulator still tells what it received."""
    found = []
    for statement, word in ON_DATABASE:
        database = sqlite3.connect(os.path.join(world.folder, "data", "bulkhead.db"))
        with database:
            if database.execute(statement).rowcount != 1:
                found.append(f"wrong: nothing was doctored by {statement}")
        database.close()
        said = [text for one in gather(world, seen).values() for text in violations(one)]
        if not any(text.startswith(word) for text in said):
            found.append(f"wrong: the checker does not see {statement}: {said}")
    print(f"the checker sees {len(ON_DATABASE)} of {len(ON_DATABASE)} ways of doctoring a real database", flush=True)
    return found
