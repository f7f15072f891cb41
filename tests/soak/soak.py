#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hours of mixed traffic with churn: soak.py ESPIALD SECONDS [FRAMES_A_SECOND [LOG]]

Pairs come, negotiate, speak ESP, rekey every few seconds, leak for a while, mend, and go for good; beside them ordinary clear
traffic, pings, fragments, keepalives, tags, and frames that make no sense. The generator counts what it sends, class by class.

Every half minute, or eight times where that is more often, memory, descriptors and threads of the three processes are noted; LOG
gets a line of these figures. In the end the daemon's counters are held against the generator's: every frame counted in its class,
and every octet; every leak told once, and no other alert of medium or above (how many leaks were cleared is printed only). Of what
was noted after the first quarter, the second half has no more than 3 MiB of resident memory above the first, and descriptors differ
by two at most. `meson test check_soak` is half a minute of it.
"""

import collections
import json
import os
import random
import re
import signal
import socket
import struct
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

import packets  # noqa: E402
import station  # noqa: E402
from station import Sensor, Wire, expect, until  # noqa: E402

PAIRS = 60  # alive at a time
TICK = 0.02
NOTE = 30.0  # seconds between two looks
GROWTH_KIB = 3072  # of resident memory of a process, over the whole of the last half: pages of tables used for the first time
MORE = """  store: {{ path: {folder}/records/espial.db, keep: 1d }}
  spool: {{ dir: {folder}/records/spool, size: 4MiB }}
alerts:
  per-minute: none
  group-of: none
limits: {{ flows: 8192, sas: 8192, ike: 2048, pairs: 8192, learned: 1024, memory: 256MiB }}
"""


class Pair:
    """Two hosts and their life: negotiation, ESP with rekeys, perhaps a leak, and an end."""

    def __init__(self, number, chance, now):
        self.a, self.b = (f"10.{64 + number // 30000 % 60}.{number // 120 % 250}.{2 * (number % 120) + side}" for side in (1, 2))
        self.chance, self.number = chance, number
        self.ike_spi = chance.getrandbits(63) | 1
        self.ends = now + chance.uniform(40, 240)
        self.rekey(now)
        self.leak_at = now + chance.uniform(8, 30) if number % 3 == 0 else None
        self.leak_until = self.leak_at + chance.uniform(2, 6) if self.leak_at else None
        self.leaked = False
        self.negotiate = 4

    def rekey(self, now):
        self.spis = [self.chance.randrange(256, 1 << 32) for _ in range(2)]
        self.sequences = [0, 0]
        self.rekey_at = now + self.chance.uniform(5, 25)

    def frame(self, now):
        """(class, packet)"""
        if self.negotiate:
            self.negotiate -= 1
            step = 3 - self.negotiate
            ends = (self.b, self.a) if step & 1 else (self.a, self.b)
            responder = 0 if step == 0 else self.ike_spi ^ 0xFF
            if step < 2:
                return "ike", packets.ike_sa_init(*ends, self.ike_spi, responder, step == 1)
            return "ike", packets.ike_encrypted(*ends, self.ike_spi, responder, 35, 1, step == 3, step == 2)
        if self.leak_at and self.leak_at <= now < self.leak_until:
            self.leaked = True
            return "cleartext", packets.tcp(self.a, self.b, 40000, 80, packets.PSH | packets.ACK, packets.HTTP_GET)
        if now >= self.rekey_at:
            self.rekey(now)
        side = self.chance.getrandbits(1)
        self.sequences[side] += 1
        ends = (self.b, self.a) if side else (self.a, self.b)
        return "esp", packets.esp(*ends, self.spis[side], self.sequences[side], self.chance.choice((64, 84, 300, 1000)))


class Traffic:
    def __init__(self, wire, seed):
        self.wire, self.chance = wire, random.Random(seed)
        self.sent = collections.Counter()
        self.pairs, self.made = [], 0
        self.leaks = {}  # (a, b): when it began
        self.octets = 0

    def other(self):
        """What is on every network, and some of what should not be."""
        chance = self.chance
        a = f"172.20.{chance.randrange(40)}.{chance.randrange(1, 250)}"
        b = f"172.21.{chance.randrange(40)}.{chance.randrange(1, 250)}"
        kind = chance.randrange(10)
        if kind < 4:
            return "cleartext", packets.ethernet(packets.udp(a, b, chance.randrange(20000, 60000), 53, chance.randbytes(40)))
        if kind < 6:
            return "cleartext", packets.ethernet(packets.tcp(a, b, chance.randrange(20000, 60000), 443, packets.SYN))
        if kind == 6:
            return "icmp", packets.ethernet(packets.echo(a, b, 56, sequence=chance.randrange(1000)))
        if kind == 7:
            return "keepalive", packets.ethernet(packets.udp(a, b, 4500, 4500, b"\xff"))
        if kind == 8:
            later = bytearray(packets.udp(a, b, 7, 7, bytes(100)))
            struct.pack_into(">H", later, 6, 100)
            return "fragment", packets.ethernet(bytes(later))
        if chance.getrandbits(1):
            return "non_ip", b"\xff" * 6 + b"\x02" * 6 + b"\x08\x06" + bytes(46)
        broken = bytearray(packets.udp(a, b, 7, 7, bytes(30)))
        broken[0] = 0x41  # a header of four octets
        return "malformed", packets.ethernet(bytes(broken))

    def send(self, count, now, quiet=False):
        while len(self.pairs) < PAIRS and not quiet:
            self.pairs.append(Pair(self.made, self.chance, now))
            self.made += 1
        for _ in range(count):
            if self.chance.random() < 0.2 or not self.pairs:
                kind, frame = self.other()
            else:
                at = self.chance.randrange(len(self.pairs))
                pair = self.pairs[at]
                kind, packet = pair.frame(now)
                frame = packets.ethernet(packet, 30 if pair.number % 7 == 0 else None)
                if pair.leaked and (pair.a, pair.b) not in self.leaks:
                    self.leaks[(pair.a, pair.b)] = now
                # One that leaks is to be seen to mend before it goes.
                if now > pair.ends and (not pair.leak_until or now > pair.leak_until + 15):
                    self.pairs[at] = self.pairs[-1]
                    self.pairs.pop()
            self.wire.send(frame)
            self.sent[kind] += 1
            self.octets += len(frame)


class LogSocket(threading.Thread):
    """Takes what is sent to the log socket, and forgets it: the JSON file says the same."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        self.start()

    def run(self):
        while self.socket.recv(65536):
            pass


class Look:
    """What a process uses now."""

    def __init__(self, pid):
        status = station.status_of(pid)
        self.resident = int(status["VmRSS"].split()[0])
        self.threads = int(status["Threads"])
        self.descriptors = len(os.listdir(f"/proc/{pid}/fd"))


class Soak:
    def __init__(self, folder, espiald, seconds, rate, log):
        self.wire = Wire("station0", "sensor0")
        self.log_socket = LogSocket(f"{folder}/log")
        self.sensor = Sensor(espiald, folder, ["sensor0"], {"all": {"between": "[10.64.0.0/10]"}}, more=MORE)
        self.sensor.environment["ASAN_OPTIONS"] = "detect_leaks=1:abort_on_error=1"
        self.sensor.start()
        self.traffic = Traffic(self.wire, 5424)
        self.seconds, self.rate, self.log = seconds, rate, log
        self.looks = []  # (moment, {process: Look})

    def processes(self):
        return {"monitor": self.sensor.process.pid, "engine": self.sensor.engine(), "reporter": self.sensor.reporter()}

    def counters(self):
        """The daemon's own counts, by its state at this moment."""
        before = len(self.sensor.records())
        self.sensor.process.send_signal(signal.SIGUSR1)

        def summary():
            for line in self.sensor.records()[before:]:
                record = json.loads(line)
                if record["type"] == "summary":
                    return record
            return None
        return until("summary", summary, 30, 0.1)

    def look(self, began):
        record = {name: Look(pid) for name, pid in self.processes().items()}
        self.looks.append((time.monotonic() - began, record))
        line = f"{self.looks[-1][0]:.0f}\t{sum(self.traffic.sent.values())}\t{len(self.traffic.leaks)}" + "".join(
            f"\t{look.resident}\t{look.descriptors}\t{look.threads}" for look in record.values())
        if self.log:
            with open(self.log, "a", encoding="utf-8") as file:
                file.write(line + "\n")

    def run(self):
        began = time.monotonic()
        due, noted, owed = began, began, 0.0
        while (now := time.monotonic()) < began + self.seconds:
            # A machine that stood still is not made up for at once.
            owed = min(owed + (now - due) * self.rate, self.rate * 0.5)
            due = now
            self.traffic.send(int(owed), now)
            owed -= int(owed)
            if now - noted >= min(NOTE, self.seconds / 8):
                noted = now
                self.look(began)
            time.sleep(TICK)

    def judge(self):
        self.traffic.sent = +self.traffic.sent
        sent = self.traffic.sent
        until("every frame to be taken", lambda: self.counters()["packets"] >= sum(sent.values()), 60, 1)
        summary = self.counters()
        counted = {name: count for name, count in summary["classes"].items() if count}
        print(f"{sum(sent.values())} frames in {self.seconds} s, {self.traffic.octets} octets, {self.traffic.made} pairs, "
              f"{len(self.traffic.leaks)} leaks")
        expect(counted == dict(sent), f"sent {dict(sent)}, counted {counted}")
        expect(summary["bytes"] == self.traffic.octets, f"{self.traffic.octets} octets sent, {summary['bytes']} counted")
        self.judge_alerts()
        self.judge_use()

    def judge_alerts(self):
        opened, cleared, others = collections.Counter(), collections.Counter(), collections.Counter()
        for line in self.sensor.records():
            record = json.loads(line)
            if record["type"] != "finding":
                continue
            if record["id"] == "cleartext-leak":
                (opened if record["state"] == "open" else cleared)[(record["a"], record["b"])] += record["state"] != "update"
            elif record["severity"] in ("critical", "high", "medium"):
                others[f"{record['id']}/{record['cause']}"] += record["state"] == "open"
        leaks = set(self.traffic.leaks)
        others = +others
        # After some time what makes no sense has filled the tables, which is so, and told once.
        if others["table-full/None"] == 1:
            del others["table-full/None"]
        missed, invented = leaks - set(opened), set(opened) - leaks
        twice = [pair for pair, count in opened.items() if count > 1]
        print(f"{len(opened)} of {len(leaks)} leaks told, {len(cleared)} cleared, {len(twice)} twice, {len(invented)} invented, "
              f"others {dict(others)}")
        expect(not missed, f"not told: {sorted(missed)[:5]}")
        expect(not invented, f"invented: {sorted(invented)[:5]}")
        expect(not others, f"other alerts: {dict(others)}")
        expect(not twice, f"twice: {twice[:5]}")

    def judge_use(self):
        settled = [entry for entry in self.looks if entry[0] > self.seconds / 4]
        for name in ("monitor", "engine", "reporter"):
            looks = [record[name] for _, record in settled]
            half = len(looks) // 2
            early, late = max(look.resident for look in looks[:half or 1]), max(look.resident for look in looks)
            descriptors = {look.descriptors for look in looks}
            print(f"{name}: {looks[0].resident} KiB after a quarter, {early} at most until the middle, {late} at most in all; "
                  f"{min(descriptors)} to {max(descriptors)} descriptors")
            # A checker keeps what was freed.
            if not os.environ.get("SOAK_SANITIZED"):
                expect(late - early < GROWTH_KIB, f"{name} grows: {early} KiB, then {late}")
            expect(max(descriptors) - min(descriptors) <= 2, f"{name} has from {min(descriptors)} to {max(descriptors)} descriptors")


def body(folder):
    espiald, seconds = sys.argv[1], float(sys.argv[2])
    rate = float(sys.argv[3]) if len(sys.argv) > 3 else 1000
    soak = Soak(folder, espiald, seconds, rate, sys.argv[4] if len(sys.argv) > 4 else None)
    soak.run()
    soak.judge()
    expect(soak.sensor.process.poll() is None, "espiald ended")
    expect(soak.sensor.end() == 0, "espiald does not end with status 0")
    ended = re.findall(r".*(?:ended with status|by signal|ERROR: |runtime error).*", soak.sensor.notices())
    expect(not ended, f"{ended[:3]}")


if __name__ == "__main__":
    sys.exit(station.run_test(body))
