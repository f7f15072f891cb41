#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each call that espiald makes of the system fails in turn: check_failing_daemon.py ESPIALD SHIM [MOST [FUNCTION]]

espiald with spool, store, JSON file, control socket and a log socket watches a pair that begins to leak, and then another.
Every place of each of its processes that calls one of the functions in failing_call.c has one run in which that call fails,
once. Whatever it is: no process may end by a signal; both leaks are told on the log socket, by this espiald or, where it
ended with a status other than 0 and a sentence why, by the next that the service manager would start; and it ends when it is
told to. The time from the failing call to the next alert is what recovery takes.

MOST: how many are tried; 0: all (`meson compile failing-calls`).
"""

import concurrent.futures
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

import packets  # noqa: E402
import station  # noqa: E402
from failing_call import MEMORY, Plan, cases, sample  # noqa: E402
from station import Failure, Wire, expect  # noqa: E402

EACH = 60  # a function that a process calls no more often than that fails at each of its calls
PACE, PATIENCE, END = 0.05, 15.0, 15.0  # seconds
LANES = 2 * (os.cpu_count() or 1)  # most of a run is waiting

CONFIG = """sensor: e2e
capture:
  - interface: {interface}
    buffer: 2MiB
policy:
  rules:
    - {{ name: all, between: [10.99.0.0/16] }}
limits: {{ flows: 4096, sas: 4096, ike: 1024, pairs: 4096, learned: 256, memory: 256MiB }}
report:
  syslog: {{ to: {folder}/log, shape: rfc5424 }}
  json: {{ file: {folder}/disk/alerts.jsonl }}
  store: {{ path: {folder}/disk/espial.db }}
  spool: {{ dir: {folder}/disk/spool, size: 1MiB }}
  control: {{ socket: {folder}/control.sock }}
"""


class Log:
    """The log socket; what it was told is read at once, so that nothing waits for it."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        self.socket.setblocking(False)
        self.lines = []

    def read(self):
        while True:
            try:
                self.lines.append(self.socket.recv(65536).decode(errors="replace"))
            except BlockingIOError:
                return

    def told(self, address):
        self.read()
        return any(f'a="{address}"' in line and "cleartext-leak" in line for line in self.lines)


class Run:
    def __init__(self, folder, lane, espiald, shim, plan):
        self.folder, self.espiald, self.plan = folder, espiald, plan
        self.wire = lane.wire
        os.makedirs(f"{folder}/disk")
        os.chmod(folder, 0o755)
        os.chmod(f"{folder}/disk", 0o777)
        with open(f"{folder}/espial.yaml", "w", encoding="utf-8") as file:
            file.write(CONFIG.format(folder=folder, interface=lane.wire.far))
        self.log = Log(f"{folder}/log")
        preload = " ".join(filter(None, [shim, os.environ.get("ESPIAL_ASAN")]))
        self.environment = dict(os.environ, LD_PRELOAD=preload, ESPIAL_FAILING_CALL=plan.path,
                                ASAN_OPTIONS="verify_asan_link_order=0:detect_leaks=0:allocator_may_return_null=1")
        self.process = None
        self.starts = 0
        self.alerts_at = []

    def start(self):
        self.starts += 1
        with open(f"{self.folder}/notices", "a", encoding="utf-8") as errors:
            self.process = station.start([self.espiald, "-c", f"{self.folder}/espial.yaml"], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=errors, env=self.environment)

    def notices(self):
        with open(f"{self.folder}/notices", encoding="utf-8", errors="replace") as file:
            return file.read()

    def check_end(self, status, words_before):
        expect(status >= 0, f"espiald was killed by signal {-status}")
        expect(status != 0, "espiald ended with status 0 unasked")
        expect(len(self.notices()) > words_before, f"espiald ended with status {status} and no word why")

    def leak(self, number):
        """The pair sends in clear until that is told."""
        a, b = f"10.99.{number}.1", f"10.99.{number}.2"
        frame = packets.ethernet(packets.tcp(a, b, 40000, 80, packets.PSH | packets.ACK, packets.HTTP_GET))
        deadline = time.monotonic() + PATIENCE
        words = 0
        while not self.log.told(a):
            status = self.process.poll()
            if status is not None:
                self.check_end(status, words)
                expect(self.starts < 3, "espiald does not stay up")
                words = len(self.notices())
                self.start()
            expect(time.monotonic() < deadline, f"leak {number} is not told")
            self.wire.send(frame)
            time.sleep(PACE)
        self.alerts_at.append(time.monotonic())

    def end(self):
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(END)
        except subprocess.TimeoutExpired as late:
            raise Failure("espiald does not end") from late
        expect(status >= 0, f"espiald was killed by signal {-status} at its end")

    def tell(self):
        """The whole story; what came of it."""
        self.start()
        try:
            self.leak(1)
            self.leak(2)
            self.end()
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.log.socket.close()
        notices = self.notices()
        killed = re.findall(r".*was killed by signal (?!15).*|.*AddressSanitizer.*|.*runtime error.*", notices)
        if killed and ("in libgcrypt:" in notices or "Fatal error: Cannot allocate memory" in notices):
            return "ended by libgcrypt, which says why"
        expect(not killed, f"{killed}")
        if self.plan.fired() is None:
            return "not met"
        if self.starts > 1:
            return "espiald started again"
        return "a process started again" if "starting it again" in notices else "goes on"

    def recovery(self):
        """Seconds from the failing call to the next alert; None where none was to come."""
        fired = self.plan.fired()
        return next((moment - fired for moment in self.alerts_at if moment >= fired), None) if fired else None


class Lane:
    def __init__(self, number):
        self.wire = Wire(f"station{number}", f"sensor{number}")


class Campaign:
    def __init__(self, folder, espiald, shim):
        self.folder, self.espiald, self.shim = folder, espiald, shim
        os.chmod(folder, 0o755)
        self.lanes = [Lane(number) for number in range(LANES)]
        self.lock = threading.Lock()
        self.times = []

    def run(self, case):
        role, function, number = case
        with self.lock:
            lane = self.lanes.pop()
        folder = tempfile.mkdtemp(prefix=f"{function}.{number}.", dir=self.folder)
        try:
            run = Run(folder, lane, self.espiald, self.shim, Plan(f"{folder}/plan", function, role, number))
            outcome = run.tell()
            recovery = run.recovery()
            if recovery is not None:
                self.times.append((recovery, case))
            return outcome
        except Failure as failure:
            return f"FAILED: {failure}"
        finally:
            if os.environ.get("ESPIAL_KEEP"):
                print(open(f"{folder}/notices", encoding="utf-8", errors="replace").read())
            shutil.rmtree(folder, ignore_errors=True)
            with self.lock:
                self.lanes.append(lane)

    def count(self):
        folder = f"{self.folder}/count"
        os.makedirs(folder)
        plan = Plan(f"{folder}/plan")
        run = Run(folder, self.lanes[0], self.espiald, self.shim, plan)
        run.tell()
        return plan


def body(folder):
    espiald, shim = sys.argv[1:3]
    most = int(sys.argv[3]) if len(sys.argv) > 3 else 40
    only = sys.argv[4:5]
    began = time.monotonic()
    memory = tempfile.mkdtemp(prefix="espial-faults.", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else folder)
    try:
        try_all(Campaign(memory, espiald, shim), most, only, began)
    finally:
        shutil.rmtree(memory, ignore_errors=True)


def try_all(campaign, most, only, began):
    everything = [case for case in cases(campaign.count(), EACH) if not only or case[1] in only or (only == ["other"] and case[1] not in MEMORY)]
    if len(sys.argv) > 6:
        everything = [(sys.argv[5], sys.argv[4], int(sys.argv[6]))]
    chosen = sample(everything, most) if most else everything
    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        outcomes = list(pool.map(campaign.run, chosen))
    # On a machine that others use too, a run may stand still for longer than anyone waits here: what failed has a second
    # run, alone.
    for at, outcome in enumerate(outcomes):
        if outcome.startswith("FAILED"):
            print(f"{' '.join(map(str, chosen[at]))}: {outcome}; once more")
            outcomes[at] = campaign.run(chosen[at])
    counts = {}
    for outcome in outcomes:
        name = "FAILED" if outcome.startswith("FAILED") else outcome
        counts[name] = counts.get(name, 0) + 1
    print(f"{len(everything)} places and calls, {len(chosen)} tried in {time.monotonic() - began:.0f} s: " +
          ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    times = sorted(campaign.times)
    if times:
        print(f"from the failing call to the next alert: median {times[len(times) // 2][0]:.2f} s, "
              f"longest {times[-1][0]:.2f} s ({' '.join(map(str, times[-1][1]))})")
    bad = [f"{' '.join(map(str, case))}: {outcome}" for case, outcome in zip(chosen, outcomes) if outcome.startswith("FAILED")]
    print("\n".join(bad))
    expect(not bad, f"{len(bad)} of {len(chosen)}")
    expect(counts.get("not met", 0) <= len(chosen) // 3, "most calls were not met")


if __name__ == "__main__":
    sys.exit(station.run_test(body, ahead=False))
