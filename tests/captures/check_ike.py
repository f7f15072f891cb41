#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""IKE as a whole against tshark's truth, over all captures of the team: check_ike.py ESPIAL FOLDER ike_truth.tsv

FOLDER holds captures/ and lab/; ike_truth.tsv is what make_ike_truth.py wrote of them. For every capture with IKE the IKE
log at its highest level has to count the same versions, exchange types, SPI pairs, notifies in clear, transforms and
vendor IDs. DIFFERENCES lists where we differ on purpose, with the reason in docs/differences.md; a difference that is
gone is an error too. Exit 77 without the folder.
"""

import collections
import csv
import json
import os
import subprocess
import sys

from make_ike_truth import KINDS, text_of

# File: the columns that differ.
DIFFERENCES = {
    "captures/ike/ikev1-authip-exchange-243.pcap": ["transforms"],
    "captures/malformed/td-isakmp-various-oobr.pcap": ["exchanges"],
    "captures/malformed/td-isakmpv1-attr-oobr.pcap": ["exchanges"],
}

# The log names exchange types and the kinds of transforms; RFC 2408 section 3.1, RFC 7296 sections 3.1 and 3.3.2.
EXCHANGES = {
    1: {"Base": 1, "Main Mode": 2, "Authentication Only": 3, "Aggressive Mode": 4, "Informational": 5,
        "Transaction": 6, "Quick Mode": 32, "New Group Mode": 33, "AuthIP Main Mode": 243},
    2: {"IKE_SA_INIT": 34, "IKE_AUTH": 35, "CREATE_CHILD_SA": 36, "INFORMATIONAL": 37, "IKE_SESSION_RESUME": 38,
        "GSA_AUTH": 39, "GSA_REGISTRATION": 40, "GSA_REKEY": 41, "IKE_INTERMEDIATE": 43, "IKE_FOLLOWUP_KE": 44},
}
V2_KINDS = {"encryption": 1, "prf": 2, "integrity": 3, "group": 4, "esn": 5}


def vendors_of(message):
    """The vendor IDs as they were on the wire, from the payloads."""
    for payload in message["payloads"] or []:
        if payload["type"] in (13, 43) and payload["hex"]:
            yield payload["hex"][8:]


def count_payloads(message, major, counters):
    """Transforms and notifies."""
    for notify in message["notifies"] or []:
        counters["notifies"][f"{major}/{notify['type']}"] += 1
    for proposal in message["proposals"] or []:
        for algorithm in proposal["algorithms"]:
            length = algorithm["key_length"]
            if major == 1:
                counters["transforms"][f"1/{algorithm['kind']}/{algorithm['id']}"] += 1
                if length is not None:
                    counters["transforms"][f"1/length/{length}"] += 1
            else:
                word = f"2/{V2_KINDS.get(algorithm['kind'], algorithm['kind'])}/{algorithm['id']}"
                counters["transforms"][word if length is None else f"{word}/{length}"] += 1


def counters_of(espial, path):
    done = subprocess.run([espial, "audit", "--json", "--ike-log=7", path], capture_output=True, text=True,
                          errors="replace", timeout=120, check=False)
    counters = {kind: collections.Counter() for kind in KINDS}
    for line in done.stdout.splitlines():
        message = json.loads(line)
        # What is joined from fragments is no message of the wire.
        if message["type"] != "ike_message" or message["joined"]:
            continue
        major = int(message["version"].partition(".")[0])
        counters["versions"][message["version"]] += 1
        counters["exchanges"][f"{major}/{EXCHANGES.get(major, {}).get(message['exchange'], message['exchange'])}"] += 1
        counters["spis"]["/".join(message[spi].removeprefix("0x") for spi in ("ispi", "rspi"))] += 1
        counters["vendors"].update(vendors_of(message))
        count_payloads(message, major, counters)
    return counters


def main():
    espial, folder, truth = sys.argv[1:4]
    if not os.path.isdir(os.path.join(folder, "captures")):
        print(f"skipped: the captures are not there ({folder})")
        return 77
    with open(truth, encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    bad = 0
    for row in rows:
        counters = counters_of(espial, os.path.join(folder, row["file"]))
        words = {kind: text_of(counters[kind]) for kind in KINDS}
        different = [kind for kind in KINDS if words[kind] != row[kind]]
        if different != DIFFERENCES.get(row["file"], []):
            bad += 1
            print(f"{row['file']}: {', '.join(different) or 'equal now: take it off the list of differences'}")
            for kind in different:
                print(f"  tshark {row[kind]}\n  espial {words[kind]}")
    print(f"{len(rows)} captures with IKE, {len(DIFFERENCES)} known differences, {bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
