#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From the first clear packet on the wire to the line in syslog-ng's file: bench_latency.py [--load] BUILD [COUNT]

As root, live, in a network of its own: espiald, the real syslog-ng, and COUNT (default 200) pairs of hosts that each
send one clear packet. With --load, while mixed traffic (generate_trace.c) comes over the same wire as fast as one processor can
send it. Polls the file every half millisecond. A figure for people, not a test.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

# pylint: disable=wrong-import-position
import check_replay  # noqa: E402
import station  # noqa: E402


LOAD = 12_000_000  # packets, more than are sent while COUNT pairs are waited for


class Load:
    """Mixed traffic, from the moment it is made to the end of the trace or of this."""

    def __init__(self, build, folder):
        trace = os.path.join(folder, "trace.pcap")
        tools = os.path.join(build, "tests", "bench")
        subprocess.run([os.path.join(tools, "generate_trace"), "mixed", str(LOAD), trace], check=True)
        # pylint: disable=consider-using-with
        self.sender = subprocess.Popen(["taskset", "-c", "0", os.path.join(tools, "send_trace"), "station0", trace, "0", "1"],
                                       stdout=subprocess.PIPE, text=True)
        self.began = self.frames()
        station.until("first frames of the load", lambda: self.frames() > self.began, 60, 0.05)
        time.sleep(1)
        self.began, self.since = self.frames(), time.monotonic()

    @staticmethod
    def frames():
        """Sent over the wire so far: the tenth column of its line."""
        with open("/proc/self/net/dev", encoding="ascii") as file:
            return next(int(line.split(":")[1].split()[9]) for line in file if line.strip().startswith("station0:"))

    def end(self):
        """Frames a second while this went on; None if it did not last."""
        rate = (self.frames() - self.began) / (time.monotonic() - self.since)
        lasted = self.sender.poll() is None
        self.sender.kill()
        self.sender.wait()
        return rate if lasted else None


def body(folder):
    options = parse()
    build, count = options.build, min(options.count, 250)
    module = os.path.join(build, "daemon", "report", "espial_evtlog.so")
    wire = station.Wire("station0", "sensor0")
    syslog = station.SyslogNg(folder)
    syslog.start()
    sensor = station.Sensor(os.path.join(build, "daemon", "espiald"), folder, ["sensor0"],
                            {"many": {"between": "[10.99.0.0/16]"}}, "eventlog",
                            module if os.path.exists(module) else None)
    sensor.rewrite(("buffer: 4MiB", "buffer: 64MiB"))
    sensor.start()
    load = Load(build, folder) if options.load else None
    figures = sorted(check_replay.latencies(wire, syslog, count))
    if load:
        rate = load.end()
        print(f"{rate:,.0f} frames a second beside them" if rate else "the load ended before the last of them")
    print(f"{count} first alerts, packet to line: median {statistics.median(figures) * 1e3:.1f} ms, "
          f"95 % within {figures[int(count * 0.95)] * 1e3:.1f} ms, 99 % within {figures[int(count * 0.99)] * 1e3:.1f} ms, "
          f"worst {figures[-1] * 1e3:.1f} ms")
    sensor.end()
    syslog.end()


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build", help="meson's build directory")
    parser.add_argument("count", type=int, nargs="?", default=200, help="pairs of hosts (default 200, at most 250)")
    parser.add_argument("--load", action="store_true", help="while the wire is full of other traffic")
    return parser.parse_args()


if __name__ == "__main__":
    parse()
    sys.exit(station.run_test(body, "syslog-ng"))
