"""What a host is under when it is killed: traders who sign in, start runs and look at their books. What they were
shown before the kill is remembered, because none of it may be gone afterwards."""
import os
import threading
import time
from world import STRATEGIES, TENANTS, Gone, World, call

LOOK_EVERY_S = 0.12
LIMITS_VALUE = 123_456
# Two runs of a trader together stay below what the broker takes in a second, mostly.
EVERY_TICKS = 2


class Seen:
    """What one trader was shown."""

    def __init__(self):
        self.cookie = None
        self.runs = {}
        self.orders = {}
        self.trades = set()
        self.limits = None
        self.switch = None
        self.error = None


def prepare(folder, guest, seed):
    """A folder in which every trader has signed in and uploaded, and whose host has been put down."""
    world = World(folder, seed)
    try:
        world.start_host()
        world.wait_for_host()
        with open(guest, "rb") as file:
            component = file.read()
        for user in TENANTS:
            cookie = world.sign_in(user)
            for name in STRATEGIES:
                url = f"{world.page}/api/strategies?name={name}"
                status, answer, _ = call("POST", url, component, cookie, "application/wasm", timeout=60)
                if status != 201:
                    raise Gone(f"the guest was not taken: {status} {answer}")
        code = world.host.terminate(15)
        if code != 0:
            raise Gone(f"the host ended with {code}:\n{world.host.said()}")
    finally:
        world.end()


def trade(world, user, seen, ended):
    """One trader's day, until the host is gone or it has been long enough."""
    try:
        seen.cookie = world.sign_in(user)
        limits = {**world.get("/api/risk-limits", seen.cookie), "maxOrderValue": LIMITS_VALUE}
        if call("PUT", f"{world.page}/api/risk-limits", limits, seen.cookie)[0] == 200:
            seen.limits = LIMITS_VALUE
        strategies = world.get("/api/strategies", seen.cookie)
        for strategy in strategies:
            body = {"strategyId": strategy["id"], "mode": "live", "params": {"every": EVERY_TICKS}}
            status, answer, _ = call("POST", f"{world.page}/api/live-trader/start", body, seen.cookie)
            if status == 202:
                seen.runs[answer["runId"]] = strategy["name"]
        while not ended.is_set():
            look(world, seen)
            if user == TENANTS[-1] and seen.switch is None and len(seen.orders) > 6:
                switch(world, seen)
            ended.wait(LOOK_EVERY_S)
    except Gone:
        pass
    except Exception as error:  # Told with the point: a thread's own end would be seen by nobody.
        seen.error = repr(error)


def look(world, seen):
    for order in world.get("/api/orders", seen.cookie):
        seen.orders[order["tag"]] = order
    for trade in world.get("/api/trades", seen.cookie):
        seen.trades.add((trade["symbol"].split(":")[0], trade["tradeId"], trade["orderId"]))


def switch(world, seen):
    """The last trader stops everything in the middle of it."""
    body = {"on": True, "reason": "a drill"}
    if call("PUT", f"{world.page}/api/kill-switch", body, seen.cookie)[0] == 200:
        seen.switch = True


def under_load(world, load_s, kill_after_s=None):
    """Lets the traders trade until the host dies; kills it where nothing else did. Gives what they saw."""
    seen = {user: Seen() for user in TENANTS}
    ended = threading.Event()
    threads = [threading.Thread(target=trade, args=(world, user, seen[user], ended)) for user in TENANTS]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    until = begun + (kill_after_s if kill_after_s is not None else load_s)
    while time.monotonic() < until and world.host.is_running():
        time.sleep(0.005)
    died = not world.host.is_running()
    world.host.kill()
    ended.set()
    for thread in threads:
        thread.join()
    return seen, died


def guest_path(target):
    """The component that keeps a chain of digests, as cargo has built it."""
    for folder, _, names in os.walk(os.path.join(target, "guests")):
        if "chain.wasm" in names and folder.endswith("examples"):
            return os.path.join(folder, "chain.wasm")
    raise SystemExit("tests/crash: the guest `chain` was not built: cargo build -p guests")
