#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual pages: mandoc finds nothing to complain about, and none of what they are made of is missing.

check_man.py ESPIAL SAMPLE PAGE...
"""

import json
import os
import re
import shutil
import subprocess
import sys

failures = []


def expect(holds, what):
    if not holds:
        failures.append(what)
        print("FAILED:", what)


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout


def shown(page):
    """As a person reads it: one space between words."""
    return re.sub(r"\s+", " ", re.sub(r".\x08", "", run("mandoc", "-Tutf8", "-Owidth=900", page)))


def main():
    espial, sample, *pages = sys.argv[1:]
    if not shutil.which("mandoc"):
        print("skipped: no mandoc; install mandoc")
        return 77
    for page in pages:
        expect(not run("mandoc", "-Tlint", "-W", "warning", page), f"{page}: {run('mandoc', '-Tlint', '-W', 'warning', page)}")
    read = {os.path.basename(page): shown(page) for page in pages}
    for line in run(espial, "explain", "--json").splitlines():
        row = json.loads(line)
        expect(row["id"] in read["espial-findings.7"], f"espial-findings(7) does not tell of {row['id']}")
        expect(re.sub(r"\s+", " ", row["meaning"]) in read["espial-findings.7"], f"espial-findings(7) lacks the meaning of {row['id']}")
    for name in re.findall(r"(?m)^  (\w[\w-]*) ", run(espial, "--help")):
        expect(f"espial {name}" in read["espial.1"], f"espial(1) does not tell of {name}")
    with open(sample, encoding="utf-8") as file:
        for key in re.findall(r"(?m)^ *#?-? ?([a-z][a-z-]*):(?= |$)", file.read()):
            expect(key + ":" in read["espial.yaml.5"], f"espial.yaml(5) does not tell of {key}")
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
