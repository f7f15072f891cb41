#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""espiald goes on while what is around it changes: check_environment.py ESPIALD CLOCK_STEP

The interface is renamed and gets its name back, is given another MTU and frames as large as offload makes them, comes back with
another link type, and goes with the namespace of its other end; the clock is set a day on and back; people open more
connections than there is room for; the configuration is broken when it is read again. After each the next leak is told. Then
espiald is started on what a bad day left: a store, spool and marks that are not what they should be, a configuration that is cut off,
and fewer descriptors than it wants, one less each time. It may start or say in one sentence why it does not; where it
starts, the leak is told.
"""

import fcntl
import glob
import os
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

import packets
import station
from check_robust import Stage as Robust
from station import Clock, Failure, Sensor, SyslogNg, Wire, expect, until

HOUR, DAY = 3600, 86400
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
MORE = """  store: {{ path: {folder}/disk/espial.db }}
  spool: {{ dir: {folder}/disk/spool, size: 1MiB }}
"""


class Stage(Robust):
    """As in check_robust, with a store, and a clock that can be set."""

    def __init__(self, folder, espiald, shim):
        self.folder = folder
        os.makedirs(f"{folder}/disk")
        os.chmod(f"{folder}/disk", 0o777)
        self.wires = [Wire("station0", "sensor0"), Wire("station1", "sensor1")]
        self.syslog = SyslogNg(folder)
        self.syslog.start()
        self.sensor = Sensor(espiald, folder, ["sensor0", "sensor1"], {"many": {"between": "[10.99.0.0/16]"}}, more=MORE)
        self.clock = Clock(self.sensor, shim)
        self.sensor.start()
        self.pairs = 0
        self.told = []

    def leak(self, wire=0):
        """As in check_robust, for more pairs."""
        self.pairs += 1
        a, b = (f"10.99.{self.pairs // 120}.{2 * (self.pairs % 120) + side}" for side in (1, 2))
        self.wires[wire].send(packets.ethernet(packets.tcp(a, b, 40000, 80, packets.SYN)))
        self.told.append(a)
        return a


# ---- while it runs ----


def renamed(stage):
    """Another name is another interface: it waits for the one that it was told."""
    mark = len(stage.sensor.notices())
    for name in (("sensor0", "other0"), ("other0", "sensor0")):
        station.run("ip", "link", "set", name[0], "down")
        station.run("ip", "link", "set", name[0], "name", name[1])
        station.run("ip", "link", "set", name[1], "up")
        if name[1] == "other0":
            stage.sensor.wait_notice("sensor0.*(wait|gone)", after=mark)
            stage.alarmed(1)
            mark = len(stage.sensor.notices())
    stage.sensor.wait_notice("sensor0.*again", after=mark)
    stage.alarmed_before_long(0)
    print("renamed and back: waited, then resumed")


def large_frames(stage):
    """MTU up and down; a frame of 60 000 octets, as a network card that merges segments hands on."""
    for end in ("station0", "sensor0"):
        station.run("ip", "link", "set", end, "mtu", "65535")
    stage.wires[0].send(packets.ethernet(packets.tcp("172.30.0.1", "172.30.0.2", 40000, 443, packets.PSH | packets.ACK, bytes(60000))))
    stage.alarmed_before_long(0)
    for end in ("station0", "sensor0"):
        station.run("ip", "link", "set", end, "mtu", "1280")
    stage.alarmed_before_long(0)
    for end in ("station0", "sensor0"):
        station.run("ip", "link", "set", end, "mtu", "9000")
    print("MTU 65535, a merged frame, MTU 1280: captured throughout")


class Tunnel:
    """An interface of bare IP packets: those of the frames sent here arrive by it, without their Ethernet header."""

    def __init__(self, name):
        self.device = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(self.device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
        station.run("ip", "link", "set", name, "up")

    def send(self, frame):
        os.write(self.device, frame[14:])

    def unplug(self):
        os.close(self.device)


def other_link_type(stage):
    """The name comes back as an interface without Ethernet, and then as one with it."""
    if not os.path.exists("/dev/net/tun"):
        print("another link type: not tried, there is no /dev/net/tun")
        return
    cable = stage.wires[0]
    mark = len(stage.sensor.notices())
    cable.unplug()
    stage.sensor.wait_notice("sensor0.*wait", after=mark)
    mark = len(stage.sensor.notices())
    stage.wires[0] = Tunnel("sensor0")
    stage.sensor.wait_notice("sensor0.*again", after=mark)
    stage.alarmed_before_long(0)
    stage.alarmed(1)
    mark = len(stage.sensor.notices())
    stage.wires[0].unplug()
    stage.sensor.wait_notice("sensor0.*wait", after=mark)
    mark = len(stage.sensor.notices())
    stage.wires[0] = cable
    cable.plug()
    stage.sensor.wait_notice("sensor0.*again", after=mark)
    stage.alarmed_before_long(0)
    print("bare IP in the place of Ethernet, and back: leaks told by either")


def namespace_gone(stage):
    """The other end lives in a namespace that ends."""
    holder = station.start(["unshare", "--net", "sleep", "60"])
    until("namespace", lambda: os.readlink(f"/proc/{holder.pid}/ns/net") != os.readlink("/proc/self/ns/net"))
    mark = len(stage.sensor.notices())
    stage.wires[0].socket.close()
    station.run("ip", "link", "set", "station0", "netns", str(holder.pid))
    holder.kill()
    holder.wait()
    stage.sensor.wait_notice("sensor0.*(wait|gone)", after=mark, seconds=30)
    stage.alarmed(1)
    mark = len(stage.sensor.notices())
    until("end of the old cable", lambda: not os.path.exists("/sys/class/net/sensor0") or "sensor0" not in subprocess.run(
        ["ip", "-o", "link"], capture_output=True, text=True, check=False).stdout)
    stage.wires[0].plug()
    stage.sensor.wait_notice("sensor0.*again", after=mark)
    stage.alarmed_before_long(0)
    print("namespace of the other end gone: waited, then resumed")


def clock_steps(stage):
    for step in (DAY, -DAY, 0, -30, 0):
        stage.clock.set(step)
        stage.alarmed()
        stage.alarmed(1)
    for number, step in enumerate((-3 * HOUR, 0, HOUR, -HOUR)):
        stage.clock.set(step)
        time.sleep(0.3)
        a, b = (f"10.99.200.{2 * number + side}" for side in (1, 2))
        for _ in range(3):
            stage.wires[0].send(packets.ethernet(packets.tcp(a, b, 40000, 80, packets.SYN)))
            stage.wires[0].send(packets.ethernet(packets.tcp(b, a, 80, 40000, packets.SYN | packets.ACK)))
            time.sleep(0.2)
        # It is told at once, and ten seconds later why: time goes on, whatever frames claim.
        until(f"cause of the leak of {a}", lambda: any(f'"{a}"' in line and '"cause":"nobody-initiates"' in line
                                                       for line in stage.sensor.records()), 25)
    stage.clock.set(0)
    print("clock a day on, a day back, right, half a minute back, right: every leak told; three hours back, right, an hour on and "
          "two back: causes named in time")


def too_many_clients(stage):
    """More connections to the control socket than anyone has use for, none of which says anything."""
    clients = []
    for _ in range(900):
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        try:
            client.connect(f"{stage.folder}/control.sock")
        except OSError:
            pass
        clients.append(client)
    stage.alarmed()
    for client in clients:
        client.close()
    stage.alarmed()
    print(f"{len(clients)} connections that say nothing: every leak told")


def broken_reload(stage):
    path = f"{stage.folder}/espial.yaml"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    no_authority = text.replace(f"to: {stage.folder}/log", f"to: tls://127.0.0.1, ca: {stage.folder}/none.pem")
    expect(no_authority != text, "the log's socket in the configuration")
    for broken in (text[:len(text) // 2], text.replace("policy:", "policie:"), "\0" * 100, "", no_authority):
        mark = len(stage.sensor.notices())
        with open(path, "w", encoding="utf-8") as file:
            file.write(broken)
        stage.sensor.process.send_signal(signal.SIGHUP)
        stage.sensor.wait_notice("the configuration in force stays|configuration read again", after=mark)
        stage.alarmed()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    stage.sensor.process.send_signal(signal.SIGHUP)
    stage.alarmed()
    print("five broken configurations: the one in force stayed")


# ---- started on what is left ----


def start_or_say(stage, **more):
    """True if it runs. It may end, with a status other than 0 and a sentence."""
    mark = len(stage.sensor.notices())
    with open(f"{stage.folder}/notices", "a", encoding="utf-8") as errors:
        stage.sensor.process = subprocess.Popen([stage.sensor.espiald, "-c", f"{stage.folder}/espial.yaml"], stdin=subprocess.DEVNULL,
                                                stdout=subprocess.DEVNULL, stderr=errors, env=stage.sensor.environment, **more)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        status = stage.sensor.process.poll()
        if status is not None:
            expect(status > 0, f"espiald ended with {status}")
            expect(len(stage.sensor.notices()) > mark, f"espiald ended with {status} and no word why")
            stage.sensor.process = None
            return False
        try:
            stage.alarmed(seconds=0.3)
            return True
        except Failure:
            stage.told.pop()
    raise Failure("espiald neither tells of a leak nor ends:\n" + stage.sensor.notices()[mark:])


def spoil(path, how):
    with open(path, "r+b") as file:
        octets = bytearray(file.read())
        if how == "zeros":
            octets[:len(octets) // 2] = bytes(len(octets) // 2)
        elif how == "cut":
            octets = octets[:len(octets) // 3]
        elif how == "noise":
            octets[::37] = os.urandom(len(octets[::37]))
        else:
            octets = bytearray()
        file.seek(0)
        file.truncate()
        file.write(octets)


def bad_leftovers(stage):
    """What the store and the spool are after a bad disk."""
    expect(stage.sensor.end() == 0, "espiald does not end with status 0")
    kept = f"{stage.folder}/kept"
    shutil.copytree(f"{stage.folder}/disk", kept)
    tried = 0
    for how in ("zeros", "cut", "noise", "empty"):
        for what in ("espial.db", "spool/*"):
            for path in glob.glob(f"{kept}/{what}"):
                name = os.path.relpath(path, kept)
                shutil.rmtree(f"{stage.folder}/disk")
                shutil.copytree(kept, f"{stage.folder}/disk")
                for folder, _, files in os.walk(f"{stage.folder}/disk"):
                    os.chmod(folder, 0o777)
                    for file in files:
                        os.chmod(os.path.join(folder, file), 0o666)
                spoil(f"{stage.folder}/disk/{name}", how)
                expect(start_or_say(stage), f"espiald does not start on {name} with {how}")
                expect(stage.sensor.end() == 0, f"espiald does not end on {name} with {how}")
                tried += 1
    print(f"{tried} damaged leftovers: started, told, ended")


def few_descriptors(stage):
    ran, said = [], []
    for limit in (1024, 100, 70, 64, 63, 40, 20, 12, 10, 9, 8, 7, 6, 5, 4):
        if start_or_say(stage, preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))):
            ran.append(limit)
            stage.sensor.end()
        else:
            said.append(limit)
    expect(ran and min(ran) > max(said), f"runs with {ran}, not with {said}")
    print(f"descriptors: runs with {min(ran)} and more, says why not with {max(said, default=0)} and fewer")


def cut_configuration(stage):
    path = f"{stage.folder}/espial.yaml"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    ran = 0
    for length in range(0, len(text), max(1, len(text) // 12)):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text[:length])
        done = subprocess.run([stage.sensor.espiald, "-c", path, "--check-config"], capture_output=True, text=True, check=False)
        expect(done.returncode in (0, 2), f"status {done.returncode} for {length} octets of the configuration")
        expect(done.returncode == 0 or re.search(re.escape(path) + r"(:\d+)?: ", done.stderr), f"{length}: {done.stderr}")
        ran += 1
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"a configuration cut off at {ran} places: used, or refused with file and line")


def body(folder):
    stage = Stage(folder, *sys.argv[1:3])
    for act in (renamed, large_frames, other_link_type, namespace_gone, clock_steps, too_many_clients, broken_reload,
                bad_leftovers, cut_configuration, few_descriptors):
        began = time.monotonic()
        act(stage)
        print(f"  ({act.__name__}: {time.monotonic() - began:.1f} s)", flush=True)
    ended = re.findall(r".*by signal (?!15 ).*|.*ERROR: .*|.*runtime error.*", stage.sensor.notices())
    expect(not ended, f"{ended[:3]}")
    stage.syslog.end()


if __name__ == "__main__":
    sys.exit(station.run_test(body, "syslog-ng"))
