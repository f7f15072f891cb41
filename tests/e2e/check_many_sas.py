#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A hundred thousand SAs, asked for: check_many_sas.py ESPIALD ESPIAL [SAS]

espiald sees ESP of so many SAs between half as many pairs on a wire; then `espial sas`, `pairs` and `status` ask for them, as
text and as JSON lines, while frames go on. Each answer is whole, and comes within a second; no frame is dropped for it. So that
a busy machine does not fail the test, the bound is of processor time: of engine and reporter, of which one writes while the other
reads, the one that takes longer, and of the client. The clock is held too, if nobody else needed the processors meanwhile. What
was too slow is asked again, twice, since caches and other guests of the machine are not espial's.
"""

import json
import os
import struct
import subprocess
import sys
import threading
import time

import packets
import station
from station import Sensor, Wire, expect, until

BOUND = 1.0  # seconds: of processors, and by the clock
QUIET = 0.1  # of all processors: what others may use while the clock counts
ATTEMPTS = 3
TICKS = os.sysconf("SC_CLK_TCK")


def frame(number, sequence):
    """ESP of one SA: two to a pair, one each way."""
    pair, back = divmod(number, 2)
    ends = [0x0A000000 | (pair & 0xFFFFFF), 0xC0A80000 | (pair >> 8 & 0xFFFF)]
    if back:
        ends.reverse()
    return packets.ethernet(packets.ip(*ends, 50, struct.pack(">II", 0x10000 + number, sequence) + bytes(72)))


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def busy_seconds():
    """Of all processors: what anybody used, and what the host took for others."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, hard, soft, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + hard + soft + steal) / TICKS


class Stage:
    def __init__(self, folder, espiald, espial, count):
        self.folder, self.espial, self.count = folder, espial, count
        self.wire = Wire("station0", "sensor0")
        self.sensor = Sensor(espiald, folder, ["sensor0"], {}, more="limits: {{ sas: 150k, pairs: 100k, flows: 100k }}\n")
        # Several workers, since one is what all the other tests have.
        self.sensor.rewrite(("buffer: 4MiB", "buffer: 64MiB\n    workers: 3"))
        self.sensor.start()
        until("control socket", lambda: os.path.exists(f"{folder}/control.sock"))

    def ask(self, *arguments):
        """What it writes; seconds by the clock, and of processors: of the client, the engine, the reporter."""
        pids = [self.sensor.engine(), self.sensor.reporter()]
        before = [processor_seconds(pid) for pid in pids]
        begun, client = time.monotonic(), os.times()
        done = subprocess.run([self.espial, *arguments, "--socket", f"{self.folder}/control.sock"], capture_output=True, timeout=120, check=False)
        clock, after = time.monotonic() - begun, os.times()
        expect(done.returncode in (0, 1), f"espial {arguments}: {done.returncode} {done.stderr}")
        used = [after.children_user + after.children_system - client.children_user - client.children_system]
        used += [processor_seconds(pid) - seconds for pid, seconds in zip(pids, before)]
        return done.stdout, clock, used

    def ask_fast(self, *arguments):
        """What it writes, and why that was too slow, or nothing."""
        for _ in range(ATTEMPTS):
            time.sleep(1.1)  # the answer before is too old to be used again
            others = busy_seconds()
            output, clock, used = self.ask(*arguments)
            longest = used[0] + max(used[1:])
            others = busy_seconds() - others - sum(used)
            quiet = others < QUIET * clock * os.cpu_count()
            print(f"espial {' '.join(arguments):14} {clock:5.2f} s{'' if quiet else ' beside others'}; processors: client {used[0]:.2f}, "
                  f"engine {used[1]:.2f}, reporter {used[2]:.2f} s")
            if longest <= BOUND and (clock <= BOUND or not quiet):
                return output, None
        return output, f"espial {' '.join(arguments)}: {longest:.2f} s of processors, {clock:.2f} s by the clock; {BOUND} s are allowed"

    def status(self):
        return json.loads(self.ask("status", "--json")[0])

    def status_or_none(self):
        """A machine that is busy with other things may take longer than espiald has patience for."""
        try:
            time.sleep(1.1)
            return self.status()
        except station.Failure:
            return None

    def fill(self):
        """Rounds of one packet for each SA, at a pace that any machine takes, until all are there."""
        for sequence in range(1, 10):
            for number in range(self.count):
                self.wire.send(frame(number, sequence))
                if number % 500 == 0:
                    time.sleep(0.002)
            found = until("state of the engine", self.status_or_none, 120, 1)["sas"]
            if found == self.count:
                return sequence
        raise station.Failure(f"{found} SAs of {self.count}")


class Traffic(threading.Thread):
    """Frames that go on while others ask."""

    def __init__(self, stage, sequence):
        super().__init__(daemon=True)
        self.stage, self.sequence, self.sent, self.stop = stage, sequence, 0, False

    def run(self):
        number = 0
        while not self.stop:
            for _ in range(200):
                self.stage.wire.send(frame(number, self.sequence))
                number += 1
                self.sent += 1
                if number == self.stage.count:
                    number, self.sequence = 0, self.sequence + 1
            time.sleep(0.02)


def main(espiald, espial, count="100000"):
    def body(folder):
        stage = Stage(folder, os.path.realpath(espiald), os.path.realpath(espial), int(count))
        sequence = stage.fill()
        before = stage.status()
        traffic = Traffic(stage, sequence + 1)
        traffic.start()
        slow = []
        lines = {"sas": stage.count, "pairs": stage.count // 2}
        for command, more in (("status", []), ("sas", []), ("sas", ["--json"]), ("pairs", []), ("pairs", ["--json"])):
            output, why = stage.ask_fast(command, *more)
            slow += [why] if why else []
            if more:
                rows = output.splitlines()
                expect(len(rows) == lines[command], f"{len(rows)} lines instead of {lines[command]}")
                expect(len({json.loads(row)["spi" if command == "sas" else "a"] for row in rows[::97]}) > 100, "they are different")
            elif command == "sas":
                expect(str(stage.count) in output.decode()[-400:] or len(output.splitlines()) > stage.count, "all of them are there, or counted")
        traffic.stop = True
        traffic.join()
        after = until("all frames counted", lambda: (lambda now: now if now["packets"] >= before["packets"] + traffic.sent else None)(stage.status()))
        expect(after["interfaces"][0]["dropped"] == before["interfaces"][0]["dropped"], f"frames were dropped: {after['interfaces']}")
        expect(stage.sensor.end() == 0, "espiald ends well")
        expect(not slow, "; ".join(slow))

    return station.run_test(body)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
