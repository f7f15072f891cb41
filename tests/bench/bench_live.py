#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Live, beside libpcap's own loop: bench_live.py [OPTION]... BUILD

As root, in a network of its own: a trace is sent over a veth pair as fast as the sender can, and in turns a null libpcap
loop and espiald (rings of 64 MiB) listen at the other end. Prints the processor time of the listening process (for espiald
all of its processes) per frame sent, and the frames that the kernel dropped; ratios are medians within the rounds. The
sender has processor 0 and the listener 1; --together puts both on processor 0. Figures for people, not a test.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

# pylint: disable=wrong-import-position
import station  # noqa: E402

CONFIG = """capture: [{{ interface: listen0, buffer: 64MiB }}]
policy: {{ learn: true }}
report:
  syslog: {{ to: none }}
  json: {{ file: {folder}/out.jsonl }}
  control: {{ socket: {folder}/control }}
  spool: {{ dir: {folder}/spool }}
"""
WARM = 0.3  # share of the trace that is sent before anything is measured
TICKS = os.sysconf("SC_CLK_TCK")


def family(pid):
    """The process and those it started."""
    found = [pid]
    for other in os.listdir("/proc"):
        if other.isdigit():
            try:
                with open(f"/proc/{other}/stat", encoding="ascii", errors="replace") as file:
                    fields = file.read().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[1]) == pid:
                found.append(int(other))
    return found


def cpu(pids):
    """User and system seconds so far."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def send(options, trace, begin, end):
    sender = os.path.join(options.build, "tests", "bench", "send_trace")
    done = subprocess.run(["taskset", "-c", "0", sender, "send0", trace, str(begin), str(end)], check=True,
                          stdout=subprocess.PIPE, text=True)
    words = done.stdout.split()
    return int(words[0]), float(words[1])


def measured(options, trace, pid):
    """Frames sent, seconds that took, and processor seconds of the listener for them."""
    pids = family(pid)
    send(options, trace, 0, WARM)  # until then memory is touched for the first time
    time.sleep(0.5)
    before = cpu(pids)
    sent, seconds = send(options, trace, WARM, 1)
    time.sleep(0.5)
    return sent, seconds, cpu(pids) - before


def null_loop(options, trace, place):
    command = ["taskset", "-c", place, os.path.join(options.build, "tests", "bench", "null_live"), "listen0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        figures = measured(options, trace, process.pid)
        process.send_signal(signal.SIGTERM)
        words = process.stdout.readline().split()
    return *figures, int(words[3])


def espiald(options, trace, place, folder):
    config = os.path.join(folder, "espial.yaml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(CONFIG.format(folder=folder))
    daemon = os.path.join(options.build, "daemon")
    with subprocess.Popen(["taskset", "-c", place, os.path.join(daemon, "espiald"), "-c", config],
                          stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        control = os.path.join(folder, "control")
        station.until("espiald", lambda: os.path.exists(control), 20)
        time.sleep(1)
        figures = measured(options, trace, process.pid)
        # Its exit status is 1 where frames were dropped, which is what is asked.
        answer = subprocess.run([os.path.join(daemon, "espial"), "status", "--json", "--socket", control], check=False,
                                stdout=subprocess.PIPE, text=True).stdout
        health = next(json.loads(line) for line in answer.splitlines() if '"interfaces"' in line)
        process.send_signal(signal.SIGTERM)
    return *figures, sum(one["dropped"] for one in health["interfaces"])


def body(folder):
    options = parse()
    station.run("ip", "link", "add", "send0", "type", "veth", "peer", "name", "listen0")
    for end in ("send0", "listen0"):
        with open(f"/proc/sys/net/ipv6/conf/{end}/disable_ipv6", "w", encoding="ascii") as file:
            file.write("1")
        station.run("ip", "link", "set", end, "up")
    place = "0" if options.together else "1"
    print(f"{'preset':10} {'frames/s':>11} {'null ns':>8} {'espiald ns':>10} {'ratio':>6} {'null drops':>10} {'drops':>8}"
          f"   median of {options.runs}")
    for preset in options.preset or ["mixed", "esp-only"]:
        trace = os.path.join(folder, "trace.pcap")
        subprocess.run([os.path.join(options.build, "tests", "bench", "generate_trace"), preset, str(options.packets), trace],
                       check=True)
        rows = []
        for number in range(options.runs):
            null = null_loop(options, trace, place)
            scratch = os.path.join(folder, f"run{number}")
            os.mkdir(scratch)
            own = espiald(options, trace, place, scratch)
            shutil.rmtree(scratch)
            rows.append((own[0] / own[1], null[2] * 1e9 / null[0], own[2] * 1e9 / own[0], null[3], own[3]))
        print(f"{preset:10} {statistics.median(row[0] for row in rows):11,.0f} {statistics.median(row[1] for row in rows):8.1f} "
              f"{statistics.median(row[2] for row in rows):10.1f} {statistics.median(row[2] / max(row[1], 1e-3) for row in rows):6.2f} "
              f"{max(row[3] for row in rows):10} {max(row[4] for row in rows):8}", flush=True)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build", help="meson's build directory")
    parser.add_argument("--preset", action="append", choices=["esp-only", "mixed", "flows-1m"])
    parser.add_argument("--packets", type=int, default=4_000_000, help="of the trace (default 4 000 000)")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--together", action="store_true", help="sender and listener on one processor")
    return parser.parse_args()


if __name__ == "__main__":
    parse()
    sys.exit(station.run_test(body, "taskset"))
