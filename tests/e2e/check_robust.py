#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""espiald goes on whatever happens around it: check_robust.py ESPIALD

Interfaces go down, go away and come back; engine and reporter are killed; syslog-ng dies and returns; a state is asked
for; each direction of a tap comes on its own interface. Alerts keep arriving in the real syslog-ng, none is lost.
"""

import os
import signal
import sys
import time

import packets
import station
from station import Sensor, SyslogNg, Wire, expect, processes_named, until

RULES = {"many": {"between": "[10.99.0.0/16]"}, "tap": {"between": "[10.98.0.1, 10.98.0.2]"}}


class Stage:
    def __init__(self, folder, espiald):
        self.wires = [Wire("station0", "sensor0"), Wire("station1", "sensor1")]
        self.syslog = SyslogNg(folder)
        self.syslog.start()
        self.sensor = Sensor(espiald, folder, ["sensor0", "sensor1"], RULES)
        self.sensor.start()
        self.pairs = 0
        self.told = []

    def leak(self, wire=0):
        """A first clear packet of a new pair; its lower address, by which its alert is known."""
        self.pairs += 1
        a, b = f"10.99.{self.pairs}.1", f"10.99.{self.pairs}.2"
        self.wires[wire].send(packets.ethernet(packets.tcp(a, b, 40000, 80, packets.SYN)))
        self.told.append(a)
        return a

    def alarmed(self, wire=0, seconds=10.0):
        return self.syslog.wait(self.leak(wire) + " ", "cleartext-leak", seconds=seconds)

    def alarmed_before_long(self, wire, seconds=10.0):
        """For a sensor that may not listen yet: a new pair leaks until an alert comes."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.alarmed(wire, 0.5)
            except station.Failure:
                self.told.pop()
                if time.monotonic() > deadline:
                    raise


def interfaces(stage):
    """Down and up, and removed and added again, while the other interface is watched on."""
    station.run("ip", "link", "set", "sensor0", "down")
    stage.sensor.wait_notice("sensor0.*(down|wait)")
    stage.alarmed(1)
    mark = len(stage.sensor.notices())
    station.run("ip", "link", "set", "sensor0", "up")
    stage.sensor.wait_notice("sensor0.*again", after=mark)
    stage.alarmed_before_long(0)
    mark = len(stage.sensor.notices())
    stage.wires[0].unplug()
    stage.sensor.wait_notice("sensor0.*wait", after=mark)
    stage.alarmed(1)
    stage.wires[0].plug()
    stage.sensor.wait_notice("sensor0.*again", after=mark)
    stage.alarmed_before_long(0)
    stage.alarmed(1)
    print("interfaces: down, up, removed, added; capture resumed each time")


def dump(stage):
    before = len(stage.sensor.records())
    out = len(stage.sensor.output())
    notices = len(stage.sensor.notices())
    stage.sensor.process.send_signal(signal.SIGUSR1)
    until("state after SIGUSR1", lambda: '"summary"' in "".join(stage.sensor.records()[before:])
          or len(stage.sensor.output()) > out)
    stage.sensor.wait_notice(r"frames received.*2 interfaces up", after=notices)
    stage.alarmed()
    print("SIGUSR1: state written, capture goes on")


def engine_killed(stage):
    old = stage.sensor.engine()
    os.kill(old, signal.SIGKILL)
    began = time.monotonic()
    stage.syslog.wait("engine-restarted", seconds=10)
    stage.syslog.wait("The engine is up again", seconds=10)
    expect(stage.sensor.engine() != old, "the engine is the old one")
    stage.sensor.wait_notice("engine was killed by signal 9")
    stage.alarmed_before_long(0)
    stage.alarmed_before_long(1)
    print(f"engine killed: engine-restarted and the next alert within {time.monotonic() - began:.1f} s")


def reporter_killed(stage):
    old = stage.sensor.reporter()
    os.kill(old, signal.SIGKILL)
    waiting = stage.leak()  # while there is no reporter: it waits in the stream
    until("new reporter", lambda: (processes_named("espiald-report", stage.sensor.process.pid) or [old])[0] != old)
    stage.syslog.wait(waiting + " ", "cleartext-leak")
    stage.alarmed()
    print("reporter killed: what was raised meanwhile arrived")


def syslog_killed(stage):
    """Alerts before, while it stands still, while it is away, and after."""
    first = len(stage.told)
    for _ in range(20):
        stage.leak()
    stage.syslog.wait(stage.told[-1] + " ", "cleartext-leak")
    stage.syslog.process.send_signal(signal.SIGSTOP)
    for _ in range(5):
        stage.leak()
    time.sleep(0.5)
    stage.syslog.end(signal.SIGKILL)
    for _ in range(20):
        stage.leak()
    time.sleep(0.5)
    stage.syslog.start()
    stage.alarmed()
    for told in stage.told[first:]:
        stage.syslog.wait(told + " ", "cleartext-leak")
    print(f"syslog-ng killed: {len(stage.told) - first} of {len(stage.told) - first} alerts arrived")


def tap(stage):
    """Two interfaces, a direction each: a healthy pair raises nothing, in either pace."""
    story = packets.Story()
    story.ike(0, "10.98.0.1", "10.98.0.2")
    story.esp_both_ways(0.1, 4, 0.02, "10.98.0.1", "10.98.0.2")
    for number in range(8):
        story.add(0.5 + number / 4, packets.echo("10.98.0.1", "10.98.0.2", 56))
        story.add(0.501 + number / 4, packets.echo("10.98.0.2", "10.98.0.1", 56, reply=True))
    station.replay([(micros / 1e6, frame) for micros, _, frame in story.ordered()],
                   lambda frame: stage.wires[frame[29] - 1].send(frame))
    stage.alarmed()  # what the sensor would say of the tap, it has said by then
    expect(not any("10.98.0." in line and "peer-new" not in line for line in stage.syslog.lines()),
           "a false alarm on the tap")
    frame = packets.ethernet(packets.tcp("10.98.0.2", "10.98.0.1", 80, 40000, packets.SYN | packets.ACK))
    stage.wires[1].send(frame)
    stage.syslog.wait("10.98.0.1", "10.98.0.2", "cleartext-leak")
    print("tap: no false alarm; the leak of one side is told")


def end(stage):
    out = len(stage.sensor.output())
    missing = [a for a in stage.told if not any(a + " " in line or f"a='{a}'" in line for line in stage.syslog.lines())]
    expect(not missing, f"no alert for {missing}")
    children = [stage.sensor.engine(), stage.sensor.reporter()]
    expect(stage.sensor.end() == 0, "espiald does not end with status 0")
    text = stage.sensor.output()[out:]
    expect("packets" in text and "Findings" in text, f"no final summary: {text[-500:]}")
    expect(not any(os.path.exists(f"/proc/{pid}") for pid in children), "a process is left behind")
    print("SIGTERM: final summary, status 0")


def monitor_killed(stage):
    """Nothing listens on without the monitor."""
    stage.sensor.start()
    children = [stage.sensor.engine(), stage.sensor.reporter()]
    stage.sensor.end(signal.SIGKILL)
    until("end of engine and reporter", lambda: not any(os.path.exists(f"/proc/{pid}") for pid in children), 5)
    print("monitor killed: engine and reporter ended with it")


def body(folder):
    stage = Stage(folder, sys.argv[1])
    for act in (tap, interfaces, dump, engine_killed, reporter_killed, syslog_killed, end, monitor_killed):
        began = time.monotonic()
        act(stage)
        print(f"  ({act.__name__}: {time.monotonic() - began:.1f} s)")
    stage.syslog.end()


if __name__ == "__main__":
    sys.exit(station.run_test(body, "syslog-ng"))
