"""Gathers what `checks` looks at: rows of the database, lines of the logs, the simulator's record and books."""
import glob
import hashlib
import os
import re
import shutil
import sqlite3
import tempfile
from world import TENANTS, call

LINE = re.compile(r"^\S+ \S+ \S+ (\S+) (.*)$")


def rows_of(folder, statement):
    """Rows of a copy of the database: looking at the real one would take its log in."""
    with tempfile.TemporaryDirectory() as copy:
        for name in ("bulkhead.db", "bulkhead.db-wal"):
            path = os.path.join(folder, "data", name)
            if os.path.exists(path):
                shutil.copy2(path, copy)
        database = sqlite3.connect(os.path.join(copy, "bulkhead.db"))
        database.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in database.execute(statement)]
        finally:
            database.close()


def placed_by_runs(folder):
    """The numbers of the orders that each run has rows of."""
    placed = {}
    for row in rows_of(folder, "select run_id, run_order_id from orders"):
        placed.setdefault(row["run_id"], set()).add(row["run_order_id"])
    return placed


def lines_of(folder, user):
    """The log's lines by run, in the order written."""
    lines = {}
    for path in sorted(glob.glob(os.path.join(folder, "data", "logs", f"{user}_*.log"))):
        with open(path, errors="replace") as file:
            for record in file:
                match = LINE.match(record.rstrip("\n"))
                if match:
                    lines.setdefault(match[1], []).append(match[2])
    return lines


def lines_written(folder, users):
    """How many lines each run has in the log."""
    return {run: len(texts) for user in users for run, texts in lines_of(folder, user).items()}


def broker_orders(world, user):
    """Numbers of the orders in the broker's book, asked for as Kite's clients do."""
    key, secret = f"key-{user}", f"secret-{user}"
    token = call("POST", f"{world.sim}/sim/request-token", {"apiKey": key})[1]["requestToken"]
    checksum = hashlib.sha256(f"{key}{token}{secret}".encode()).hexdigest()
    form = f"api_key={key}&request_token={token}&checksum={checksum}".encode()
    session = call("POST", f"{world.sim}/session/token", form, content_type="application/x-www-form-urlencoded")[1]
    access = session["data"]["access_token"]
    book = call("GET", f"{world.sim}/orders", headers={"authorization": f"token {key}:{access}"})[1]
    return {order["order_id"] for order in book["data"]}


def gather(world, seen):
    """One trader's evidence each, once the host is down."""
    orders = rows_of(world.folder, "select * from orders")
    trades = rows_of(world.folder, "select broker_id, exchange, trade_id, broker_order_id from trades")
    received = world.received()
    journal = rows_of(world.folder, "select * from journal order by broker_id, run_id, piece")
    found = {}
    for user in TENANTS:
        own = [row for row in orders if row["broker_id"] == user]
        found[user] = {
            "rows": own,
            "received": [one for one in received if one["userId"] == user],
            "trades": [(row["exchange"], row["trade_id"], row["broker_order_id"])
                       for row in trades if row["broker_id"] == user],
            "broker_orders": broker_orders(world, user),
            "broker_trades": broker_trades(world, user),
            "seen_orders": seen[user].orders,
            "seen_trades": seen[user].trades,
            "lines": lines_of(world.folder, user),
            "placed": world.placed,
            "restarts": world.restarts,
            "journal": [row for row in journal if row["broker_id"] == user],
        }
    return found


def broker_trades(world, user):
    """Every fill in the exchange's own books."""
    fills = world.books(user)["trades"]
    trades = [fill["trade"] for fill in fills]
    return {(trade["symbol"].split(":")[0], trade["tradeId"], trade["orderId"]) for trade in trades}
