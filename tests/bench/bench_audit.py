#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CPU time of `espial audit --json` beside libpcap's own loop on the same file: bench_audit.py [OPTION]... BUILD

For each preset a trace is made (generate_trace.c says what is in it), then all programs read it in turns, so that all
meet the same machine; a ratio is the median over the rounds of null loop by program, in user and system time. The file
is in memory's page cache. With --peers also other programs that are installed: ndpiReader, argus, softflowd, tcpdump,
suricata; one that is not is said to be missing. --svg writes the ratios as a picture. Figures for people, not a test:
nothing is asserted. The traces are removed at the end.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

PRESETS = {"esp-only": 10_000_000, "mixed": 10_000_000, "flows-1m": 6_000_000, "ike": 2_000_000}
NULL = "null libpcap loop"


def peers(trace, folder):
    """Programs beside which espial is measured: name, command."""
    return {
        "tcpdump": ["tcpdump", "-nn", "-r", trace, "-w", "/dev/null"],
        "ndpiReader": ["ndpiReader", "-i", trace, "-q"],
        "argus": ["argus", "-X", "-r", trace, "-w", os.path.join(folder, "argus")],
        "softflowd": ["softflowd", "-r", trace, "-m", "2000000", "-d", "-n", "127.0.0.1:9"],
        "suricata": ["suricata", "-S", "/dev/null", "-k", "none", "-l", folder, "-r", trace, "--runmode", "single"],
    }


def programs(options, trace, folder):
    every = os.path.join(folder, "all.yaml")
    with open(every, "w", encoding="utf-8") as file:
        file.write("classify: all\n")
    espial = [os.path.join(options.build, "daemon", "espial"), "audit", "--json"]
    commands = {
        NULL: [os.path.join(options.build, "tests", "bench", "null_loop"), trace],
        "espial": [*espial, trace],
        "espial, classify: all": [*espial, "-c", every, trace],
    }
    if options.peers:
        for name, command in peers(trace, folder).items():
            if shutil.which(name):
                commands[name] = command
            else:
                print(f"bench_audit: {name} is not installed, left out", file=sys.stderr)
    return commands


def run(name, command):
    """CPU seconds and peak MiB of one run."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        complaint = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if (name == NULL or name.startswith("espial")) and (process.returncode not in (0, 1) or complaint):
        sys.exit(f"bench_audit: {' '.join(command)} ended with {process.returncode}: {complaint.strip()}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(preset, options, folder):
    """Rows of name, nanoseconds per packet, ratio, MiB."""
    trace = os.path.join(folder, "trace.pcap")
    packets = options.packets or PRESETS[preset]
    subprocess.run([os.path.join(options.build, "tests", "bench", "generate_trace"), preset, str(packets), trace],
                   check=True)
    commands = programs(options, trace, folder)
    figures = {name: [] for name in commands}
    run(NULL, commands[NULL])  # warm
    for _ in range(options.runs):
        for name, command in commands.items():
            figures[name].append(run(name, command))
    os.unlink(trace)
    for name, runs in figures.items():
        seconds = statistics.median(seconds for seconds, _ in runs)
        ratio = statistics.median(null[0] / max(own[0], 1e-6) for null, own in zip(figures[NULL], runs))
        yield name, seconds * 1e9 / packets, ratio, max(octets for _, octets in runs)


def draw(path, results):
    """Bars of the ratios, one group per preset."""
    bar, label, scale = 18, 190, 360
    widest = max(row[2] for rows in results.values() for row in rows)
    parts, y = [], 10
    for preset, rows in results.items():
        y += 20
        parts.append(f'<text x="10" y="{y}" font-weight="bold">{preset}</text>')
        for name, _, ratio, _ in rows:
            y += bar
            fill = "#36c" if name.startswith("espial") else "#999"
            parts.append(f'<text x="10" y="{y}">{name}</text>'
                         f'<rect x="{label}" y="{y - 11}" width="{scale * ratio / widest:.1f}" height="13" fill="{fill}"/>'
                         f'<text x="{label + scale * ratio / widest + 6:.1f}" y="{y}">{ratio:.2f}</text>')
        y += 8
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{label + scale + 60}" height="{y + 12}" '
                   f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
                   + "\n".join(parts) + "</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build", help="meson's build directory")
    parser.add_argument("--preset", choices=list(PRESETS), action="append", help="may be given several times")
    parser.add_argument("--packets", type=int, help="of each trace (default: 10 000 000, 6 000 000 of flows-1m, 2 000 000 of ike)")
    parser.add_argument("--runs", type=int, default=5, help="median of so many (default 5)")
    parser.add_argument("--peers", action="store_true", help="other programs too")
    parser.add_argument("--svg", metavar="FILE", help="draw the ratios")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="bench_audit.")
    results = {}
    print(f"{'preset':10} {'program':22} {'ns/packet':>10} {'ratio':>7} {'peak MiB':>9} {'packets/CPU s':>14}   median of {options.runs}")
    try:
        for preset in options.preset or PRESETS:
            results[preset] = list(measure(preset, options, folder))
            for name, nanoseconds, ratio, octets in results[preset]:
                print(f"{preset:10} {name:22} {nanoseconds:10.1f} {ratio:6.2f}x {octets:9.0f} {1e9 / max(nanoseconds, 1e-3):14,.0f}",
                      flush=True)
        # What the tables take is a matter of the build alone; a story of many SPIs says it.
        spray = subprocess.run([os.path.join(options.build, "tests/audit/spray"), "200000"], capture_output=True, text=True, check=True)
        print(spray.stdout.splitlines()[0])
        if options.svg:
            draw(options.svg, results)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
