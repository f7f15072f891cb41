#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""All lab captures of the team, where they lie beside the source tree: check_labs.py ESPIAL FOLDER

FOLDER holds NAME.pcap(ng), NAME.truth.json and expected.tsv. For every lab, with its secured pairs named and without
(learned): no false alarm, at most three opens of one finding on a pair, and the wire's set of (src, dst, proto, SPI); what
moved to other addresses continues what it was.
For the labs about leaks between peers (LEAKS) what expected.tsv asks as well, and where the lab knows since when an SPI was
bad, that bad-spi says so within two seconds: the difference is printed. Exit 77 without the folder.
"""

import collections
import json
import os
import sys

from audit_run import LOUD, Audit, seconds, table

# The labs of cleartext-leak with the causes that are told so far.
LEAKS = ("01c", "08", "09", "17a", "17c", "17d", "17e", "20a", "20b", "20c", "20m", "20h", "20j", "20k", "20n")
OPEN_WITHIN = 2.0
OPENS_MAX = 3


def common_problems(audit, row, truth):
    problems = []
    if audit.status not in (0, 1) or audit.errors:
        problems.append(f"exit {audit.status}, {audit.errors.strip()}")
    allowed = set(row["may"].split(";")) | {must.partition("/")[0] for must in row["must"].split(";")}
    problems += [f"false alarm {text}" for text in audit.loud(allowed)]
    opens = collections.Counter()
    for record in audit.of_type("finding"):
        opens[(record["id"], record["a"], record["b"])] += record["state"] == "open"
    problems += [f"{key} opened {count} times" for key, count in opens.items() if count > OPENS_MAX]
    want = {(sa["src"], sa["dst"], sa["proto"], int(sa["spi"], 16)) for sa in truth["wire_esp_ah"]}
    got = {(sa["src"], sa["dst"], sa["proto"], int(sa["spi"], 16)) for sa in audit.of_type("sa")}
    if want != got:
        problems.append(f"SAs missing {sorted(want - got)[:3]}, too many {sorted(got - want)[:3]}")
    return problems


def move_problems(audit, truth):
    """An SPI that the wire shows between other addresses later is an SA that moved; no other continues one."""
    problems = []
    lives = collections.defaultdict(list)
    for sa in sorted(truth["wire_esp_ah"], key=lambda sa: sa["first"]):
        lives[(sa["proto"], int(sa["spi"], 16))].append((sa["src"], sa["dst"]))
    for record in audit.of_type("sa"):
        ends = lives[(record["proto"], int(record["spi"], 16))]
        own = (record["src"], record["dst"])
        before = ends[ends.index(own) - 1] if own in ends and ends.index(own) else None
        told = record["continues"] and (record["continues"]["src"], record["continues"]["dst"])
        if told != before:
            problems.append(f"{record['spi']} from {own} continues {told}, not {before}")
    return problems


def leak_problems(audit, row):
    problems = []
    stories = [story for story in audit.alerts().values() if story["id"] == "cleartext-leak"]
    for must in row["must"].split(";"):
        finding, _, causes = must.partition("/")
        if finding == "cleartext-leak" and not any(s["cause"] in causes.split("|") for s in stories):
            problems.append(f"misses {must}; has {[s['cause'] for s in stories]}")
    if row["leak"] != "-":
        pair, first = row["leak"].split("@")
        if not any({s["a"], s["b"]} == set(pair.split(",")) and abs(seconds(s["first"]) - float(first)) <= OPEN_WITHIN
                   and s["severity"] in ("critical", "high") for s in stories):
            problems.append(f"no leak {row['leak']}")
    if row["clears"] == "yes" and not any(s["cleared_by"] for s in stories):
        problems.append("the leak is not cleared")
    return problems


def begin_problems(audit, truth):
    """Since when each SPI is bad, against when its receiver lost it. Returns problems and differences."""
    problems, off = [], []
    for fault in truth.get("expected_findings", []):
        if fault["finding"] != "bad-spi" or "exact_t" not in fault:
            continue
        begins = [seconds(story["first"]) - fault["exact_t"] for story in audit.alerts().values()
                  if story["id"] == "bad-spi" and int(story["spi"], 16) == int(fault["spi"], 16)
                  and (story["src"], story["dst"]) == (fault["sender"], fault["receiver"])]
        if not begins:
            problems.append(f"no bad-spi of {fault['spi']} from {fault['sender']}")
            continue
        off.append(min(begins, key=abs))
        if abs(off[-1]) > OPEN_WITHIN:
            problems.append(f"bad-spi of {fault['spi']} begins {off[-1]:+.3f} s from the truth")
    return problems, off


def main():
    espial, folder = sys.argv[1:]
    rows = table(folder, "expected.tsv")
    if rows is None:
        return 77
    bad = labs = asked = 0
    begins = {}
    for row in rows:
        name = row["scenario"]
        capture = os.path.join(folder, name + ".pcap")
        if not os.path.exists(capture):
            capture += "ng"
        with open(os.path.join(folder, name + ".truth.json"), encoding="utf-8") as file:
            truth = json.load(file)
        named = Audit(espial, capture, [pair for pair in row["secured"].split(";") if pair])
        problems = common_problems(named, row, truth) + move_problems(named, truth)
        if name.startswith(LEAKS):
            asked += 1
            problems += leak_problems(named, row)
        if "bad-spi" in row["must"]:
            late, off = begin_problems(named, truth)
            problems += late
            begins.update({f"{name} {number}" if number else name: value for number, value in enumerate(off)})
        learned = Audit(espial, capture)
        problems += [f"learned: {text}" for text in common_problems(learned, row, truth)]
        # A learned pair is an inference: never louder than medium. The leaks between ESP peers have to be seen.
        for story in learned.alerts().values():
            if story["id"] == "cleartext-leak" and (story["severity"] in LOUD[:2] or story["grade"] != "possible"):
                problems.append(f"learned: {story['severity']}, {story['grade']}")
        if name.startswith("08") and not any(s["id"] == "cleartext-leak" for s in learned.alerts().values()):
            problems.append("learned: the leak is not seen")
        labs += 1
        bad += bool(problems)
        for problem in problems:
            print(f"{name}: {problem}")
    for name, off in begins.items():
        print(f"{name}: bad-spi begins {off:+.3f} s from when its receiver lost it")
    if not begins:
        bad += 1
        print("no lab says since when an SPI was bad")
    print(f"{labs} labs, {asked} of them about leaks, {len(begins)} bad SPIs; {bad} with problems")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
