"""One point: a host that is killed there, and what became of it."""
import dataclasses
import os
import random
import re
import shutil
import subprocess
import threading
import time
from checks import UNSETTLED, violations
from evidence import gather, lines_written, placed_by_runs, rows_of
from load import LIMITS_VALUE, under_load
import doctored
from upgrade import PREFIX, play_upgrade, put
from world import TENANTS, Gone, World, binary, call, clean_env, copy_folder

# Calls after or before which the disk or the broker knows something that the other does not yet.
TRACED = ("pwrite64", "fdatasync", "fsync", "rename", "unlink", "sendto", "writev")
ON_DISK = ("pwrite64", "fdatasync", "fsync", "rename", "unlink")
LOAD_S = 3.5
# One host in so many is killed again while it comes back, at a moment up to so many seconds after its start.
KILLED_AGAIN = 4
# A point whose database is doctored must hold enough to be taken away.
DOCTORED_TRADES_MIN = 6
COMING_BACK_S = 0.8
SETTLED_S = 60
DRAINED_S = 10
REPLAYED_S = 60


@dataclasses.dataclass
class Point:
    """Where the host is killed: before the N-th call of a kind by one of its threads, or after so many seconds."""

    kind: str
    number: float
    seed: int

    def __str__(self):
        return f"{self.kind}:{self.number}"

    def tracer(self):
        if self.kind == "moment":
            return ()
        call = self.kind.removeprefix(PREFIX)
        inject = f"inject={call}:signal=SIGKILL:when={self.number}"
        return ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject)


_doctored = threading.Lock()


def doctor_once():
    """True the first time."""
    return _doctored.acquire(blocking=False)


@dataclasses.dataclass
class Outcome:
    point: Point
    folder: str
    killed_at: str
    violations: list
    sent: int
    ambiguous: int


def count_calls(base, prepared, seed):
    """How often the thread that calls most makes each call in one undisturbed load, and in one upgrade."""
    folder = os.path.join(base, "counted")
    world = World(folder, seed)
    copy_folder(prepared, folder)
    calls = counted_in(world, TRACED, lambda: under_load(world, LOAD_S))
    upgraded = os.path.join(base, "upgraded")
    world = World(upgraded, seed)
    put(upgraded)
    calls |= {f"{PREFIX}{kind}": count for kind, count in counted_in(world, ON_DISK, lambda: None).items()}
    shutil.rmtree(folder)
    shutil.rmtree(upgraded)
    return calls


def counted_in(world, traced, work):
    """Calls of the busiest thread from the start of a host to the end of what is done with it."""
    told = os.path.join(world.folder, "calls")
    try:
        world.start_host(("strace", "-f", "-qq", "-o", told, "-e", f"trace={','.join(traced)}"))
        world.wait_for_host()
        work()
    finally:
        world.end()
    counted = {}
    with open(told, errors="replace") as lines:
        for line in lines:
            match = re.match(r"(\d+) +(\w+)\(", line)
            if match:
                key = (match[2], match[1])
                counted[key] = counted.get(key, 0) + 1
    most = {}
    for (kind, _), count in counted.items():
        most[kind] = max(most.get(kind, 0), count)
    return {kind: count for kind, count in most.items() if kind in traced}


def play(base, prepared, point, turn):
    """Plays one point. What went wrong is part of the outcome, whatever it was."""
    folder = os.path.join(base, str(point).replace(":", "-"))
    if point.kind.startswith(PREFIX):
        return play_short(folder, point, turn)
    world, found, counts = None, [], ("nothing", 0, 0)
    try:
        with turn:
            world = World(folder, point.seed)
            copy_folder(prepared, folder)
            seen, died = crash(world, point)
            world.placed = placed_by_runs(folder)
            doubtful = come_back(world, seen, point)
        wait_until_settled(world, seen, doubtful)
        found += as_they_were(world, seen)
        code = world.host.terminate(DRAINED_S)
        if code != 0:
            found.append(f"wrong: asked to end, the host ended with {code} (None: not within {DRAINED_S} s)")
        found += audit(world)
        found += replayed(world)
        evidence = gather(world, seen)
        for user, one in evidence.items():
            found += [f"{text} ({user})" for text in violations(one)]
        sent = sum(len(one["received"]) for one in evidence.values())
        # One that never came to its call was killed when the load was over.
        counts = (point.kind if died else "moment", sent, len(doubtful))
        traded = sum(len(one["trades"]) for one in evidence.values())
        if not found and traded >= DOCTORED_TRADES_MIN and doctor_once():
            found += doctored.on_database(world, seen)
    except Exception as error:  # A point that cannot be played is a point that failed, and the others go on.
        found.append(f"wrong: {type(error).__name__}: {error}")
    finally:
        if world:
            world.end()
    if not found:
        shutil.rmtree(folder, ignore_errors=True)
    return Outcome(point, folder, counts[0], found, counts[1], counts[2])


def play_short(folder, point, turn):
    """The same for an upgrade: nobody trades."""
    try:
        with turn:
            found, died = play_upgrade(folder, point)
    except Exception as error:  # As above.
        found, died = [f"wrong: {type(error).__name__}: {error}"], False
    if not found:
        shutil.rmtree(folder, ignore_errors=True)
    return Outcome(point, folder, point.kind if died else "moment", found, 0, 0)


def crash(world, point):
    """The load until the kill; what was seen, and whether the point was reached."""
    world.start_host(point.tracer())
    try:
        world.wait_for_host()
    except Gone:
        if world.host.is_running():
            raise
    kill_after_s = point.number if point.kind == "moment" else None
    return under_load(world, LOAD_S, kill_after_s)


def come_back(world, seen, point):
    """Starts the host again and signs in whoever is not; the orders that it finds in doubt, by tag."""
    chance = random.Random(f"{point}")
    if chance.randrange(KILLED_AGAIN) == 0:
        start_again(world)
        time.sleep(chance.uniform(0.02, COMING_BACK_S))
        world.host.kill()
    start_again(world)
    world.wait_for_host()
    for user in TENANTS:
        cookie = seen[user].cookie
        if cookie is None or call("GET", f"{world.page}/api/auth/session", cookie=cookie)[0] != 200:
            seen[user].cookie = world.sign_in(user)
    doubtful = rows_of(world.folder, "select tag from orders where state in ('sending', 'ambiguous', 'intent')")
    return {row["tag"] for row in doubtful}


def start_again(world):
    world.restarts.append(lines_written(world.folder, TENANTS))
    world.start_host()


def wait_until_settled(world, seen, doubtful):
    """Every run goes on, then everything is stopped and nothing is in doubt any more."""
    until = time.monotonic() + SETTLED_S
    for user in TENANTS:
        for run in seen[user].runs:
            wait(until, f"run {run} of {user} runs again", lambda run=run, user=user: running(world, seen, user, run))
    for user in TENANTS:
        if seen[user].switch is None:
            body = {"on": True, "reason": "the end of the test"}
            call("PUT", f"{world.page}/api/kill-switch", body, seen[user].cookie)
    for user in TENANTS:
        wait(until, f"nothing of {user} is under way", lambda user=user: at_rest(world, seen, user))


def running(world, seen, user, run):
    return world.get(f"/api/runs/{run}", seen[user].cookie)["state"] == "running"


def at_rest(world, seen, user):
    """No order moves any more, and the broker's trades are all booked."""
    orders = world.get("/api/orders", seen[user].cookie)
    moving = UNSETTLED | {"acked", "open", "triggerPending", "partial"}
    trades = world.get("/api/trades", seen[user].cookie)
    return not any(order["state"] in moving for order in orders) and len(trades) == len(world.books(user)["trades"])


def wait(until, what, is_so):
    while not is_so():
        if time.monotonic() > until:
            raise Gone(f"not within {SETTLED_S} s: {what}")
        time.sleep(0.1)


def audit(world):
    """Follows every chain of what was done from end to end, with the host's own verb."""
    command = [binary(), "audit", "verify", "--data-dir", os.path.join(world.folder, "data"),
               "--key-file", os.path.join(world.folder, "host.key")]
    ended = subprocess.run(command, env=clean_env(), capture_output=True, text=True, timeout=60)
    return [] if ended.returncode == 0 else [f"wrong: audit verify says {ended.stdout} {ended.stderr}"]


def replayed(world):
    """Runs every recorded run again, with the host's own verb: it must answer the same to everything."""
    found = []
    for row in rows_of(world.folder, "select distinct broker_id, run_id from journal"):
        command = [binary(), "replay", row["run_id"], "--tenant", row["broker_id"],
                   "--data-dir", os.path.join(world.folder, "data"),
                   "--key-file", os.path.join(world.folder, "host.key")]
        ended = subprocess.run(command, env=clean_env(), capture_output=True, text=True, timeout=REPLAYED_S)
        if ended.returncode != 0:
            found.append(f"wrong: replay of run {row['run_id']} says {ended.stdout[-400:]} {ended.stderr[-400:]}")
    return found


def as_they_were(world, seen):
    """Limits and kill switch that were set before the kill."""
    found = []
    for user in TENANTS:
        limits = world.get("/api/risk-limits", seen[user].cookie)
        if seen[user].limits and limits["maxOrderValue"] != LIMITS_VALUE:
            found.append(f"lost: the limits of {user} are {limits}")
        if seen[user].switch and not world.get("/api/kill-switch", seen[user].cookie)["on"]:
            found.append(f"lost: the kill switch of {user} is off")
        if seen[user].error:
            found.append(f"wrong: the trader {user} ended with {seen[user].error}")
    return found
