"""Kills of a host that brings an old database up to date: whenever it dies, the next start ends the work, and what the
release before had written is there, in the database and in the copy that was made first."""
import os
import shutil
import sqlite3
from evidence import rows_of
from world import ROOT, Gone, World

GOLDEN = os.path.join(ROOT, "tests/e2e/golden")
# Said before a kind of call that is made while the database is brought up to date.
PREFIX = "upgrade-"
KEPT = "select broker_id, id, tag, state, filled from orders order by broker_id, id"


def newest_golden():
    """The newest released schema's database, without its ending."""
    names = [name[:-3] for name in os.listdir(GOLDEN) if name.endswith(".db")]
    return max(names, key=lambda name: int(name.rsplit("-", 1)[1]))


def put(folder):
    """The golden database as a data folder."""
    os.makedirs(os.path.join(folder, "data"), mode=0o700)
    name = newest_golden()
    shutil.copy2(os.path.join(GOLDEN, f"{name}.db"), os.path.join(folder, "data", "bulkhead.db"))
    shutil.copy2(os.path.join(GOLDEN, f"{name}.key"), os.path.join(folder, "host.key"))


def play_upgrade(folder, point):
    """What is wrong after a kill at this point, and whether the host died there."""
    world = World(folder, point.seed)
    try:
        put(folder)
        before = rows_of(folder, KEPT)
        world.start_host(point.tracer())
        died = False
        try:
            world.wait_for_host()
        except Gone:
            died = not world.host.is_running()
        world.host.kill()
        world.start_host()
        world.wait_for_host()
        world.host.kill()
        return wrong(folder, before), died
    finally:
        world.end()


def wrong(folder, before):
    found = []
    # An order of a day that is over may have found its end meanwhile; none may be gone or have traded less.
    after = {row["tag"]: row for row in rows_of(folder, KEPT)}
    for row in before:
        now = after.get(row["tag"])
        if now is None:
            found.append(f"lost: order {row['tag']} did not come through the upgrade")
        elif now["filled"] != row["filled"]:
            found.append(f"wrong: order {row['tag']} came through the upgrade as {now}")
    sound = rows_of(folder, "pragma integrity_check")
    if [list(row.values()) for row in sound] != [["ok"]]:
        found.append(f"wrong: the database is damaged: {sound}")
    schema = newest_golden().rsplit("-", 1)[1]
    copy = os.path.join(folder, "data", f"bulkhead-schema-{schema}.db")
    if not os.path.exists(copy):
        return found + ["lost: no copy was made before the upgrade"]
    database = sqlite3.connect(f"file:{copy}?mode=ro", uri=True)
    tags = {row[0] for row in database.execute("select tag from orders")}
    version = database.execute("pragma user_version").fetchone()[0]
    database.close()
    if version != int(schema) or tags != {row["tag"] for row in before}:
        found.append(f"lost: the copy that was made first has schema {version} and {len(tags)} orders")
    return found
