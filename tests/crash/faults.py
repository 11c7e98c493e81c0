"""Disks that are full or fail under a host at work: what it refuses, what goes on, how it comes back."""
import os
import re
import shutil
import signal
import subprocess
import time
from checks import violations
from evidence import gather
from load import EVERY_TICKS, Seen
from points import DRAINED_S, start_again
from world import TENANTS, Gone, World, call, copy_folder

USER = TENANTS[0]
WITHIN_S = 30
# More than twice the ballast, so that there is room again when what filled it is gone.
DISK_BYTES = 240 << 20
# Slow enough that an order rests while the disk fills.
RESTING_EVERY_TICKS = 24
QUIET_S = 2.0
# Longer than every time-out of a call to the broker.
FROZEN_S = 12


def play_faults(base, prepared, seed, may_trace=True):
    """Every scenario that can be played here; a sentence for each thing that went wrong."""
    found = []
    injected = (no_room_for_any_write, failing_sync) if may_trace else ()
    for scenario in (full_disk, *injected, frozen):
        begun, folder = time.monotonic(), os.path.join(base, scenario.__name__)
        world = None
        try:
            world = World(folder, seed)
            wrong = scenario(world, prepared)
        except Exception as error:  # A scenario that cannot be played has failed, and the others are played.
            wrong = [f"{type(error).__name__}: {error}"]
        finally:
            if world:
                world.end()
            unmount(folder)
        found += [f"{scenario.__name__}: {text}" for text in wrong]
        print(f"{'FAIL ' if wrong else 'ok   '} {scenario.__name__} ({time.monotonic() - begun:.0f} s)"
              + (f", kept in {folder}: {wrong}" if wrong else ""), flush=True)
    return found


def full_disk(world, prepared):
    """A small disk that something else fills: withdrawals are written into the ballast, orders wait for room."""
    data = os.path.join(world.folder, "data")
    os.makedirs(data, mode=0o700)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "tmpfs", data])
    if mounted.returncode != 0:
        print("      no small disk can be mounted here (root is needed): only injected errors are played", flush=True)
        return []
    shutil.copytree(os.path.join(prepared, "data"), data, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("ballast"))
    shutil.copy2(os.path.join(prepared, "host.key"), world.folder)
    seen = at_work(world)
    filler = os.path.join(data, "filler")
    fill(filler)
    until("the page says that the disk is full", lambda: "disk" in trouble(world) and "full" in trouble(world))
    wrong = refuses_new_orders(world, seen, {"running"})
    before = withdrawals(world)
    call("PUT", f"{world.page}/api/kill-switch", {"on": True, "reason": "the disk is full"}, seen.cookie)
    until("the resting order is withdrawn", lambda: withdrawals(world) > before and not standing(world, seen))
    if not trouble(world):
        wrong.append("it was ready again while the disk was full")
    os.remove(filler)
    return wrong + comes_back_by_itself(world, seen)


def no_room_for_any_write(world, prepared):
    """Every write of the database finds no room, for a while."""
    copy_folder(prepared, world.folder)
    seen = at_work(world)
    with injected(world, "pwrite64:error=ENOSPC", "fallocate:error=ENOSPC"):
        until("the page says that the disk is full", lambda: "full" in trouble(world))
        wrong = refuses_new_orders(world, seen)
    return wrong + comes_back_by_itself(world, seen)


def failing_sync(world, prepared):
    """One sync fails: nothing is written any more, and nothing is tried again, until the host is started again."""
    copy_folder(prepared, world.folder)
    seen = at_work(world)
    with injected(world, "fsync:error=EIO", "fdatasync:error=EIO") as told:
        until("the page says that the disk failed", lambda: "failed" in trouble(world))
        wrong = refuses_new_orders(world, seen)
    with open(told, errors="replace") as lines:
        syncs = [line for line in lines if re.search(r"sync\(\d+<[^>]*bulkhead\.db", line)]
    if len(syncs) != 1:
        wrong.append(f"the database was synced {len(syncs)} times on a disk that fails: {syncs[:3]}")
    time.sleep(QUIET_S)
    if "start the host again" not in trouble(world):
        wrong.append(f"it does not say what to do: {trouble(world)}")
    world.host.terminate(DRAINED_S)
    world.host.kill()
    start_again(world)
    world.wait_for_host()
    return wrong + trades_again(world, seen)


def frozen(world, prepared):
    """A host that stands still for a while, as in a suspended machine, goes on where it was."""
    copy_folder(prepared, world.folder)
    seen = at_work(world)
    os.kill(world.host.child.pid, signal.SIGSTOP)
    time.sleep(FROZEN_S)
    os.kill(world.host.child.pid, signal.SIGCONT)
    until("it is ready again", lambda: not trouble(world))
    states = {run["state"] for run in world.get("/api/runs", seen.cookie)}
    wrong = [] if states == {"running"} else [f"its runs are {states}"]
    return wrong + trades_again(world, seen)


def at_work(world):
    """A trader with a run that trades and one whose order rests."""
    world.start_host()
    world.wait_for_host()
    seen = Seen()
    seen.cookie = world.sign_in(USER)
    for strategy, every in zip(world.get("/api/strategies", seen.cookie), (EVERY_TICKS, RESTING_EVERY_TICKS)):
        body = {"strategyId": strategy["id"], "mode": "live", "params": {"every": every}}
        status, answer, _ = call("POST", f"{world.page}/api/live-trader/start", body, seen.cookie)
        if status != 202:
            raise Gone(f"no start: {status} {answer}")
        seen.runs[answer["runId"]] = every
    slow = next(run for run, every in seen.runs.items() if every == RESTING_EVERY_TICKS)
    until("an order rests", lambda: any(order["runId"] == slow for order in standing(world, seen)))
    return seen


def refuses_new_orders(world, seen, states=frozenset({"running", "failed"})):
    """What is wrong with how new orders are refused, and with what became of the runs that asked for them."""
    time.sleep(0.5)
    before = len(places(world))
    time.sleep(QUIET_S)
    wrong = []
    if len(places(world)) != before:
        wrong.append(f"{len(places(world)) - before} orders left while nothing could be written down")
    for run in world.get("/api/runs", seen.cookie):
        if run["state"] not in states:
            wrong.append(f"a run is {run['state']}: {run['reason']}")
    return wrong


def comes_back_by_itself(world, seen):
    until("it is ready again by itself", lambda: not trouble(world))
    return trades_again(world, seen)


def trades_again(world, seen):
    """Orders leave again, and everything agrees in the end."""
    call("PUT", f"{world.page}/api/kill-switch", {"on": False}, seen.cookie)
    before = len(places(world))
    until("orders leave again", lambda: revive(world, seen) or len(places(world)) > before)
    call("PUT", f"{world.page}/api/kill-switch", {"on": True, "reason": "the end of the test"}, seen.cookie)
    fills = lambda: len(world.books(USER)["trades"])
    until("all is booked", lambda: not standing(world, seen) and len(world.get("/api/trades", seen.cookie)) == fills())
    code = world.host.terminate(DRAINED_S)
    wrong = [] if code == 0 else [f"asked to end, it ended with {code}"]
    everybody = {user: seen if user == USER else Seen() for user in TENANTS}
    return wrong + violations(gather(world, everybody)[USER])


def revive(world, seen):
    """A run whose step could not be written has failed; it is started anew."""
    for strategy in world.get("/api/strategies", seen.cookie):
        body = {"strategyId": strategy["id"], "mode": "live", "params": {"every": EVERY_TICKS}}
        call("POST", f"{world.page}/api/live-trader/start", body, seen.cookie)
    time.sleep(0.5)


class injected:
    """Calls of a running host that fail from now on, until the end of the block; gives the file that tells them."""

    def __init__(self, world, *errors):
        self.told = os.path.join(world.folder, "injected")
        traced = ",".join(error.split(":")[0] for error in errors)
        rules = [word for error in errors for word in ("-e", f"inject={error}")]
        command = ["strace", "-f", "-y", "-qq", "-o", self.told, "-e", f"trace={traced}", *rules, "-p"]
        self.command = [*command, str(world.host.child.pid)]

    def __enter__(self):
        self.tracer = subprocess.Popen(self.command, stderr=subprocess.PIPE)
        return self.told

    def __exit__(self, *_):
        self.tracer.terminate()
        self.tracer.wait()


def fill(path):
    """Takes every byte that is left."""
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 20, 4096):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue


def unmount(folder):
    data = os.path.join(folder, "data")
    if os.path.ismount(data):
        subprocess.run(["umount", data], check=False)


def trouble(world):
    """Why the host is not ready, in its own words; nothing where it is."""
    status, answer, _ = call("GET", f"{world.page}/readyz")
    return "" if status == 200 else str(answer)


def standing(world, seen):
    moving = {"acked", "open", "triggerPending", "partial", "sending", "ambiguous", "intent"}
    return [order for order in world.get("/api/orders", seen.cookie) if order["state"] in moving]


def places(world):
    return [one for one in world.received() if one["method"] == "POST"]


def withdrawals(world):
    return sum(one["method"] == "DELETE" for one in world.received())


def until(what, is_so):
    end = time.monotonic() + WITHIN_S
    while not is_so():
        if time.monotonic() > end:
            raise Gone(f"not within {WITHIN_S} s: {what}")
        time.sleep(0.05)
