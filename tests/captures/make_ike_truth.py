#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what tshark says of IKE in whole captures, for check_ike.py: make_ike_truth.py FOLDER [FILE...] > ike_truth.tsv

FOLDER holds the captures and labs (captures/, lab/); FILEs of it instead of all. One line for every capture in which tshark finds IKE: the file, and
tab-separated lists of `what=count`, sorted: versions; exchange types; SPI pairs; notifies in clear; transforms; vendor IDs. A
list of more than MOST members is its number and the SHA-256 of all of it. tshark runs without keys; headers that an ICMP
error quotes are left out.
"""

import collections
import glob
import hashlib
import json
import os
import subprocess
import sys
import tempfile

MOST = 60
V1_ATTRIBUTES = {"isakmp.ike.attr.encryption_algorithm": "encryption", "isakmp.ike.attr.hash_algorithm": "prf",
                 "isakmp.ike.attr.group_description": "group", "isakmp.ike.attr.authentication_method": "authentication"}
KINDS = ("versions", "exchanges", "spis", "notifies", "transforms", "vendors")


def flatten(pairs):
    for key, value in pairs:
        if isinstance(value, list) and value and isinstance(value[0], tuple):
            yield from flatten(value)
        elif isinstance(value, str):
            yield key, value


def text_of(counter):
    words = sorted(f"{word}={count}" for word, count in counter.items())
    whole = ",".join(words)
    if len(words) <= MOST:
        return whole or "-"
    return f"{len(words)}:{hashlib.sha256(whole.encode()).hexdigest()}"


def count_message(fields, counters):
    header = {name: value for name, value in reversed(fields)}
    if "isakmp.version" not in header or "isakmp.exchangetype" not in header:
        return
    major = int(header["isakmp.version"], 0) >> 4
    counters["versions"][f"{major}.{int(header['isakmp.version'], 0) & 15}"] += 1
    counters["exchanges"][f"{major}/{int(header['isakmp.exchangetype'], 0)}"] += 1
    spis = (header.get("isakmp.ispi", ""), header.get("isakmp.rspi", ""))
    counters["spis"]["/".join(spi.replace(":", "") for spi in spis)] += 1
    kind, last = None, None
    for key, value in fields:
        if key == "isakmp.notify.msgtype":
            counters["notifies"][f"{major}/{int(value, 0)}"] += 1
        elif key == "isakmp.vid_bytes":
            counters["vendors"][value.replace(":", "")] += 1
        elif key == "isakmp.tf.type":
            kind = int(value, 0)
        elif key.startswith("isakmp.tf.id.") and major == 2:
            last = f"2/{kind}/{int(value, 0)}"
            counters["transforms"][last] += 1
        elif key == "isakmp.ike2.attr.key_length" and last:
            counters["transforms"][last] -= 1
            counters["transforms"][f"{last}/{int(value, 0)}"] += 1
        elif key in V1_ATTRIBUTES:
            counters["transforms"][f"1/{V1_ATTRIBUTES[key]}/{int(value, 0)}"] += 1
        elif key == "isakmp.ike.attr.key_length":
            counters["transforms"][f"1/length/{int(value, 0)}"] += 1


def counters_of(path, environment):
    output = subprocess.run(["tshark", "-n", "-r", path, "-Y", "isakmp", "-T", "json"],
                            capture_output=True, check=False, env=environment).stdout
    counters = {kind: collections.Counter() for kind in KINDS}
    try:
        packets = json.loads(output, object_pairs_hook=lambda pairs: pairs)
    except ValueError:
        return counters
    for packet in packets:
        layers = next(v for k, v in next(v for k, v in packet if k == "_source") if k == "layers")
        for key, tree in layers:
            if key in ("icmp", "icmpv6"):
                break
            if key == "isakmp" and isinstance(tree, list):
                count_message(list(flatten(tree)), counters)
    return counters


def main():
    folder = sys.argv[1]
    paths = [os.path.join(folder, name) for name in sys.argv[2:]]
    paths = paths or glob.glob(os.path.join(folder, "captures", "*", "*")) + glob.glob(os.path.join(folder, "lab", "*.pcap*"))
    with tempfile.TemporaryDirectory() as empty:
        environment = dict(os.environ, HOME=empty, XDG_CONFIG_HOME=empty, LC_ALL="C")
        print("file", *KINDS, sep="\t")
        for path in sorted(paths):
            counters = counters_of(path, environment)
            if counters["versions"]:
                words = [text_of(+counters[kind]) for kind in KINDS]
                print(os.path.relpath(path, folder), *words, sep="\t")


if __name__ == "__main__":
    main()
