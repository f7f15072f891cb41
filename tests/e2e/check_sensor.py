#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sensor tells when it is blind, or sees less than it should: check_sensor.py ESPIALD CLOCK_STEP

On virtual cables: one falls silent and speaks again, is switched off at either end and on again, goes away and comes back, is
called otherwise; the engine does not take frames in time; frames come merged; the clock is set. Each is told once and ends. What
must not be told: ordinary traffic, an idle cable, one that is off for a moment, a clock that is a little off.
"""

import json
import os
import signal
import socket
import struct
import sys
import time

import packets
import station
from station import Clock, Sensor, Wire, expect, until

RULES = {"many": {"between": "[10.99.0.0/16]"}}
HEALTH = "health: {{ down-after: 1s, over-after: 2s }}\n"
ABOUT_SENSOR = {"capture-down", "capture-silent", "capture-drops", "capture-offload", "mirror-one-way", "mirror-doubled",
                "clock-jump", "engine-restarted", "table-full"}
SILENT_AFTER = 2.0
SOL_PACKET, PACKET_VNET_HDR = 263, 15
VNET_NEEDS_CHECKSUM, VNET_TCPV4 = 1, 1


class Stage:
    def __init__(self, folder, espiald, shim):
        self.wires = [Wire("station0", "sensor0"), Wire("station1", "sensor1")]
        self.sensor = Sensor(espiald, folder, ["sensor0", "sensor1"], RULES, more=HEALTH)
        self.clock = Clock(self.sensor, shim)
        # The first cable always brings something; the second goes by its habit.
        self.sensor.rewrite(("sensor0\n", f"sensor0\n    silent-after: {SILENT_AFTER:.0f}s\n"), ("4MiB", "1MiB"))
        self.sensor.start()
        self.pairs, self.sent = 0, 0
        self.told = []  # (finding, state) in the order in which they are expected

    def findings(self):
        return [finding for finding in map(json.loads, self.sensor.records())
                if finding["id"] in ABOUT_SENSOR and finding["state"] != "update"]

    def speak(self, wire=0):
        """One ESP packet each way, as the peers of a tunnel send them."""
        self.sent += 1
        for source, destination, spi in (("10.1.0.1", "10.2.0.2", 0xC0000001), ("10.2.0.2", "10.1.0.1", 0xC0000002)):
            self.wires[wire].send(packets.ethernet(packets.esp(source, destination, spi, self.sent)))

    def pass_time(self, seconds, speaking=True):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if speaking:
                self.speak()
            time.sleep(0.1)

    def expect_told(self, finding, state, seconds=10.0, speaking=True, interface="sensor0"):
        """That this and nothing else is told of the sensor, within so long."""
        deadline = time.monotonic() + seconds
        while len(self.findings()) == len(self.told):
            expect(time.monotonic() < deadline, f"after {seconds:.0f} s nothing was told: {finding} {state} was due")
            self.pass_time(0.1, speaking)
        came = self.findings()[len(self.told)]
        expect((came["id"], came["state"], came["interface"]) == (finding, state, interface),
               f"{came['id']} {came['state']} {came['interface']} instead of {finding} {state} {interface}: {came['text']}")
        self.told.append((finding, state))
        print(f"{state:5} {came['id']}: {came['text']}")
        return came

    def expect_nothing_more(self):
        more = self.findings()[len(self.told):]
        expect(not more, f"told besides: {[(one['id'], one['state'], one['text']) for one in more]}")

    def is_seen(self, wire):
        """A leak on that cable is alarmed: the sensor takes its frames."""
        self.pairs += 1
        a, b = f"10.99.{self.pairs}.1", f"10.99.{self.pairs}.2"
        self.wires[wire].send(packets.ethernet(packets.tcp(a, b, 40000, 80, packets.SYN)))
        until(f"alert of the leak of {a}", lambda: any(a in line for line in self.sensor.records()), 10)


def ordinary(stage):
    """The second cable is idle, and nobody said that it may not be."""
    stage.pass_time(SILENT_AFTER + 1.5)
    stage.is_seen(0)
    stage.expect_nothing_more()


def silent(stage):
    began = time.monotonic()
    came = stage.expect_told("capture-silent", "open", SILENT_AFTER + 3, speaking=False)
    expect(time.monotonic() - began >= SILENT_AFTER - 0.2, "silence was told too early")
    expect(came["severity"] == "high" and came["evidence"]["unseen_seconds"] >= SILENT_AFTER, came)
    time.sleep(1)
    came = stage.expect_told("capture-silent", "clear")
    expect(came["cleared_by"] == "frames-again", came)


def off_for_a_moment(stage):
    for end in ("sensor0", "station0"):
        station.run("ip", "link", "set", end, "down")
        time.sleep(0.3)
        station.run("ip", "link", "set", end, "up")
        stage.pass_time(1.8)
    stage.is_seen(0)
    stage.expect_nothing_more()


def down(stage):
    for end, reason in (("sensor0", "switched-off"), ("station0", "no-carrier")):
        station.run("ip", "link", "set", end, "down")
        came = stage.expect_told("capture-down", "open", 5, speaking=False)
        expect(came["severity"] == "high" and came["evidence"]["reason"] == reason, came)
        station.run("ip", "link", "set", end, "up")
        came = stage.expect_told("capture-down", "clear", speaking=False)
        expect(came["cleared_by"] == "up-again" and came["evidence"]["unseen_seconds"] >= 1, came)
        stage.is_seen(0)


def gone(stage):
    stage.wires[0].unplug()
    came = stage.expect_told("capture-down", "open", 5, speaking=False)
    expect(came["evidence"]["reason"] == "missing", came)
    stage.wires[0].plug()
    stage.expect_told("capture-down", "clear", speaking=False)
    stage.is_seen(0)


def called_otherwise(stage):
    """It is followed, under traffic and without."""
    for name in ("mirror7", "sensor1"):
        before = "sensor1" if name == "mirror7" else "mirror7"
        station.run("ip", "link", "set", before, "down")
        station.run("ip", "link", "set", before, "name", name)
        station.run("ip", "link", "set", name, "up")
        stage.pass_time(2.5)
        stage.is_seen(1)
    expect("mirror7" in stage.sensor.notices(), "no word that sensor1 is called mirror7")
    stage.expect_nothing_more()


def drops(stage):
    """The engine stands still while more comes than its ring holds."""
    engine = stage.sensor.engine()
    frame = packets.ethernet(packets.esp("10.1.0.1", "10.2.0.2", 0xC0000001, stage.sent))
    os.kill(engine, signal.SIGSTOP)
    try:
        for _ in range(30000):
            stage.wires[0].send(frame)
    finally:
        os.kill(engine, signal.SIGCONT)
    came = stage.expect_told("capture-drops", "open")
    expect(came["severity"] == "medium" and came["evidence"]["dropped"] > 1000, came)
    came = stage.expect_told("capture-drops", "clear", 20)
    expect(came["cleared_by"] == "no-more-drops" and came["evidence"]["dropped"] < 30000, came)


def clock(stage):
    stage.clock.set(1)
    stage.pass_time(0.5)
    stage.clock.set(0)
    stage.pass_time(0.5)
    stage.expect_nothing_more()
    stage.clock.set(600)
    came = stage.expect_told("clock-jump", "open", 5, interface=None)
    expect(598 < came["evidence"]["step_seconds"] < 602 and came["severity"] == "low", came)
    expect(598 < came["evidence"]["behind_seconds"] < 602 and "agree with it in 1.3 hours" in came["text"], came)


def merged(stage):
    """Long segments, which the kernel is to cut and a virtual cable does not: as from a card that puts together."""
    for end in ("station0", "sensor0"):
        station.run("ip", "link", "set", end, "mtu", "1500")
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sender.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    sender.bind(("station0", 0))
    stage.pass_time(1.5)
    header = struct.pack("=BBHHHHH", VNET_NEEDS_CHECKSUM, VNET_TCPV4, 54, 1448, 34, 16, 0)[:10]
    for number in range(20):
        frame = packets.ethernet(packets.tcp("10.3.0.1", "10.4.0.2", 40001, 5001, packets.ACK, bytes(14480), 1 + 14480 * number))
        sender.send(header + frame)
    sender.close()
    came = stage.expect_told("capture-offload", "open")
    expect(came["evidence"]["longest_frame"] == 14480 + 54 and came["evidence"]["mtu"] == 1500, came)


def once_each(stage):
    """What was opened was closed; nothing was opened twice."""
    stage.pass_time(2)
    stage.expect_nothing_more()
    open_now = {}
    for finding in stage.findings():
        key = finding["alert"]
        expect((finding["state"] == "clear") == (key in open_now), f"{finding['id']} {finding['state']}: {finding['text']}")
        if finding["state"] == "open":
            open_now[key] = finding["id"]
        else:
            del open_now[key]
    print(f"open at the end: {sorted(open_now.values())}")
    expect(stage.sensor.end() == 0, "espiald does not end with status 0")


def body(folder):
    stage = Stage(folder, sys.argv[1], sys.argv[2])
    for act in (ordinary, silent, off_for_a_moment, down, gone, called_otherwise, drops, merged, clock, once_each):
        began = time.monotonic()
        act(stage)
        print(f"  ({act.__name__}: {time.monotonic() - began:.1f} s)", flush=True)


if __name__ == "__main__":
    sys.exit(station.run_test(body))
