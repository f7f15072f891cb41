#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A running espiald keeps captures of its alerts: check_evidence.py ESPIALD ESPIAL

A leak with a login in it, between ESP and IKE of others: `espial alerts show ALERT --pcap FILE` brings a small pcapng that holds the
frames of that pair, points out those in clear, and has not one octet of what they said; tshark agrees where it is installed. The
engine is killed, and the capture is there and goes on under the same alert. Files and folder are for espial and its group only,
there are never more than allowed, and without the section there is no folder, and a message that says what to do.
"""

import base64
import os
import signal
import stat
import subprocess
import sys
import time

import packets
import station
from evidence import Capture, check_headers, layers, tshark
from station import Sensor, Wire, expect, until

RULES = {"many": {"between": "[10.99.0.0/16]"}}
A, B, C = "10.99.0.1", "10.99.0.2", "10.98.0.3"
# Too long to be what an ESP packet beside it carried.
LOGIN = b"GET /payroll HTTP/1.1\r\nAuthorization: Basic " + base64.b64encode(b"alice:correct horse" * 12) + b"\r\n\r\n"
FILES = 20


class Stage:
    def __init__(self, folder, espiald, espial):
        self.folder, self.espial = folder, espial
        self.captures = f"{folder}/captures"
        self.wire = Wire("station0", "sensor0")
        self.sensor = Sensor(espiald, folder, ["sensor0"], RULES,
                             more="  evidence: {{ dir: {folder}/captures, files: %d, memory: 1MiB }}\n" % FILES)
        self.sensor.start()
        self.sequence = 0

    def ask(self, *arguments, status=0):
        environment = dict(os.environ, ESPIAL_SOCKET=f"{self.folder}/control.sock")
        done = subprocess.run([self.espial, *arguments], env=environment, capture_output=True, text=True, timeout=30, check=False)
        expect(done.returncode == status, f"espial {arguments}: {done.returncode}, not {status}: {done.stderr}")
        return done.stdout, done.stderr

    def esp(self, a, b, count):
        for _ in range(count):
            self.sequence += 1
            self.wire.send(packets.ethernet(packets.esp(a, b, 0xC0000001, self.sequence)))
            self.wire.send(packets.ethernet(packets.esp(b, a, 0xC0000002, self.sequence)))

    def clear(self, a, b, port, flags, payload=b""):
        self.wire.send(packets.ethernet(packets.tcp(a, b, port, 80, flags, payload)))

    def alert_of(self, a):
        return until(f"alert of {a}", lambda: next((line.split('"alert":"')[1][:16] for line in self.sensor.records()
                                                    if f'"{a}"' in line and '"cleartext-leak"' in line), None))

    def saved(self, alert):
        path = f"{self.folder}/saved.pcapng"
        self.ask("alerts", "show", alert, "--pcap", path)
        return Capture(path)

    def kept(self):
        return [name for name in os.listdir(self.captures) if name.endswith(".pcapng")]


def leak(stage):
    stage.esp(A, B, 6)
    stage.esp(A, C, 3)
    stage.clear(A, C, 40009, packets.SYN)  # another pair's, that nobody asks about
    stage.clear(A, B, 40001, packets.SYN)
    stage.clear(A, B, 40001, packets.PSH | packets.ACK, LOGIN)
    alert = stage.alert_of(A)
    path = f"{stage.captures}/{alert}.pcapng"
    until("the capture", lambda: os.path.exists(path), 5)
    until("the login in it", lambda: sum(frame[4] is not None for frame in stage.saved(alert).frames) >= 2, 5)
    capture = stage.saved(alert)
    check_headers(capture)
    hosts = {layer[:2] for frame in capture.frames for layer in layers(frame[2], 1)[0]}
    expect(hosts == {(A, B), (B, A)}, f"frames of others: {hosts}")
    pointed = [frame for frame in capture.frames if frame[4]]
    expect(all(layers(frame[2], 1)[0][0][2] == 6 for frame in pointed), "what is pointed out is not what was in clear")
    expect("in clear" in pointed[0][4] and "cleartext-leak" in capture.comment and alert in capture.comment, capture.comment)
    expect(sum(layers(frame[2], 1)[0][0][2] == 50 for frame in capture.frames) >= 12, "the ESP before it is not there")
    expect(capture.interfaces == [(1, "sensor0")], f"{capture.interfaces}")
    for word in (b"payroll", b"Basic", LOGIN[-30:-4]):
        expect(word not in capture.octets, f"{word} is in the capture")
    rows = tshark(f"{stage.folder}/saved.pcapng", "frame.comment", "tcp.payload", "_ws.malformed")
    if rows is not None:
        expect([row[0] for row in rows] == [frame[4] or "" for frame in capture.frames], "tshark reads other comments")
        expect(not any(row[1] or row[2] for row in rows), "tshark finds payload, or malformed frames")
    print(f"{len(capture.frames)} frames, {len(pointed)} pointed out, {len(capture.octets)} octets; "
          f"tshark {'agrees' if rows else 'is not here'}")
    return alert, len(capture.frames)


def rights(stage, alert):
    """For espial and its group, whoever starts it."""
    status = os.stat(f"{stage.captures}/{alert}.pcapng")
    expect(stat.S_IMODE(status.st_mode) & 0o027 == 0, oct(status.st_mode))
    folder = os.stat(stage.captures)
    expect(stat.S_IMODE(folder.st_mode) & 0o027 == 0 and folder.st_uid == status.st_uid != 0, oct(folder.st_mode))


def engine_killed(stage, alert, before):
    """The next engine calls it by the same number, and adds to the same file."""
    mark = len(stage.sensor.notices())
    os.kill(stage.sensor.engine(), signal.SIGKILL)
    time.sleep(0.3)
    until("packet socket of the next engine", stage.sensor.listens)
    expect(len(stage.saved(alert).frames) >= before, "frames are gone")

    def more():
        stage.clear(A, B, 40002, packets.PSH | packets.ACK, LOGIN)
        return len(stage.saved(alert).frames) > before

    until("more frames in the same capture", more, 10, 0.2)
    expect("evidence" not in stage.sensor.notices()[mark:], stage.sensor.notices()[mark:])


def many(stage):
    """More alerts than captures may be."""
    for number in range(2 * FILES):
        stage.clear(f"10.99.{number + 1}.1", f"10.99.{number + 1}.2", 40000, packets.SYN)
        time.sleep(0.02)
    last = stage.alert_of(f"10.99.{2 * FILES}.1")
    until("capture of the last", lambda: f"{last}.pcapng" in stage.kept(), 10)
    expect(len(stage.kept()) <= FILES, f"{len(stage.kept())} captures")
    _, errors = stage.ask("alerts", "show", "0123456789abcdef", "--pcap", f"{stage.folder}/none", status=2)
    expect("capture" in errors and not os.path.exists(f"{stage.folder}/none"), errors)
    print(f"{len(stage.kept())} captures of {2 * FILES} alerts; {errors.strip()}")


def without(stage):
    """Off unless it is asked for."""
    expect(stage.sensor.end() == 0, "espiald does not end with status 0")
    path = f"{stage.folder}/espial.yaml"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(line for line in text.splitlines(True) if "evidence" not in line))
    subprocess.run(["rm", "-r", stage.captures], check=True)
    stage.sensor.start()
    stage.clear("10.99.200.1", "10.99.200.2", 40000, packets.SYN)
    alert = stage.alert_of("10.99.200.1")
    _, errors = stage.ask("alerts", "show", alert, "--pcap", f"{stage.folder}/none", status=2)
    expect("report.evidence" in errors, errors)
    expect(not os.path.exists(stage.captures), "a folder nobody asked for")
    expect(stage.sensor.end() == 0, "espiald does not end with status 0")


def body(folder):
    stage = Stage(folder, *sys.argv[1:3])
    alert, frames = leak(stage)
    rights(stage, alert)
    engine_killed(stage, alert, frames)
    many(stage)
    without(stage)


if __name__ == "__main__":
    sys.exit(station.run_test(body))
