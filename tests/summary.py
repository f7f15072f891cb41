#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sums up a meson test log: what ran by folder, what failed, what was skipped and why; last line `N passed, N failed`.

summary.py TESTLOG.json. Exits with 1 if a test failed or none ran. Called by quickstart and .ci/run.
"""

import collections
import json
import sys

PASSED = ("OK", "EXPECTEDFAIL")


def reason(test):
    """The last line that a test said: a skipping test says why."""
    lines = (test.get("stdout", "") + test.get("stderr", "")).strip().splitlines()
    return lines[-1] if lines else "without a word"


def main():
    groups = collections.defaultdict(collections.Counter)
    failed, skipped = [], []
    with open(sys.argv[1], encoding="utf-8") as file:
        for line in file:
            test = json.loads(line)
            name, result = test["name"], test["result"]
            # "espial:suite / folder/name", of which suite or folder may be missing.
            project, _, rest = name.partition(" / ")
            suite = project.partition(":")[2]
            group = suite or (rest.split("/")[0] if "/" in rest else "daemon")
            kind = "passed" if result in PASSED else "skipped" if result == "SKIP" else "failed"
            groups[group][kind] += 1
            if kind == "failed":
                failed.append((rest, result.lower()))
            elif kind == "skipped":
                skipped.append((rest, reason(test)))
    total = collections.Counter()
    print("\nWhat ran:")
    for group, counts in sorted(groups.items()):
        print(f"  {group:<14}" + ", ".join(f"{counts[kind]} {kind}" for kind in ("passed", "failed", "skipped") if counts[kind]))
        total.update(counts)
    for name, why in skipped:
        print(f"Skipped: {name}: {why}")
    for name, result in failed:
        print(f"FAILED: {name}: {result}")
    print(f"{total['passed']} passed, {total['failed']} failed" + (f", {total['skipped']} skipped" if total["skipped"] else ""))
    return 0 if total["passed"] and not total["failed"] else 1


if __name__ == "__main__":
    sys.exit(main())
