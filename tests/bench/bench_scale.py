#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a packet costs where tables are large: bench_scale.py [OPTION]... BUILD

A trace has one packet of each flow and SA, then as many as --packets says of any of them, in no order that a cache could
guess (generate_trace.c, scale). A second trace has only the former, a third next to nothing. From these: what it costs to make an
entry, its record at the end included, and what a packet of one that is there costs, in user and system time, beside libpcap's own loop on the same files in the same round, and the memory
at the most. From a thousandth of the largest size up by tens. --svg draws the cost against the entries. Figures for people: nothing
is asserted. The traces (4 GB at the largest size) are removed at the end.
"""

import argparse
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

LARGEST = {"flows": 10_000_000, "sas": 1_000_000, "pairs": 100_000}
NULL = "null libpcap loop"
LIMITS = "limits: {{flows: {flows}, sas: {sas}, pairs: {pairs}, memory: 16GiB}}\n"


def run(command):
    """CPU nanoseconds and peak MiB of one run."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        complaint = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1) or complaint:
        sys.exit(f"bench_scale: {' '.join(command)} ended with {process.returncode}: {complaint.strip()}")
    return (usage.ru_utime + usage.ru_stime) * 1e9, usage.ru_maxrss / 1024


def programs(options, config):
    espial = [os.path.join(options.build, "daemon", "espial"), "audit", "--json", "-c", config]
    return {NULL: [os.path.join(options.build, "tests", "bench", "null_loop")], "espial": espial}


def measure(options, size, folder):
    """Rows of program, ns per new entry, ns per packet of an old one, ratio of that to the null loop, MiB."""
    config = os.path.join(folder, "scale.yaml")
    with open(config, "w", encoding="utf-8") as file:
        # Room beyond what is in the trace: this is not about what has to go.
        file.write(LIMITS.format(flows=size["flows"] * 5 // 4 + 64, sas=size["sas"] * 5 // 4 + 64, pairs=size["pairs"] * 5 // 4 + 64))
    traces = {}
    for name, packets, entries in (("start", 0, (1, 1, 2)), ("made", 0, size.values()), ("used", options.packets, size.values())):
        traces[name] = os.path.join(folder, name + ".pcap")
        subprocess.run([os.path.join(options.build, "tests", "bench", "generate_trace"), "scale", str(packets), traces[name],
                        *map(str, entries)], check=True)
    figures = {}
    for _ in range(options.runs):
        for program, command in programs(options, config).items():
            start, _ = run([*command, traces["start"]])
            made, _ = run([*command, traces["made"]])
            used, octets = run([*command, traces["used"]])
            figures.setdefault(program, []).append(((made - start) / (size["flows"] + size["sas"]), (used - made) / options.packets, octets))
    for trace in traces.values():
        os.unlink(trace)
    for program, rows in figures.items():
        ratio = statistics.median(null[1] / max(own[1], 1e-3) for null, own in zip(figures[NULL], rows))
        yield (program, *(statistics.median(row[place] for row in rows) for place in (0, 1)), ratio, max(row[2] for row in rows))


def draw(path, results):
    """The two costs of espial, and the null loop's, against the entries on a scale of powers."""
    left, top, width, height = 60, 20, 420, 240
    entries = sorted(results)
    most = max(max(row[1], row[2]) for rows in results.values() for row in rows) * 1.1
    lines = {"espial, entry is there": ("espial", 2, "#36c"), "espial, entry is made": ("espial", 1, "#c63"), NULL: (NULL, 2, "#999")}

    def place(count, cost):
        share = (math.log10(count) - math.log10(entries[0])) / max(math.log10(entries[-1]) - math.log10(entries[0]), 1e-9)
        return left + width * share, top + height * (1 - cost / most)

    parts = [f'<path d="M{left} {top}V{top + height}H{left + width}" stroke="#000" fill="none"/>',
             f'<text x="{left}" y="{top - 6}">ns per packet</text>',
             f'<text x="{left + width}" y="{top + height + 32}" text-anchor="end">flows and SAs</text>']
    for step in range(5):
        cost = most * step / 4
        parts.append(f'<text x="{left - 6}" y="{place(entries[0], cost)[1] + 4:.1f}" text-anchor="end">{cost:.0f}</text>')
    for count in entries:
        parts.append(f'<text x="{place(count, 0)[0]:.1f}" y="{top + height + 16}" text-anchor="middle">{count:,}</text>'.replace(",", " "))
    for number, (title, (program, column, colour)) in enumerate(lines.items()):
        points = [place(count, next(row[column] for row in results[count] if row[0] == program)) for count in entries]
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>')
        parts.append(f'<rect x="{left + 14}" y="{top + 8 + 18 * number}" width="12" height="4" fill="{colour}"/>'
                     f'<text x="{left + 32}" y="{top + 14 + 18 * number}">{title}</text>')
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 60}" height="{top + height + 44}" '
                   'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>' + "\n".join(parts) + "</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build", help="meson's build directory")
    parser.add_argument("--packets", type=int, default=10_000_000, help="of entries that are there (default 10 000 000)")
    parser.add_argument("--runs", type=int, default=3, help="median of so many (default 3)")
    parser.add_argument("--part", type=int, default=1, help="the largest size is this part of 10 M flows, 1 M SAs, 100 000 pairs")
    parser.add_argument("--svg", metavar="FILE", help="draw the cost against the size")
    options = parser.parse_args()
    results = {}
    print(f"{'flows':>10} {'SAs':>9} {'pairs':>7} {'program':18} {'ns/new':>8} {'ns/packet':>10} {'ratio':>7} {'peak MiB':>9}   median of {options.runs}")
    folder = tempfile.mkdtemp(prefix="bench_scale.")
    try:
        for divisor in (1000, 100, 10, 1):
            size = {name: max(count // divisor // options.part, 2) for name, count in LARGEST.items()}
            rows = results[size["flows"] + size["sas"]] = list(measure(options, size, folder))
            for program, new, old, ratio, octets in rows:
                print(f"{size['flows']:10} {size['sas']:9} {size['pairs']:7} {program:18} {new:8.1f} {old:10.1f} {ratio:6.2f}x {octets:9.0f}", flush=True)
        if options.svg:
            draw(options.svg, results)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
