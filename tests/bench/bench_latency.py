#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From the first clear packet on the wire to the line in syslog-ng's file: bench_latency.py BUILD [COUNT]

As root, live, in a network of its own: espiald, the real syslog-ng, and COUNT (default 200) pairs of hosts that each
send one clear packet. Polls the file every half millisecond. A figure for people, not a test.
"""

import os
import statistics
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

# pylint: disable=wrong-import-position
import check_replay  # noqa: E402
import station  # noqa: E402


def body(folder):
    build = sys.argv[1]
    count = min(int(sys.argv[2]) if len(sys.argv) > 2 else 200, 250)
    module = os.path.join(build, "daemon", "report", "espial_evtlog.so")
    wire = station.Wire("station0", "sensor0")
    syslog = station.SyslogNg(folder)
    syslog.start()
    sensor = station.Sensor(os.path.join(build, "daemon", "espiald"), folder, ["sensor0"],
                            {"many": {"between": "[10.99.0.0/16]"}}, "eventlog",
                            module if os.path.exists(module) else None)
    sensor.start()
    figures = sorted(check_replay.latencies(wire, syslog, count))
    print(f"{count} first alerts, packet to line: median {statistics.median(figures) * 1e3:.1f} ms, "
          f"95 % within {figures[int(count * 0.95)] * 1e3:.1f} ms, worst {figures[-1] * 1e3:.1f} ms")
    sensor.end()
    syslog.end()


if __name__ == "__main__":
    sys.exit(station.run_test(body, "syslog-ng"))
