#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From the wire to syslog, live: check_replay.py ESPIALD MODULE LAB_08A

The packets of the lab (two real strongSwan hosts; the policy is flushed while HTTP goes on, then restored) go over a
cable; espiald, started by root, listens as a user of its own; the real syslog-ng gets the alert within 2 s of the first
clear packet, with both peers, the protocol and the rule, and the clear message when the tunnel is back. The figures are
printed; bench_latency.py measures more of them.
"""

import pwd
import statistics
import sys
import time

import packets
import station
from station import Failure, Sensor, SyslogNg, Wire, expect, status_of

TUNNEL_PORTS = (500, 4500)
LATENCY_MAX = 2.0
RUNS = 10


def is_clear(frame):
    """A clear TCP or UDP packet of the lab: Ethernet, IPv4, and neither IKE nor ESP."""
    if frame[12:14] != b"\x08\x00" or frame[23] not in (6, 17):
        return False
    header = 14 + (frame[14] & 15) * 4
    ports = {int.from_bytes(frame[at:at + 2], "big") for at in (header, header + 2)}
    return not ports & set(TUNNEL_PORTS)


def check_rights(sensor):
    """Each process runs as the unprivileged user; the engine keeps CAP_NET_RAW, the reporter nothing."""
    try:
        user = pwd.getpwnam("espial")
    except KeyError:
        user = pwd.getpwnam("nobody")
    for pid, name, capabilities in ((sensor.engine(), "engine", station.CAP_NET_RAW),
                                    (sensor.reporter(), "reporter", 0)):
        status = status_of(pid)
        expect(set(status["Uid"].split("\t")) == {str(user.pw_uid)}, f"the {name} runs as {status['Uid']}")
        expect(set(status["Gid"].split("\t")) == {str(user.pw_gid)}, f"the {name}'s group is {status['Gid']}")
        expect(status["Groups"].strip() == "", f"the {name} is in groups {status['Groups']}")
        for kind in ("CapEff", "CapPrm"):
            expect(int(status[kind], 16) == capabilities, f"the {name} has {kind} {status[kind]}")
        for kind in ("CapInh", "CapAmb"):
            expect(int(status[kind], 16) == 0, f"the {name} has {kind} {status[kind]}")
        expect(status["NoNewPrivs"].strip() == "1", f"the {name} may gain privileges")


def latencies(wire, syslog, count):
    """Seconds from the first clear packet of a pair to the line in syslog-ng's file, for `count` pairs."""
    result = []
    for number in range(count):
        station_a, station_b = f"10.99.{number}.1", f"10.99.{number}.2"
        frame = packets.ethernet(packets.tcp(station_a, station_b, 40000, 80, packets.SYN))
        time.sleep(0.037)  # no multiple of the sensor's ticks
        began = time.monotonic()
        wire.send(frame)
        syslog.wait(station_a + " ", "cleartext-leak", step=0.0005)
        result.append(time.monotonic() - began)
    return result


def body(folder):
    espiald, module, lab = sys.argv[1:4]
    wire = Wire("station0", "sensor0")
    syslog = SyslogNg(folder)
    syslog.start()
    sensor = Sensor(espiald, folder, ["sensor0"], {
        "lab-hosts": {"between": "[10.8.1.1, 10.8.1.2]"},
        "many": {"between": "[10.99.0.0/16]"},
    }, "eventlog", module if module != "none" else None)
    sensor.start()
    check_rights(sensor)

    first_clear = []

    def note(frame, moment):
        if not first_clear and is_clear(frame):
            first_clear.append(moment)

    seen = []

    def send(frame):
        wire.send(frame)
        if first_clear and not seen:
            syslog.wait("cleartext-leak", seconds=LATENCY_MAX, step=0.0005)
            seen.append(time.time())

    began = time.monotonic()
    station.replay(station.read_pcap(lab), send, note)
    print(f"lab replayed in {time.monotonic() - began:.1f} s; the alert is in syslog-ng's file "
          f"{(seen[0] - first_clear[0]) * 1000:.0f} ms after the first clear packet")
    alert = syslog.wait("cleartext-leak", "state='open'")
    for word in ("10.8.1.1", "10.8.1.2", "lab-hosts", "tcp/80", "severity='high'"):
        expect(word in alert, f"the alert does not say {word}: {alert}")
    update = syslog.wait("cleartext-leak", "state='update'", "sa-lost")
    for word in ("HTTP", "lab-hosts", "10.8.1.1", "10.8.1.2"):
        expect(word in update, f"the update does not say {word}: {update}")
    clear = syslog.wait("cleartext-leak", "state='clear'", seconds=10)
    for word in ("10.8.1.1", "10.8.1.2", "secured-again", "511 packets"):
        expect(word in clear, f"the clear message does not say {word}: {clear}")
    expect(sum("cleartext-leak" in line and "state='open'" in line for line in syslog.lines()) == 1, "more than one alert")

    figures = latencies(wire, syslog, RUNS)
    median = statistics.median(figures)
    print(f"{RUNS} first clear packets: median {median * 1000:.0f} ms, worst {max(figures) * 1000:.0f} ms to the line")
    if max(figures) > LATENCY_MAX:
        raise Failure(f"an alert took {max(figures):.1f} s")
    expect(sensor.end() == 0, "espiald does not end with status 0")
    syslog.end()


if __name__ == "__main__":
    sys.exit(station.run_test(body, "syslog-ng"))
