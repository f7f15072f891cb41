#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One capture with known truth: check_capture.py ESPIAL NAME.expected.json

The expectation lies beside its capture. Keys: `capture`; `secured`, each given as --secured; `alerts`, all leaks that
are due and none besides: id, accepted causes, severity, grade and pair of the last word, `first` the time of the
first clear packet, `packets` in clear (all of them when the alert is cleared, at most so many before), `cleared_by`
(null: no clear is due, one may come); `may`, findings that are true too: anything else of severity medium or above is
a false alarm; `sas`, exactly these (src, dst, proto, spi, packets, seq_first, seq_last); `packets` and `classes` of
the summary.
"""

import json
import os
import sys

from audit_run import Audit, seconds

TIME_TOLERANCE = 0.001


def alert_problems(expected, story):
    problems = []

    def want(what, right, got):
        if not right:
            problems.append(f"{expected['id']} from {expected['first']}: {what} is {got}")

    want("cause", story["cause"] in expected["cause"], story["cause"])
    for key in ("severity", "grade"):
        want(key, story[key] == expected[key], story[key])
    want("pair", {story["a"], story["b"]} == set(expected["pair"]), (story["a"], story["b"]))
    want("count", story["count"] == expected["packets"] if story["state"] == "clear" else
         1 <= story["count"] <= expected["packets"], story["count"])
    if expected["cleared_by"]:
        want("cleared_by", story["cleared_by"] == expected["cleared_by"], story["cleared_by"])
    want("number of opens", story["opens"] == 1, story["opens"])
    return problems


def check(espial, path):
    with open(path, encoding="utf-8") as file:
        expected = json.load(file)
    audit = Audit(espial, os.path.join(os.path.dirname(path), expected["capture"]), expected["secured"])
    problems = []
    if audit.errors:
        problems.append(f"says on standard error: {audit.errors.strip()}")
    loud = [story for story in audit.alerts().values() if story["severity"] in ("critical", "high", "medium")]
    if audit.status != (1 if loud else 0):
        problems.append(f"exit status {audit.status} with {len(loud)} findings of medium or above")

    # A learned pair's gap is told too (low), where no rule names the pair: the expectation is about what is due.
    stories = [story for story in audit.alerts().values()
               if story["id"] == "cleartext-leak" and (expected["secured"] or story["severity"] != "low")]
    for due in expected["alerts"]:
        match = next((s for s in stories if abs(seconds(s["first"]) - seconds(due["first"])) <= TIME_TOLERANCE), None)
        if match:
            stories.remove(match)
            problems += alert_problems(due, match)
        else:
            problems.append(f"no {due['id']} from {due['first']}")
    problems += [f"a leak that is none: {s['cause']} {s['severity']} {s['a']} {s['b']} {s['first']}" for s in stories]
    problems += [f"false alarm: {text}" for text in audit.loud(set(expected["may"]) | {"cleartext-leak"})]

    keys = ("src", "dst", "proto", "spi", "packets", "seq_first", "seq_last")
    got = {tuple(sa[key] for key in keys) for sa in audit.of_type("sa")}
    want = {tuple(sa) for sa in expected["sas"]}
    problems += [f"SA missing or other than {sa}" for sa in sorted(want - got)]
    problems += [f"SA that is none, or not so: {sa}" for sa in sorted(got - want, key=str)]
    if len(audit.of_type("sa")) != len(got):
        problems.append("an SA is told twice")
    if audit.summary.get("packets") != expected["packets"]:
        problems.append(f"{audit.summary.get('packets')} packets, not {expected['packets']}")
    if audit.summary.get("classes") != expected["classes"]:
        problems.append(f"classes {audit.summary.get('classes')}, not {expected['classes']}")
    if audit.summary.get("sas") != len(want):
        problems.append(f"the summary counts {audit.summary.get('sas')} SAs, not {len(want)}")
    return problems


def main():
    problems = check(sys.argv[1], sys.argv[2])
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
