#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""systemd takes our unit without a word and finds it hardened; sysusers and tmpfiles can be read.

check_units.py UNIT ESPIALD SOURCE_ROOT. The unit's ExecStart is pointed at the built espiald in a copy. Skipped (77) where
there is no systemd-analyze. Called by meson.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

EXPOSURE_MAX = 15  # tenths, of systemd-analyze security's 0 (safe) to 10


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def main():
    unit, espiald, root = sys.argv[1:4]
    if not shutil.which("systemd-analyze"):
        print("skipped: systemd-analyze is not installed")
        return 77
    with open(unit, encoding="utf-8") as file:
        text = file.read()
    start = re.search(r"^ExecStart=(\S+)/espiald -c (\S+)/espial/espial\.yaml$", text, re.MULTILINE)
    if not start or "@" in start[0]:
        print(f"ExecStart is not as it should be: {start and start[0]}")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "espiald.service")
        with open(copy, "w", encoding="utf-8") as file:
            file.write(text.replace(start[1] + "/espiald", os.path.abspath(espiald), 1))
        result = run("systemd-analyze", "verify", copy)
        complaints = [line for line in result.stdout.splitlines() if "espial" in line]
        if result.returncode != 0 or complaints:
            print("systemd-analyze verify: " + result.stdout)
            return 1
        result = run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", "--no-pager", copy)
        verdict = result.stdout.strip().splitlines()[-1]
        if result.returncode != 0:
            print(verdict)
            return 1
    for tool, name in (("systemd-sysusers", "espial.sysusers"), ("systemd-tmpfiles", "espial.tmpfiles")):
        words = ["--dry-run"] if tool == "systemd-sysusers" else ["--cat-config"]
        if not shutil.which(tool):
            continue
        result = run(tool, *words, os.path.join(root, "systemd", name))
        if result.returncode != 0:
            print(f"{tool}: {result.stdout}")
            return 1
    print(verdict)
    return 0


if __name__ == "__main__":
    sys.exit(main())
