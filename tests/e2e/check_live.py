#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Live against offline: check_live.py ESPIAL FOLDER [LAB...]

The frames of a lab go over a cable; `espial audit -i` listens, and beside it tcpdump writes what it sees to a file, with the
kernel's times for both. Then the file is audited. What both say of named pairs has to be the same: alerts with cause, severity,
grade, first and last packet; the audit's classes; every SA with its counts, every IKE SA with its outcome.

Not compared: what is told of learned pairs (a file teaches with fewer packets, docs/detection.md), events of the lifecycle, and
ends of alerts whose time had not come when the last frame did: live, time goes on until the audit is ended. By one worker and by
three. LABs instead of the one that
every run takes; pauses longer than 0.3 s are shortened.
"""

import datetime
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import station
from station import Wire, expect, until

USUAL = ["08a-leak-both-policy-flush"]

ALERT = ("id", "cause", "severity", "grade", "a", "b", "src", "dst", "spi", "rule", "protocol", "count", "bytes")
SA = ("src", "dst", "spi", "proto", "encap", "packets", "bytes", "seq_first", "seq_last", "lost", "replayed", "replaces")
IKE = ("initiator", "responder", "ispi", "rspi", "version", "mode", "step", "outcome", "selected")


SETTLED = 15.0  # seconds after which it is known what an SA replaced


def seconds_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def records_of(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def facts(records):
    """What is compared, as texts."""
    summary = next((record for record in records if record["type"] == "summary"), {"classes": {}, "last": ""})
    alerts = {}
    for record in records:
        if record["type"] != "finding" or record["rule"] in (None, "learned") or record["severity"] == "info":
            continue
        if record["state"] != "clear" or record["time"] <= summary["last"]:
            alerts[record["alert"]] = record
        elif record["alert"] in alerts:
            # It ended behind the last frame, where a file ends too: what it came to is as good a last word.
            alerts[record["alert"]] |= {name: record[name] for name in ("count", "bytes")}
    found = [f"classes {json.dumps(summary['classes'], sort_keys=True)}"]
    for record in alerts.values():
        found.append("alert " + json.dumps({name: record[name] for name in ALERT}, sort_keys=True))
    for record in records:
        if record["type"] == "sa":
            # Which SA it replaced is known some seconds later.
            young = seconds_of(summary["last"]) - seconds_of(record["first"]) < SETTLED
            found.append("sa " + json.dumps({name: None if young and name == "replaces" else record[name] for name in SA},
                                            sort_keys=True))
        if record["type"] == "ike_sa":
            found.append("ike " + json.dumps({name: record[name] for name in IKE}, sort_keys=True))
    return sorted(found)


class Stage:
    def __init__(self, folder, espial):
        self.folder, self.espial = folder, espial
        self.wire = Wire("station0", "sensor0")

    def secured(self, lab):
        with open(lab[:-5] + ".expected.json", encoding="utf-8") as file:
            return [word for pair in json.load(file).get("secured", []) for word in ("--secured", pair)]

    def run(self, lab, workers):
        """A listener that came late is no difference: it has missed frames, and listens once more."""
        for _ in range(3):
            outcome = self.compare(lab, workers)
            if outcome is not None:
                return outcome
        return False

    def compare(self, lab, workers):
        name = os.path.basename(lab)[:-5]
        recorded, live = f"{self.folder}/{name}.pcap", f"{self.folder}/{name}.live"
        secured = self.secured(lab)
        recorder = station.start(["tcpdump", "-i", "sensor0", "-w", recorded, "-U", "-B", "65536", "-s", "0", "-Z", "root"],
                                 stderr=subprocess.PIPE)
        until("tcpdump", lambda: os.path.exists(recorded) and os.path.getsize(recorded) >= 24)
        config = f"{self.folder}/{name}.yaml"
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"capture:\n  - {{ interface: sensor0, workers: {workers} }}\n")
        with open(live, "w", encoding="utf-8") as out, open(f"{live}.errors", "w", encoding="utf-8") as errors:
            listener = station.start([self.espial, "audit", "--json", "-c", config, *secured, "-i", "sensor0"], stdout=out, stderr=errors)
        # Both have their ring on the interface.
        until("audit", lambda: len(open("/proc/net/packet", encoding="ascii").read().splitlines()) >= 4)
        time.sleep(1)
        frames = station.read_pcap(lab)
        station.replay(frames, self.wire.send)
        wanted = 24 + sum(16 + len(frame) for _, frame in frames)
        deadline = time.monotonic() + 5
        while os.path.getsize(recorded) < wanted and time.monotonic() < deadline:
            time.sleep(0.05)
        listener.send_signal(signal.SIGINT)
        listener.wait(20)
        recorder.send_signal(signal.SIGTERM)
        recorder.wait(20)
        offline = subprocess.run([self.espial, "audit", "--json", *secured, recorded], capture_output=True, text=True, check=False)
        if os.environ.get("ESPIAL_KEEP"):
            shutil.copy(recorded, os.environ["ESPIAL_KEEP"])
            shutil.copy(live, os.environ["ESPIAL_KEEP"])
        with open(f"{self.folder}/{name}.offline", "w", encoding="utf-8") as file:
            file.write(offline.stdout)
        counts = [sum(record["packets"] for record in records_of(path) if record["type"] == "summary")
                  for path in (live, f"{self.folder}/{name}.offline")]
        if counts[0] != counts[1]:
            print(f"{name}: {counts[0]} frames live, {counts[1]} in the file; once more")
            return None
        mine = facts(records_of(live))
        theirs = facts(records_of(f"{self.folder}/{name}.offline"))
        if mine == theirs:
            print(f"{name}: {len(frames)} frames, {len(mine)} facts, the same ({workers} workers)")
            return True
        print(f"{name}: {len(frames)} frames, differ")
        for line in mine:
            if line not in theirs:
                print(f"  live: {line[:500]}")
        for line in theirs:
            if line not in mine:
                print(f"  offline: {line[:500]}")
        return False


def body(folder):
    espial, labs = sys.argv[1:3]
    names = sys.argv[3:] or USUAL
    if names == ["all"]:
        names = [os.path.basename(path)[:-5] for path in sorted(glob.glob(f"{labs}/*.pcap"))]
    stage = Stage(folder, espial)
    wrong = [name for name in names for workers in (1, 3) if not stage.run(f"{labs}/{name}.pcap", workers)]
    expect(not wrong, f"differ: {wrong}")


if __name__ == "__main__":
    sys.exit(station.run_test(body, "tcpdump"))
