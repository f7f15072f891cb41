#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CPU time of `espial audit --json` beside libpcap's own loop on the same file: bench_audit.py [OPTION]... BUILD

For each preset a trace is made (generate_trace.c says what is in it), then both programs read it in turns, so that both
meet the same machine; medians of user and system time are compared. The file is in memory's page cache. A figure for
people, not a test: nothing is asserted. The trace is removed at the end.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

PRESETS = ["esp-only", "mixed", "flows"]


def cpu_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1) or done.stderr:
        sys.exit(f"bench_audit: {' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build", help="meson's build directory")
    parser.add_argument("--preset", choices=PRESETS, action="append", help="may be given several times; default: all")
    parser.add_argument("--megabytes", type=int, default=300, help="size of each trace (default 300)")
    parser.add_argument("--runs", type=int, default=5, help="median of so many (default 5)")
    options = parser.parse_args()
    espial = os.path.join(options.build, "daemon", "espial")
    tools = os.path.join(options.build, "tests", "bench")
    folder = tempfile.mkdtemp(prefix="bench_audit.")
    print(f"{'preset':10} {'packets':>9} {'audit M/s':>10} {'libpcap M/s':>12} {'ratio':>7}   "
          f"CPU seconds, median of {options.runs}")
    try:
        for preset in options.preset or PRESETS:
            trace = os.path.join(folder, "trace.pcap")
            packets = int(subprocess.run(
                [os.path.join(tools, "generate_trace"), preset, str(options.megabytes * 1_000_000), trace],
                stdout=subprocess.PIPE, text=True, check=True).stdout)
            commands = ([espial, "audit", "--json", trace], [os.path.join(tools, "null_loop"), trace])
            for command in commands:  # warm
                cpu_seconds(command)
            times = [[], []]
            for _ in range(options.runs):
                for kind, command in enumerate(commands):
                    times[kind].append(cpu_seconds(command))
            audit, null = (max(statistics.median(entry), 1e-6) for entry in times)
            print(f"{preset:10} {packets:9} {packets / audit / 1e6:10.2f} {packets / null / 1e6:12.2f} "
                  f"{audit / null:6.2f}x   {audit:.3f} against {null:.3f}", flush=True)
            os.unlink(trace)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
