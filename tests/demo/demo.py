#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A live demonstration: espiald watches a wire on which two hosts lose their IPsec policy and get it back.

Started by `quickstart run` in a network namespace of its own (`unshare --net`), which the kernel removes with the last
process in it. A pair of interfaces is the wire: what is replayed into the one arrives at the other, where espiald
listens. Neither has an address. espiald's syslog goes to a socket in a temporary folder, not to this machine's log.

The exit status is 0 if espiald raised the alert and cleared it. Called by quickstart and tests/demo/check_demo.py.
"""

import argparse
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

TAP = "demo-tap"
WIRE = "demo-wire"
ALICE, BOB = "10.8.1.1", "10.8.1.2"
SPEED = 2.0
LONGEST_GAP = 1.0  # seconds; silence in the capture is shortened to this
AFTERWARDS = 3.0  # seconds after the last frame, in which ESP without clear traffic ends the alert

CONFIGURATION = """\
sensor: demo
capture:
  - interface: {tap}
policy:
  rules:
    - name: alice-bob
      between: [{alice}, {bob}]
      level: require
limits: {{ flows: 10k, sas: 1k, ike: 1k, pairs: 1k, learned: 1k }}
report:
  syslog: {{ to: {socket} }}
"""

# What the lab did, by seconds of the capture, to be told while it is replayed.
STORY = [
    (0.0, "Alice (10.8.1.1) and Bob (10.8.1.2) negotiate with IKE and then speak ESP. All is well."),
    (19.3, "Now both hosts lose their IPsec policy. Their web traffic goes on, in clear."),
    (45.6, "The policy is back: they speak ESP again, and nothing in clear. espiald ends the alert in a moment."),
]


def say(text=""):
    print(text, flush=True)


def read_pcap(path):
    """Frames of a little-endian microsecond pcap file as (seconds since the first, octets)."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] != b"\xd4\xc3\xb2\xa1":
        raise SystemExit(f"{path}: not a little-endian pcap file with microseconds")
    frames, at = [], 24
    while at + 16 <= len(data):
        seconds, micros, captured, _ = struct.unpack_from("<IIII", data, at)
        frames.append((seconds + micros / 1e6, data[at + 16 : at + 16 + captured]))
        at += 16 + captured
    return [(when - frames[0][0], octets) for when, octets in frames]


def is_clear(octets):
    """Whether a frame of the demonstration is one in clear: TCP right behind IPv4."""
    return octets[12:14] == b"\x08\x00" and octets[23] == 6


class Log(threading.Thread):
    """The syslog of the demonstration: keeps each message with the time it came."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.messages = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        os.chmod(path, 0o666)

    def run(self):
        while True:
            message = self.socket.recv(65536)
            self.messages.append((time.monotonic(), message.decode("utf-8", "replace")))

    def first(self, state):
        """The first message about the leak in this state, in either shape that espiald may have written it."""
        marks = (f"state='{state}'", f'state="{state}"')
        return next((entry for entry in self.messages if "cleartext-leak" in entry[1] and any(mark in entry[1] for mark in marks)), None)


def make_wire():
    def ip(*words):
        subprocess.run(["ip", "link", *words], check=True)

    ip("add", "name", TAP, "type", "veth", "peer", "name", WIRE)
    for name in (TAP, WIRE):
        ip("set", "dev", name, "addrgenmode", "none")
        ip("set", "dev", name, "up")


def replay(frames):
    """Sends the frames at their pace, tells the story; the monotonic time of the first frame in clear."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind((WIRE, 0))
    story = list(STORY)
    first_clear = None
    previous, due = 0.0, time.monotonic()
    for when, octets in frames:
        due += min(when - previous, LONGEST_GAP) / SPEED
        previous = when
        while story and story[0][0] <= when:
            say(f"\n> {story.pop(0)[1]}\n")
        time.sleep(max(0.0, due - time.monotonic()))
        wire.send(octets)
        if first_clear is None and is_clear(octets):
            first_clear = time.monotonic()
    wire.close()
    return first_clear


def start(espiald, module, folder):
    """Starts espiald and waits until it listens."""
    environment = dict(os.environ)
    environment.pop("JOURNAL_STREAM", None)
    if module and os.path.exists(module):
        # espiald gives up its rights before it loads the module: it has to be where everybody may read.
        environment["ESPIAL_EVTLOG_MODULE"] = shutil.copy(module, folder)
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(os.path.join(folder, "ready"))
    environment["NOTIFY_SOCKET"] = os.path.join(folder, "ready")
    command = ["setpriv", "--pdeathsig", "TERM", "--", espiald, "-c", os.path.join(folder, "demo.yaml")]
    daemon = subprocess.Popen(command, env=environment)
    notify.settimeout(2.0)
    try:
        notify.recv(1024)
    except TimeoutError:
        pass  # built without libsystemd: two seconds were enough
    notify.close()
    if daemon.poll() is not None:
        raise SystemExit("espiald did not start; what it said stands above.")
    return daemon


def report(log, first_clear):
    """Says what syslog got. Returns whether it was what had to come."""
    opened, cleared = log.first("open"), log.first("clear")
    if not opened or not cleared:
        say("The alert and its end should have reached syslog, and did not. This is a fault of espial: please tell us.")
        return False
    say(f"syslog had the alert {1000 * (opened[0] - first_clear):.0f} ms after the first packet in clear. It read:\n")
    say(opened[1])
    return True


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("espiald")
    arguments.add_argument("capture")
    arguments.add_argument("--module", help="the module that formats with libevtlog")
    arguments = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = tempfile.mkdtemp(prefix="espial-demo-")
    daemon = None
    try:
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "log")
        with open(os.path.join(folder, "demo.yaml"), "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(tap=TAP, alice=ALICE, bob=BOB, socket=path))
        frames = read_pcap(arguments.capture)
        log = Log(path)
        log.start()
        make_wire()
        daemon = start(arguments.espiald, arguments.module, folder)
        first_clear = replay(frames)
        time.sleep(AFTERWARDS)
        say("\n> The demonstration is over. espiald is told to end, and sums up what it saw.\n")
        daemon.terminate()
        daemon.wait(timeout=15)
        say()
        return 0 if report(log, first_clear) else 1
    except KeyboardInterrupt:
        say("\n> Interrupted. espiald is told to end, and sums up what it saw.\n")
        return 130
    finally:
        if daemon and daemon.poll() is None:
            daemon.terminate()
            try:
                daemon.wait(timeout=15)
            except subprocess.TimeoutExpired:
                daemon.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
