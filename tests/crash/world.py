"""A simulator and a host as processes: started, asked, killed. Knows nothing of what is checked."""
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TENANTS = ("CR0001", "CR0002", "CR0003")
STRATEGIES = ("first", "second")
READY_S = 40
# What keeps room on a full disk; no copy needs it.
BALLAST = "ballast"
# Asks nobody in between.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_ports = itertools.count(20_000 + os.getpid() % 5_000)
_ports_turn = threading.Lock()


class Gone(Exception):
    """Whoever was asked does not answer any more."""


def binary():
    return os.environ.get("BULKHEAD_BINARY", os.path.join(ROOT, "target/release/bulkhead"))


def free_port():
    """A port below those that the system hands out by itself: a host must find its port free when it comes back."""
    with _ports_turn:
        while True:
            port = next(_ports)
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    continue


def call(method, url, body=None, cookie=None, content_type="application/json", timeout=10,
         headers=None):
    """Status, parsed body and cookie of an answer; Gone where there is none."""
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    headers = {"content-type": content_type, **({"cookie": cookie} if cookie else {}), **(headers or {})}
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        answer = OPENER.open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        answer = error
    except (OSError, ValueError) as error:
        raise Gone(str(error)) from error
    try:
        with answer:
            text = answer.read()
    except (OSError, ValueError, urllib.error.URLError) as error:
        raise Gone(str(error)) from error
    except Exception as error:  # http.client's own errors share no parent with the others.
        raise Gone(repr(error)) from error
    try:
        parsed = json.loads(text) if text else None
    except ValueError:
        parsed = text.decode(errors="replace")
    return answer.status, parsed, (answer.headers.get("set-cookie") or "").split(";")[0]


def clean_env():
    """Without what whoever runs this has set for a host of their own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BULKHEAD_")}


_running = set()


def end_all(*_):
    """Leaves nothing behind when the whole is ended early."""
    for group in list(_running):
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            pass
    os._exit(130)


class Process:
    """A child whose output goes to a file; one that is traced ends with its tracer."""

    def __init__(self, name, folder, command):
        self.output = os.path.join(folder, f"{name}.out")
        with open(self.output, "a") as out:
            self.child = subprocess.Popen(
                command, cwd=folder, env=clean_env(), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True)
        _running.add(self.child.pid)

    def is_running(self):
        return self.child.poll() is None

    def kill(self):
        """At once, with all it started (a tracer among them). What it has written stays with the system, which a power cut
        would take as well where it was not synced."""
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.child.wait()
        _running.discard(self.child.pid)

    def terminate(self, within_s):
        """Asks it to end; its exit code, or None where it did not in time."""
        self.child.terminate()
        try:
            code = self.child.wait(within_s)
            _running.discard(self.child.pid)
            return code
        except subprocess.TimeoutExpired:
            return None

    def said(self, lines=40):
        with open(self.output, errors="replace") as text:
            return "".join(text.readlines()[-lines:])


class World:
    """One folder with a simulator and a host. The folder outlives both."""

    def __init__(self, folder, seed):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.port, self.sim_port = free_port(), free_port()
        self.page, self.sim = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.sim_port}"
        accounts = [{"userId": user, "userName": user, "apiKey": f"key-{user}", "apiSecret": f"secret-{user}"}
                    for user in TENANTS]
        listed = os.path.join(folder, "accounts.json")
        with open(listed, "w") as out:
            json.dump(accounts, out)
        command = [binary(), "simulate", "--listen", f"127.0.0.1:{self.sim_port}", "--no-limits",
                   "--seed", str(seed), "--accounts", listed]
        self.simulator = Process("simulator", folder, command)
        self.host = None
        # Orders of each run that had rows when the host was killed.
        self.placed = {}
        # How many lines each run had in the log whenever a host was started again.
        self.restarts = []
        self._wait(f"{self.sim}/sim/", self.simulator)

    def start_host(self, tracer=()):
        command = [*tracer, binary(), "serve", "--listen", f"127.0.0.1:{self.port}", "--kite-url", self.sim,
                   "--data-dir", os.path.join(self.folder, "data"), "--key-file", os.path.join(self.folder, "host.key"),
                   "--always-open", "--absent-after-s", "4"]
        self.host = Process("host", self.folder, command)

    def wait_for_host(self, within_s=READY_S):
        self._wait(f"{self.page}/readyz", self.host, within_s)

    def sign_in(self, user):
        """The cookie of a new session."""
        _, token, _ = call("POST", f"{self.sim}/sim/request-token", {"apiKey": f"key-{user}"})
        body = {"apiKey": f"key-{user}", "apiSecret": f"secret-{user}", "requestToken": token["requestToken"]}
        status, answer, cookie = call("POST", f"{self.page}/api/auth/authenticate", body)
        if status != 200:
            raise Gone(f"{user} cannot sign in: {status} {answer}")
        return cookie

    def get(self, path, cookie):
        status, answer, _ = call("GET", f"{self.page}{path}", cookie=cookie)
        if status != 200:
            raise Gone(f"GET {path}: {status} {answer}")
        return answer

    def received(self):
        return call("GET", f"{self.sim}/sim/received")[1]

    def books(self, user):
        return call("GET", f"{self.sim}/sim/accounts/{user}/books")[1]

    def end(self):
        for process in (self.host, self.simulator):
            if process:
                process.kill()

    def _wait(self, url, process, within_s=READY_S):
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            try:
                if call("GET", url, timeout=5)[0] == 200:
                    return
            except Gone:
                pass
            if not process.is_running():
                raise Gone(f"it ended by itself:\n{process.said()}")
            time.sleep(0.03)
        raise Gone(f"{url} is not ready within {within_s} s:\n{process.said()}")


def copy_folder(prepared, folder):
    """The host's data and key; neither sockets nor ballast."""
    shutil.copytree(os.path.join(prepared, "data"), os.path.join(folder, "data"),
                    ignore=shutil.ignore_patterns(BALLAST))
    shutil.copy2(os.path.join(prepared, "host.key"), os.path.join(folder, "host.key"))
