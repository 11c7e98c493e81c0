"""What must hold after a crash, as one function over what everybody has written down: the traders' screens, the
simulator's record of what it received, its books, and the rows. Starts nothing and asks nobody."""
import hashlib
import re

NEVER_SENT = {"refused", "intent", "abandoned"}
UNSETTLED = {"intent", "sending", "ambiguous"}
# States that say the broker has the order.
REACHED = {"acked", "open", "triggerPending", "partial", "complete"}
FINAL = {"refused", "abandoned", "complete", "cancelled"}
# Lines that may be on their way to the file when the host dies.
JUMP_MAX = 50
# A host may be killed again while it comes back.
KILLS_MAX = 2
PRIME, SPIN, MASK = 0x100000001B3, 5, (1 << 64) - 1
# What the log of a run says where its memory was not brought back.
BEGINS_ANEW = "it begins anew"
CHAIN = re.compile(r"chain (\d+) ([0-9a-f]{16}) ([0-9a-f]{16}) (.*)$")


def violations(evidence):
    """A sentence for everything that is lost, doubled or otherwise wrong. `evidence` is one trader's."""
    found = []
    rows = {row["tag"]: row for row in evidence["rows"]}
    tags = [call["tag"] for call in evidence["received"] if call["method"] == "POST" and call["tag"]]
    for tag in sorted(set(tags)):
        if tags.count(tag) > 1:
            found.append(f"doubled: tag {tag} was received {tags.count(tag)} times")
        if tag not in rows:
            found.append(f"lost: the broker received tag {tag}, and no row has it")
        elif rows[tag]["state"] in NEVER_SENT:
            found.append(f"wrong: tag {tag} was received, and its row says {rows[tag]['state']}")
    if len(rows) != len(evidence["rows"]):
        found.append("doubled: two rows have one tag")
    at_broker = evidence["broker_orders"]
    for row in evidence["rows"]:
        number = row["broker_order_id"]
        if row["state"] in REACHED and number not in at_broker:
            found.append(f"wrong: row {row['id']} is {row['state']} as {number}, which the broker does not know")
        if row["state"] in UNSETTLED:
            found.append(f"unsettled: row {row['id']} is still {row['state']}: {row['message']}")
    found += _gone(evidence)
    found += _trades(evidence)
    found += _chains(evidence)
    found += _restarts(evidence)
    found += _journals(evidence)
    return found


def _gone(evidence):
    """What was shown before and is not there, or is less, afterwards."""
    found = []
    rows = {row["tag"]: row for row in evidence["rows"]}
    for tag, shown in evidence["seen_orders"].items():
        row = rows.get(tag)
        if row is None:
            found.append(f"lost: order {tag} was shown as {shown['state']} and has no row")
        elif row["filled"] < shown["filled"]:
            found.append(f"wrong: of order {tag} {shown['filled']} were shown as filled, and {row['filled']} are")
        elif shown["state"] in FINAL and row["state"] != shown["state"]:
            found.append(f"wrong: order {tag} was shown as {shown['state']} and is {row['state']}")
    for trade in evidence["seen_trades"]:
        if trade not in evidence["trades"]:
            found.append(f"lost: trade {trade} was shown and has no row")
    return found


def _trades(evidence):
    """Every fill of the broker is booked once, and the rows add up to it."""
    booked, real = evidence["trades"], evidence["broker_trades"]
    found = [f"lost: the broker's trade {trade} is not booked" for trade in sorted(real - set(booked))]
    found += [f"wrong: trade {trade} is booked, and the broker has none such" for trade in sorted(set(booked) - real)]
    return found


def _chains(evidence):
    """Each run's memory goes on exactly where it was: every line grows out of one that was written before it. None
    goes back behind an order that it had placed. Lines that were on their way to the file when the host died may be
    missing, once a kill."""
    found = []
    for run, texts in evidence["lines"].items():
        known, highest_order, last, jumps, kept = {0: {0}}, 0, 0, 0, 0
        placed = evidence["placed"].get(run, set())
        for text in texts:
            if BEGINS_ANEW in text:
                found.append(f"lost: run {run} has lost its memory: {text}")
            match = CHAIN.search(text)
            if not match:
                continue
            count, word, digest, said = int(match[1]), int(match[2], 16), int(match[3], 16), match[4]
            if count > last + 1 and jumps < KILLS_MAX and count - last <= JUMP_MAX:
                jumps += 1
            elif digest not in {grown(before, word) for before in known.get(count - 1, ())}:
                found.append(f"wrong: run {run} became {digest:016x} at {count} from nothing that it had been")
            if count <= last:
                kept = highest_order
            if count <= kept:
                found.append(f"lost: run {run} went back to {count}, behind an order that it had placed")
            known.setdefault(count, set()).add(digest)
            last = count
            order = re.match(r"placed (\d+)$", said)
            if order and int(order[1]) in placed:
                highest_order = max(highest_order, count)
    return found


def _restarts(evidence):
    """What a run hears first after a restart is what it missed, up to the notice of the restart: no tick and no timer."""
    found = []
    for lines in evidence["restarts"]:
        for run, before in lines.items():
            texts = evidence["lines"].get(run, [])
            if not any(CHAIN.search(text) for text in texts[:before]):
                continue
            for match in filter(None, map(CHAIN.search, texts[before:])):
                if match[4].startswith("notice HostRestarted"):
                    break
                if not match[4].startswith(("order ", "notice ")):
                    found.append(f"wrong: run {run} heard `{match[4]}` before what it had missed")
                    break
    return found


def _journals(evidence):
    """Every piece of a journal follows the one before; reckoned from the rows alone."""
    found, before = [], {}
    for row in evidence["journal"]:
        run = row["run_id"]
        piece, event_seq, digest = before.get(run, (0, 0, bytes(32)))
        if row["piece"] != piece + 1 or row["first_seq"] != event_seq + 1 or row["hash"] != tied(row, digest):
            found.append(f"wrong: the journal of run {run} is broken at piece {row['piece']}")
        before[run] = (row["piece"], row["event_seq"], row["hash"])
    return found


def tied(row, before):
    """The hash of a piece behind another, as the host makes it."""
    run = row["run_id"].encode()
    numbers = [row["piece"], row["first_seq"], row["event_seq"], row["time"]]
    parts = [before, len(run).to_bytes(8, "little"), run, *(number.to_bytes(8, "little") for number in numbers)]
    return hashlib.sha256(b"".join(parts) + bytes([row["begins"]]) + row["events"]).digest()


def grown(digest, word):
    """What a digest becomes by one more event; the guest `chain` reckons the same."""
    return ((((digest << SPIN) | (digest >> (64 - SPIN))) & MASK) ^ word) * PRIME & MASK
