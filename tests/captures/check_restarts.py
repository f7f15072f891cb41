#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A restart alone raises no alarm: check_restarts.py RESTARTS TIMES FOLDER...

Each FOLDER holds captures NAME.pcap(ng), beside each NAME.truth.json or NAME.expected.json where there is one. Every capture is
read by RESTARTS (restarts.c) with its secured pairs named, where they are known, and without. Exit 77 if no folder is there.
"""

import json
import os
import re
import subprocess
import sys


def captures_of(folder):
    for at, _, names in sorted(os.walk(folder)):
        yield from (os.path.join(at, name) for name in sorted(names) if name.endswith((".pcap", ".pcapng", ".cap")))


def secured_of(capture):
    """As `espial audit --secured` takes them."""
    truth = os.path.splitext(capture)[0] + ".truth.json"
    if not os.path.exists(truth):
        return []
    with open(truth, encoding="utf-8") as file:
        return [",".join(pair) for pair in json.load(file).get("secured_pairs") or []]


def main(restarts, times, *folders):
    captures = [capture for folder in folders if os.path.isdir(folder) for capture in captures_of(folder)]
    if not captures:
        print(f"skipped: none of {', '.join(folders)} is there")
        return 77
    failed, tried, missing = 0, 0, 0
    for capture in captures:
        secured = secured_of(capture)
        for rules in ([], secured) if secured else ([],):
            done = subprocess.run([restarts, times, capture, *rules], capture_output=True, text=True, timeout=120, check=False)
            tried += 1
            if done.returncode == 2 and "is not pcap or pcapng" in done.stderr:
                continue
            if done.returncode:
                failed += 1
                news = [line for line in done.stdout.splitlines() if ": new: " in line]
                print(f"{capture} {rules}: exit {done.returncode}", *news[:5], done.stderr.strip(), sep="\n    ")
            count = re.search(r"(\d+) missing$", done.stdout.strip())
            missing += int(count.group(1)) if count else 0
    print(f"{len(captures)} captures, {tried} ways of reading them, {times} restarts of each: {failed} with new alarms; "
          f"{missing} alarms were missed whose signs the restart parted")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
