#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Faults at random while hosts leak: check_faults.py ESPIALD CLOCK_STEP [FAULTS [SEED]]

Every quarter of a second a new pair of hosts begins to send in clear, and goes on for some seconds. Meanwhile reporter,
engine and syslog-ng are killed with signal 9, syslog-ng is stopped, the disk under spool and store is full or read-only, and
the clock is set back an hour and forward again, several at a time. In the end syslog-ng's file must hold an alert of every
pair and of nobody else, in order, no alert under two names, and what came twice must be no more than what was in flight.

The disk is a small tmpfs in a mount namespace of the test's own. `meson test` runs a dozen faults; the campaign of 200 is
`meson compile faults`.
"""

import collections
import os
import random
import re
import signal
import sys
import threading
import time

import packets
import station
from station import Clock, Sensor, SyslogNg, Wire, expect, processes_named, until

CLONE_NEWNS = 0x00020000
PACE, LIFE, AGAIN = 0.25, 8.0, 0.4  # seconds: between new pairs, how long each leaks, between its packets
KILLS_A_MINUTE = 4  # the monitor gives up a process that ends five times within a minute
MORE = """  store: {{ path: {folder}/disk/espial.db }}
  spool: {{ dir: {folder}/disk/spool, size: 1MiB }}
alerts:
  per-minute: none
  group-of: none
"""
# What the faults are; and, where the machine is busy with other things than this, the kernel's own count of frames without room.
ALLOWED = {"cleartext-leak", "engine-restarted", "sink-down", "clock-jump", "capture-drops"}


class Traffic(threading.Thread):
    """Pairs that leak; `sent` is the truth."""

    def __init__(self, wire):
        super().__init__(daemon=True)
        self.wire, self.sent, self.done = wire, [], threading.Event()
        self.began = {}  # when each pair began; monotonic

    def run(self):
        young = collections.deque()
        due = time.monotonic()
        while not self.done.is_set() or young:
            now = time.monotonic()
            if now >= due and not self.done.is_set():
                number = len(self.sent)
                a = f"10.99.{number // 120}.{2 * (number % 120) + 1}"
                b = f"10.99.{number // 120}.{2 * (number % 120) + 2}"
                self.sent.append((a, b))
                self.began[(a, b)] = now
                # Answered, since a mirror that shows one way only is a finding of its own.
                young.append([now, now, [packets.ethernet(packets.tcp(*way, packets.PSH | packets.ACK, text)) for way, text in
                                         (((a, b, 40000, 80), packets.HTTP_GET), ((b, a, 80, 40000), packets.HTTP_OK))]])
                due += PACE
            for pair in young:
                if now >= pair[1]:
                    for frame in pair[2]:
                        self.wire.send(frame)
                    pair[1] = now + AGAIN
            while young and now - young[0][0] > LIFE:
                young.popleft()
            time.sleep(0.02)


class Stage:
    def __init__(self, folder, espiald, shim, seed):
        self.folder, self.random = folder, random.Random(seed)
        self.disk = f"{folder}/disk"
        os.makedirs(self.disk)
        station.run("mount", "-t", "tmpfs", "-o", "size=6m,mode=1777", "tmpfs", self.disk)
        self.wire = Wire("station0", "sensor0")
        self.syslog = SyslogNg(folder)
        self.syslog.start()
        self.sensor = Sensor(espiald, folder, ["sensor0"], {"all": {"between": "[10.99.0.0/16]"}}, more=MORE)
        self.clock = Clock(self.sensor, shim)
        self.sensor.start()
        self.counts = collections.Counter()
        self.kills = {"engine": collections.deque(), "reporter": collections.deque()}
        self.healing = []  # [when, what]
        self.history = []  # (when, what) of faults and of their ends

    def note(self, what):
        self.history.append((time.monotonic(), what))

    def tell_around(self, whose, began):
        """The faults from a little before a pair began until it was silent."""
        around = [f"{when - began:+.2f} {what}" for when, what in self.history if -4 < when - began < LIFE]
        print(f"{whose}, from {began - self.history[0][0]:.2f} s on: {', '.join(around)}")

    def later(self, least, most, heal):
        self.healing.append([time.monotonic() + self.random.uniform(least, most), heal])

    def heal(self, everything=False):
        for entry in [entry for entry in self.healing if everything or time.monotonic() >= entry[0]]:
            self.healing.remove(entry)
            entry[1]()
            self.note(entry[1].__name__)

    def is_healing(self, what):
        return any(entry[1].__name__ == what for entry in self.healing)

    def kill(self, which):
        """False where it was killed too often lately."""
        recent = self.kills[which]
        while recent and time.monotonic() - recent[0] > 62:
            recent.popleft()
        if len(recent) >= KILLS_A_MINUTE:
            return False
        name = "espiald-engine" if which == "engine" else "espiald-report"
        running = processes_named(name, self.sensor.process.pid)
        if not running:
            return False
        recent.append(time.monotonic())
        os.kill(running[0], signal.SIGKILL)
        return True

    # ---- faults: each returns whether it could be had now ----

    def reporter_killed(self):
        return self.kill("reporter")

    def engine_killed(self):
        return self.kill("engine")

    def start_syslog(self):
        if not self.syslog.process:
            self.syslog.start()

    def syslog_killed(self):
        if not self.syslog.process or self.is_healing("continue_syslog"):
            return False
        self.syslog.end(signal.SIGKILL)
        self.later(0.1, 2.0, self.start_syslog)
        return True

    def continue_syslog(self):
        if self.syslog.process:
            self.syslog.process.send_signal(signal.SIGCONT)

    def syslog_stopped(self):
        if not self.syslog.process or self.is_healing("continue_syslog"):
            return False
        self.syslog.process.send_signal(signal.SIGSTOP)
        self.later(0.3, 2.0, self.continue_syslog)
        return True

    def empty_disk(self):
        if os.path.exists(f"{self.disk}/filler"):
            os.unlink(f"{self.disk}/filler")

    def disk_full(self):
        if self.is_healing("empty_disk") or self.is_healing("make_writable"):
            return False
        try:
            with open(f"{self.disk}/filler", "wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
        except OSError:
            pass
        self.later(0.5, 3.0, self.empty_disk)
        return True

    def make_writable(self):
        station.run("mount", "-o", "remount,rw", self.disk)

    def disk_read_only(self):
        """A file system with open files does not become read-only: between two reporters it does."""
        if self.is_healing("empty_disk") or self.is_healing("make_writable") or not self.kill("reporter"):
            return False
        for _ in range(50):
            if os.system(f"mount -o remount,ro {self.disk} 2>/dev/null") == 0:
                self.later(0.5, 3.0, self.make_writable)
                return True
            time.sleep(0.003)
        self.counts["reporter_killed"] += 1
        return False

    def reset_clock(self):
        self.clock.set(0)

    def clock_stepped(self):
        if self.is_healing("reset_clock"):
            return False
        self.clock.set(-3600)
        self.later(0.5, 4.0, self.reset_clock)
        return True

    FAULTS = [reporter_killed, engine_killed, syslog_killed, syslog_stopped, disk_full, disk_read_only, clock_stepped]


FIELDS = re.compile(r'(\w+)="((?:[^"\\\]]|\\.)*)"')


def read_told(lines):
    """What syslog-ng's file tells, as dictionaries."""
    told = []
    for line in lines:
        if "[espial@" in line:
            told.append(dict(FIELDS.findall(line[line.index("[espial@"):line.index("]", line.index("[espial@"))])))
    return told


def judge(stage, traffic, faults):
    sent = set(traffic.sent)

    def missing():
        return sent - {(told.get("a"), told.get("b")) for told in read_told(stage.syslog.lines())
                       if told["id"] == "cleartext-leak"}

    deadline = time.monotonic() + 30
    while missing() and time.monotonic() < deadline:
        time.sleep(0.2)
    told = read_told(stage.syslog.lines())
    lost = missing()
    invented = [entry for entry in told if entry["id"] not in ALLOWED or
                (entry["id"] == "cleartext-leak" and (entry["a"], entry["b"]) not in sent)]
    numbers = [int(entry["record"], 16) for entry in told if "record" in entry]
    first = list(dict.fromkeys(numbers))
    disorder = sum(later < earlier for earlier, later in zip(first, first[1:]))
    names = collections.defaultdict(set)
    for entry in told:
        if entry["id"] == "cleartext-leak":
            names[(entry["a"], entry["b"])].add(entry["alert"])
    twice_named = [pair for pair, alerts in names.items() if len(alerts) > 1]
    again = sum("told_again" in entry for entry in told) + sum("record" not in entry for entry in told)
    figures = {"faults": faults, "pairs": len(sent), "lost": len(lost), "invented": len(invented),
               "messages": len(told), "copies": len(numbers) - len(first), "out of order": disorder,
               "alerts under two names": len(twice_named), "told again": again,
               "not durable": sum("durable" in entry for entry in told),
               "engine-restarted": sum(entry["id"] == "engine-restarted" and entry["state"] == "open" for entry in told),
               "capture-drops": sum(entry["id"] == "capture-drops" and entry["state"] == "open" for entry in told)}
    print(", ".join(f"{name}: {value}" for name, value in figures.items()))
    print(", ".join(f"{name}: {count}" for name, count in sorted(stage.counts.items())))
    for pair in sorted(lost | set(twice_named), key=traffic.began.get):
        what = "lost" if pair in lost else "named " + ", ".join(sorted(names[pair]))
        stage.tell_around(f"{pair[0]} {pair[1]} {what}", traffic.began[pair])
    expect(not lost, f"no alert of {sorted(lost)[:5]}")
    jumps = sum(entry["id"] == "clock-jump" and entry["state"] == "open" for entry in told)
    expect(jumps == 0 or stage.counts["clock_stepped"], f"clock-jump without a step: {jumps}")
    expect(not invented, f"invented: {invented[:3]}")
    expect(disorder == 0, f"{disorder} records out of order")
    crashes = sum(stage.counts[name] for name in ("reporter_killed", "disk_read_only", "syslog_killed"))
    expect(len(numbers) - len(first) <= crashes, f"{len(numbers) - len(first)} copies with {crashes} crashes")
    expect(not twice_named, f"alerts under two names: {twice_named[:3]}")


def body(folder, espiald, shim, faults, seed):
    station.need_own_mounts()
    if station.LIBC.unshare(CLONE_NEWNS) != 0:
        raise station.Skip("no permission to make a mount namespace")
    station.run("mount", "--make-rprivate", "/")
    print(f"seed {seed}")
    stage = Stage(folder, espiald, shim, seed)
    traffic = Traffic(stage.wire)
    traffic.start()
    until("first alert", lambda: read_told(stage.syslog.lines()))
    done = 0
    while done < faults:
        stage.heal()
        fault = stage.random.choice(Stage.FAULTS)
        if fault(stage):
            stage.counts[fault.__name__] += 1
            stage.note(fault.__name__)
            done += 1
            time.sleep(stage.random.uniform(0.1, 1.2))
        else:
            time.sleep(0.05)
    while stage.healing:
        stage.heal()
        time.sleep(0.05)
    time.sleep(2)  # the last pairs begin while all is well
    traffic.done.set()
    traffic.join()
    judge(stage, traffic, faults)
    expect(stage.sensor.process.poll() is None, "espiald ended")
    stage.sensor.end()
    stage.syslog.end()
    # Nobody ends but by the test's own signal; a sanitizer's report ends the process that it is about.
    ended = re.findall(r".*(?:ended with status|by signal (?!9 )|ERROR: |runtime error).*", stage.sensor.notices())
    expect(not ended, f"not by the test: {ended[:3]}")


def main():
    faults = int(sys.argv[3]) if len(sys.argv) > 3 else 12
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 5424
    return station.run_test(lambda folder: body(folder, sys.argv[1], sys.argv[2], faults, seed), "syslog-ng", "mount")


if __name__ == "__main__":
    sys.exit(main())
