#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One worker, or several: check_workers.py ESPIAL FOLDER...

Each capture in the folders is audited with one worker and with two, three and five. What is written has to be the same, octet by
octet: records, their order, the numbers of alerts. A capture that has a truth beside it is audited under that truth's rules too, and
a few with the frames about an alert as evidence, which have to be the same files.
"""

import glob
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time

WORKERS = ("1", "2", "3", "5")
LARGEST = 6_000_000  # octets: larger ones are for people
SECONDS = 50  # then the rest is left out, and said
EVIDENCE = 10  # captures whose evidence is compared


def rules_of(path):
    stem = path.rsplit(".", 1)[0]
    for name in (f"{stem}.expected.json", f"{stem}.truth.json"):
        if os.path.exists(name):
            with open(name, encoding="utf-8") as file:
                truth = json.load(file)
            secured = truth.get("secured", []) if isinstance(truth, dict) else []
            return secured if isinstance(secured, list) else []
    return []


def written(espial, workers, arguments, folder=None):
    command = [espial, "audit", "--json", "--workers", workers] + arguments
    digest = hashlib.sha256()
    if folder:
        command[3:3] = ["--evidence", folder]
    done = subprocess.run(command, capture_output=True, check=False)
    digest.update(bytes([done.returncode]) + done.stdout + done.stderr)
    for path in sorted(glob.glob(f"{folder}/*")) if folder else []:
        with open(path, "rb") as file:
            digest.update(os.path.basename(path).encode() + file.read())
    return digest.hexdigest(), done


def first_difference(one, other):
    left, right = one.stdout.splitlines(), other.stdout.splitlines()
    for a, b in zip(left, right):
        if a != b:
            return f"  one: {a[:600].decode(errors='replace')}\n  several: {b[:600].decode(errors='replace')}"
    return f"  {len(left)} records, and {len(right)}; status {one.returncode}, and {other.returncode}"


def main():
    espial, folders = sys.argv[1], sys.argv[2:]
    paths = sorted(path for folder in folders for kind in ("pcap", "pcapng", "cap") for path in glob.glob(f"{folder}/**/*.{kind}", recursive=True)
                   if os.path.getsize(path) <= LARGEST)
    began, failed, compared, left_out = time.monotonic(), 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="espial-workers.") as work:
        for number, path in enumerate(paths):
            if time.monotonic() - began > SECONDS:
                left_out = len(paths) - number
                break
            secured = [argument for pair in rules_of(path) for argument in ("--secured", pair)]
            variants = [[path]] + ([secured + [path]] if secured else [])
            for variant in variants:
                folder = f"{work}/evidence" if number < EVIDENCE else None
                truth, one = written(espial, WORKERS[0], variant, folder and f"{folder}.1")
                for workers in WORKERS[1:]:
                    compared += 1
                    told, several = written(espial, workers, variant, folder and f"{folder}.{workers}")
                    if told == truth:
                        continue
                    failed += 1
                    print(f"{path}: {' '.join(variant[:-1])} with {workers} workers it is not the same")
                    print(first_difference(one, several))
    if compared == 0:
        print("no captures here")
        return 77
    print(f"{compared} audits by several workers compared with those by one, {failed} differ"
          + (f"; {left_out} captures were left out, since time was up" if left_out else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
