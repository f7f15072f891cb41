#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""All public captures of the team, where they lie beside the source tree, against tshark's truth:
check_public.py ESPIAL FOLDER

FOLDER holds the captures with truth.tsv, truth-esp.tsv and truth-ike.tsv. For each capture: its number of packets,
the set of (src, dst, SPI) of ESP and AH and the set of initiator SPIs of IKE; packets quoted in ICMP errors do not
count. Malformed captures have to end 0, 1 or 2 in time, with a message if 2. A foreign format may be declined.
DIFFERENCES lists where we differ on purpose; a difference that is gone is an error too. Exit 77 without the folder.
"""

import collections
import ipaddress
import json
import os
import subprocess
import sys

from audit_run import table

# Capture: what comes out instead. tshark counts the file's three custom blocks (types 0xbad and 0x40000bad, at octets
# 216, 1412 and 2468) as packets; there are eight packet blocks. The other one has a single datagram on port 4500, which is
# IKE without its marker: tshark lists the first half of an IKE SPI as an SA.
DIFFERENCES = {"formats/pcapng-be-202.pcapng": ["8 packets, not 11"],
               "ike/os-v1-cert-main5-4500-no-marker.pcap": ["SAs missing 1, too many 0"]}


def plain(address):
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address


def audit(espial, path):
    try:
        done = subprocess.run([espial, "audit", "--json", path], capture_output=True, text=True, errors="replace",
                              timeout=30, check=False)
    except subprocess.TimeoutExpired:
        return None, [], "takes longer than 30 s"
    if done.returncode not in (0, 1, 2) or (done.returncode == 2 and not done.stderr.strip()):
        return None, [], f"ends with {done.returncode} and says {done.stderr.strip()!r}"
    try:
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], None
    except ValueError:
        return None, [], "writes broken JSON"


def problems_of(records, row, esp, ike):
    problems = []
    packets = next((str(r["packets"]) for r in records if r["type"] == "summary"), "no")
    if packets != row["packets"]:
        problems.append(f"{packets} packets, not {row['packets']}")
    for what, want, got in (
            ("SA", esp, {(plain(r["src"]), plain(r["dst"]), int(r["spi"], 16)) for r in records if r["type"] == "sa"}),
            ("IKE SA", ike, {r["ispi"].removeprefix("0x") for r in records if r["type"] == "ike_sa"})):
        if want != got:
            problems.append(f"{what}s missing {len(want - got)}, too many {len(got - want)}")
    return problems


def main():
    espial, folder = sys.argv[1:]
    rows = table(folder, "truth.tsv")
    if rows is None:
        return 77
    esp, ike = collections.defaultdict(set), collections.defaultdict(set)
    for row in table(folder, "truth-esp.tsv"):
        if not row["kind"].startswith("icmp"):
            esp[row["file"]].add((plain(row["src"]), plain(row["dst"]), int(row["spi"], 16)))
    for row in table(folder, "truth-ike.tsv"):
        ike[row["file"]].add(row["init_spi"])
    captures = compared = bad = 0
    for row in rows:
        name = row["file"]
        status, records, failure = audit(espial, os.path.join(folder, name))
        captures += 1
        if failure:
            print(f"{name}: {failure}")
            bad += 1
            continue
        if name.startswith("malformed/") or (status == 2 and name.startswith("formats/")):
            continue
        compared += 1
        problems = problems_of(records, row, esp[name], ike[name])
        if problems != DIFFERENCES.get(name, []):
            print(f"{name}: {'; '.join(problems) or 'equal now: take it off the list of differences'}")
            bad += 1
    print(f"{captures} captures, {compared} compared, {len(DIFFERENCES)} known differences, {bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
