#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what tshark says of IKE messages, for check_ike_truth: ike_truth.py [--all] CAPTURE... > ike_truth.tsv

One line a message: capture and frame, octets sent, the octets in hexadecimal, and tshark's view as words in the order of
the message: version exchange flags id length, p payload, n notify, T transform type and t its number, k key length,
e h a g l the IKEv1 attributes encryption, hash, authentication, group and life, d the group of a KE, v the length of a
vendor ID, i the first payload inside SK or SKF. Without --all the first message of each kind only, and encrypted ones cut
behind what is in clear. tshark runs without keys; an IKE header that an ICMP error quotes is left out.
"""
import json
import os
import subprocess
import sys
import tempfile

HEADER = ("isakmp.version", "isakmp.exchangetype", "isakmp.flags", "isakmp.messageid", "isakmp.length")
PREFIX = {
    "isakmp.notify.msgtype": "n", "isakmp.tf.type": "T", "isakmp.ike2.attr.key_length": "k",
    "isakmp.ike.attr.encryption_algorithm": "e", "isakmp.ike.attr.hash_algorithm": "h",
    "isakmp.ike.attr.authentication_method": "a", "isakmp.ike.attr.group_description": "g",
    "isakmp.ike.attr.life_duration": "l", "isakmp.ike.attr.key_length": "k", "isakmp.key_exchange.dh_group": "d",
}
CLEAR = 40  # octets kept of an encrypted message: header, SK or SKF header, fragment numbers


def flatten(pairs):
    for key, value in pairs:
        if isinstance(value, list) and value and isinstance(value[0], tuple):
            yield from flatten(value)
        elif isinstance(value, str):
            yield key, value


def words(pairs):
    """The view, and whether the message is encrypted."""
    found, last, encrypted = [], 0, False
    fields = list(flatten(pairs))
    for name in HEADER:
        value = next((v for k, v in fields if k == name), None)
        if value is None:
            return None, False
        found.append(str(int(value, 0)))
    encrypted = found[0] == "16" and int(found[2]) & 1 == 1
    for key, value in fields:
        if key == "isakmp.typepayload":
            last = int(value)
            encrypted |= last in (46, 53)
            found.append("p" + value)
        elif key == "isakmp.nextpayload" and last in (46, 53):
            found.append("i" + value)
            last = 0
        elif key == "isakmp.vid_bytes":
            found.append("v%d" % len(bytes.fromhex(value.replace(":", ""))))
        elif key.startswith("isakmp.tf.id."):
            found.append("t" + value)
        elif key in PREFIX:
            found.append(PREFIX[key] + str(int(value, 0)))
    return " ".join(found), encrypted


def main():
    arguments = sys.argv[1:]
    everything = "--all" in arguments
    seen = set()
    with tempfile.TemporaryDirectory() as empty:
        environment = dict(os.environ, HOME=empty, XDG_CONFIG_HOME=empty, LC_ALL="C")
        for path in (a for a in arguments if a != "--all"):
            output = subprocess.run(
                ["tshark", "-n", "-r", path, "-Y", "isakmp", "-T", "json", "-x"],
                capture_output=True, check=False, env=environment).stdout
            try:
                packets = json.loads(output, object_pairs_hook=lambda pairs: pairs)
            except ValueError:
                print(f"{path}: tshark gave no JSON", file=sys.stderr)
                continue
            for packet in packets:
                layers = next(v for k, v in next(v for k, v in packet if k == "_source") if k == "layers")
                frame = next(v for k, v in flatten(layers) if k == "frame.number")
                for (key, raw), (_, tree) in zip(layers, layers[1:]):
                    if key != "isakmp_raw":
                        continue
                    view, encrypted = words(tree)
                    if view is None:
                        continue
                    octets = raw[0]
                    parts = view.split(" ")
                    shape = " ".join(parts[:3] + parts[5:])
                    if not everything:
                        if shape in seen:
                            continue
                        seen.add(shape)
                    cut = octets[:2 * CLEAR] if encrypted and not everything else octets
                    print(os.path.basename(path), frame, len(octets) // 2, cut, view, sep="\t")


main()
