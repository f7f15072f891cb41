#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each call that `espial audit` makes of the system fails in turn: check_failing_audit.py ESPIAL SHIM CAPTURE [MOST [OPTION...]]

For every place in the program and its libraries that calls one of the functions in failing_call.c, and for every call of those
that are called rarely, the audit runs once with that call failing. It has to end with the same findings as without, or with
a status above 1 and a sentence why. A signal, a hang, or other findings with a status that says all is well is a failure.

MOST: how many are tried; 0 or without, all of them (`meson compile failing-calls`). OPTION: of `espial audit`, in the place of
`--json --secured 10.8.1.1,10.8.1.2`; without --evidence among them no captures are asked for.
"""

import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import time

from failing_call import Plan, cases, sample

EACH = 400
TIMEOUT = 60
FINE = ("told", "without effect", "not met", "ended by libgcrypt, which says why")


class Stage:
    def __init__(self, folder, espial, shim, capture, options):
        self.folder, self.shim = folder, shim
        self.evidence = not options or "--evidence" in options
        options = [option for option in options if option != "--evidence"] or ["--json", "--secured", "10.8.1.1,10.8.1.2"]
        self.command = [espial, "audit", *options, capture]

    def audit(self, plan, more=None):
        """What came of it, with the captures by name."""
        evidence = f"{plan.path}.captures"
        # A locale that cannot be had for lack of memory leaves ASCII, which is no other finding.
        environment = dict(os.environ, ESPIAL_FAILING_CALL=plan.path, LD_PRELOAD=self.shim, LC_ALL="C",
                           ASAN_OPTIONS="verify_asan_link_order=0:detect_leaks=0:allocator_may_return_null=1:abort_on_error=1",
                           **(more or {}))
        if os.environ.get("ESPIAL_ASAN"):
            environment["LD_PRELOAD"] = f"{self.shim} {os.environ['ESPIAL_ASAN']}"
        try:
            done = subprocess.run(self.command + (["--evidence", evidence] if self.evidence else []), capture_output=True, env=environment, timeout=TIMEOUT, check=False)
            done.captures = {}
            for name in os.listdir(evidence) if os.path.isdir(evidence) else ():
                with open(f"{evidence}/{name}", "rb") as file:
                    done.captures[name] = file.read()
            return done
        finally:
            shutil.rmtree(evidence, ignore_errors=True)

    def judge(self, case, reference):
        role, function, number = case
        plan = Plan(f"{self.folder}/{function}.{number}", function, role, number)
        try:
            done = self.audit(plan)
        except subprocess.TimeoutExpired:
            return "hung"
        fired = plan.fired()
        os.unlink(plan.path)
        if fired is None:
            return "not met"
        if done.returncode == -6 and (b"in libgcrypt:" in done.stderr or b"Fatal error: Cannot allocate memory" in done.stderr):
            return "ended by libgcrypt, which says why"
        if done.returncode < 0 or done.returncode >= 128:
            return f"crashed by {done.returncode}"
        if done.returncode <= 1:
            if done.stdout != reference.stdout or done.returncode != reference.returncode:
                return "other findings, and silence"
            return "without effect" if done.captures == reference.captures else "other captures, and silence"
        return "told" if done.stderr.strip() else "ended without a word"


def main():
    espial, shim, capture = sys.argv[1:4]
    most = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="espial-faults.") as folder:
        stage = Stage(folder, espial, shim, capture, sys.argv[5:])
        plan = Plan(f"{folder}/count")
        reference = stage.audit(plan)
        if reference.returncode not in (0, 1) or not reference.stdout or bool(reference.captures) != stage.evidence:
            print(reference.stderr.decode(errors="replace"))
            return 1
        everything = cases(plan, EACH)
        chosen = sample(everything, most) if most else everything
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            outcomes = list(pool.map(lambda case: stage.judge(case, reference), chosen))
    counts = {}
    bad = []
    for case, outcome in zip(chosen, outcomes):
        counts[outcome] = counts.get(outcome, 0) + 1
        if outcome not in FINE:
            bad.append(f"{case[1]} number {case[2]}: {outcome}")
    print(f"{len(everything)} places and calls, {len(chosen)} tried in {time.monotonic() - began:.0f} s: " +
          ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    for line in bad[:400]:
        print(line)
    # A plan that nothing meets would prove nothing.
    return 1 if bad or counts.get("not met", 0) > len(chosen) // 4 else 0


if __name__ == "__main__":
    sys.exit(main())
