#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Workers and capture.pin: check_pin.py ESPIALD ESPIAL

Capture and workers run on the processors that the configuration names, and nothing else of the engine does; another
configuration moves them, one that cannot be is refused with its place in the file; a thread that was moved comes back; a sensor whose
configuration names a processor that is not there captures all the same. And what `espial status` says of workers, rings and stages.
"""

import json
import os
import subprocess
import sys

import packets
import station
from station import Sensor, Skip, Wire, expect, until

RULES = {"branch": {"between": "[10.1.0.0/24, 10.2.0.0/24]"}}
NOWHERE = 1000


def allowed(task):
    """The processors that a thread may run on."""
    with open(f"/proc/{task}/status", encoding="ascii") as file:
        text = dict(line.rstrip("\n").split(":\t", 1) for line in file)["Cpus_allowed_list"]
    numbers = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return numbers


class Stage:
    def __init__(self, folder, espiald, espial, processors):
        self.folder, self.espiald, self.espial = folder, espiald, espial
        self.first, self.second = processors
        self.wire = Wire("station0", "sensor0")
        self.sensor = Sensor(espiald, folder, ["sensor0"], RULES)
        # Room for every frame, which are counted, however busy the machine is.
        self.sensor.rewrite(("buffer: 4MiB", f"buffer: 32MiB\n    workers: 2\n    pin: [{self.second}, {self.first}]"))

    def threads(self):
        engine = self.sensor.engine()
        others = sorted(int(name) for name in os.listdir(f"/proc/{engine}/task") if int(name) != engine)
        return allowed(engine), [allowed(f"{engine}/task/{thread}") for thread in others]

    def on(self, capture, worker):
        """Whether capture and the second worker run there, and the judge's thread, which is neither, anywhere."""
        main, others = self.threads()
        return main == capture and worker in others and {self.first, self.second} <= set.union(*others) and \
            any(len(one) > 1 for one in others)

    def ask(self, *arguments, columns=100):
        done = subprocess.run([self.espial, *arguments, "--socket", f"{self.folder}/control.sock"], capture_output=True, text=True,
                              timeout=30, check=False, env=dict(os.environ, COLUMNS=str(columns)))
        expect(done.returncode in (0, 1), done.stderr)
        return done.stdout

    def status(self, packets_at_least):
        status = json.loads(self.ask("status", "--json"))
        return status if status["packets"] >= packets_at_least else None

    def reload(self, status, *changes):
        self.sensor.rewrite(*changes)
        done = subprocess.run([self.espial, "reload", "--socket", f"{self.folder}/control.sock"], capture_output=True, text=True,
                              timeout=30, check=False)
        expect(done.returncode == status, f"reload: {done.returncode} {done.stdout} {done.stderr}")
        return done.stdout + done.stderr

    def sees_a_leak(self, port):
        self.wire.send(packets.ethernet(packets.tcp("10.1.0.1", "10.2.0.2", port, 80, packets.SYN)))
        until("the leak", lambda: any("cleartext-leak" in line for line in self.sensor.records()))


def pinned(stage):
    first, second = stage.first, stage.second
    stage.sensor.start()
    until("threads in their places", lambda: stage.on({second}, {first}), 5)
    stage.sees_a_leak(40000)
    accounted(stage)
    # Somebody moves a thread: it is put back, and that is no news.
    before = len(stage.sensor.notices())
    os.sched_setaffinity(stage.sensor.engine(), {first})
    until("the thread back in its place", lambda: stage.on({second}, {first}), 5)
    stage.reload(0, (f"pin: [{second}, {first}]", f"pin: [{first}]"))
    until("both on one", lambda: stage.threads()[0] == {first} and {first} in stage.threads()[1], 5)
    said = stage.reload(2, (f"pin: [{first}]", f"pin: [{first}, {NOWHERE}]"))
    expect(f"espial.yaml:6: capture[0].pin[1]: there is no processor {NOWHERE} here; espiald may run on" in said, said)
    expect(stage.threads()[0] == {first}, "a refused configuration moved a thread")
    stage.reload(0, (f"    pin: [{first}, {NOWHERE}]\n", ""))
    until("threads anywhere", lambda: all(len(one) > 1 for one in [stage.threads()[0], *stage.threads()[1]]), 5)
    expect("capture.pin" not in stage.sensor.notices()[before:].replace("capture[0].pin", ""), stage.sensor.notices()[before:])
    expect(stage.sensor.end() == 0, "espiald ends in order")


def accounted(stage):
    """Every frame is read by one worker and tracked by one; every stage has its cost; and it is shown within 80 columns."""
    first, second = stage.first, stage.second
    # A timed batch that had to share its processor is no sample, so that a busy machine needs more than one round.
    for start in range(0, 30000, 3000):
        for sequence in range(start + 1, start + 3001):
            for a, b, spi in (("10.1.0.3", "10.2.0.3", 0xC0000003), ("10.1.0.4", "10.2.0.4", 0xC0000004)):
                stage.wire.send(packets.ethernet(packets.esp(a, b, spi, sequence)))
        status = until("all frames", lambda sent=2 * (start + 3000): stage.status(sent + 1), step=0.5)
        if all(stage_of["packets"] for stage_of in status["stages"] if stage_of["name"] != "name"):
            break
    workers = status["workers"]
    expect(sum(worker["read"] for worker in workers) == status["packets"], workers)
    expect(sum(worker["tracked"] for worker in workers) == status["packets"], workers)
    expect(all(0 <= worker["waited"] <= worker["together"] for worker in workers), workers)
    expect([worker["processors"] for worker in workers] == [str(second), str(first)], workers)
    stages = {stage["name"]: stage for stage in status["stages"]}
    expect(list(stages) == ["read", "decode", "track", "name", "judge", "records"], stages)
    for name in ("read", "decode", "track", "judge", "records"):
        expect(0 < stages[name]["ns_per_packet"] < 1e7 and 0 < stages[name]["packets"] <= status["packets"], stages[name])
    expect(stages["read"]["packets"] < status["packets"] / 10, f"samples, not all: {stages['read']}")
    ring = status["interfaces"][0]
    expect(ring["ring"] == 32 << 20 and 0 < ring["ring_used"] <= ring["ring_peak"] <= ring["ring"] and ring["ring_full"] == 0, ring)
    text = stage.ask("status", columns=80)
    expect(max(map(len, text.splitlines())) <= 80, text)
    for words in ("worker 2", f"on processor {second}", "used of late", "NS A PACKET", "name (nDPI)"):
        expect(words in text, f"{words!r} in {text}")


def not_there(stage):
    """What cannot be is said where it is asked about, and does not make a sensor blind."""
    stage.sensor.rewrite(("workers: 2", f"workers: 2\n    pin: [{NOWHERE}]"))
    path = f"{stage.folder}/espial.yaml"
    for command, status in (([stage.espiald, "-c", path, "--check-config"], 2), ([stage.espial, "check-config", path], 0)):
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        expect(done.returncode == status, f"{command}: {done.returncode} {done.stderr}")
        expect(f"{path}:6: capture[0].pin[0]: there is no processor {NOWHERE} here" in done.stderr, done.stderr)
    stage.sensor.start()
    stage.sensor.wait_notice(rf"espial.yaml:6: capture\[0\].pin\[0\]: there is no processor {NOWHERE} here.*capturing without it")
    stage.sensor.wait_notice(rf"capture.pin: worker 2 cannot run on {NOWHERE}, which is switched off or not allowed to espiald; it runs on")
    stage.sees_a_leak(40001)
    expect(stage.sensor.end() == 0, "espiald ends in order")
    expect(stage.sensor.notices().count("worker 2 cannot run on") == 1, "that is told once")


def main():
    espiald, espial = sys.argv[1:3]

    def body(folder):
        processors = sorted(os.sched_getaffinity(0))
        if len(processors) < 2:
            raise Skip("needs two processors")
        stage = Stage(folder, espiald, espial, processors[:2])
        pinned(stage)
        not_there(stage)
        print("capture and workers run where they are told to")

    return station.run_test(body)


if __name__ == "__main__":
    sys.exit(main())
