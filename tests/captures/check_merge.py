#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One capture, or the same frames over several interfaces: check_merge.py ESPIAL FOLDER [SEED]

Each lab is told whole; then its frames are dealt out to several files, by direction and at random, and told from these in any
order of naming; and written as one pcapng with an interface for each. Findings with their evidence, SAs with their counts, IKE SAs
and pairs have to be the same whatever tap a frame came by: what an interface is, is not what hosts do. Not compared is what
names the interface, and what only a capture of one port can know (REASONS).
"""

import glob
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

from check_mutated import read_capture

SHOWN = 10
# Labs that say something else by design when a frame has another interface, and why.
REASONS = {
    "20n-decapsulated-copy": "a decapsulated copy is told by being on the same port",
    "20k-gateway-own-services": "four small packets of it have the lengths that copies of the ESP on the same port would have",
}
# What says where, or in what order records of one moment come.
LEFT_OUT = ("interface", "alert", "sensor")


def write_pcap(path, link, frames):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link))
        for seconds, micros, length, octets in frames:
            file.write(struct.pack("<IIII", seconds, micros, len(octets), length) + octets)


def write_pcapng(path, link, parts):
    """An interface for each part, frames in order of time."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28))
        for _ in parts:
            file.write(struct.pack("<IIHHII", 1, 20, link, 0, 262144, 20))
        merged = sorted(((frame[0], frame[1], number, at, frame) for number, part in enumerate(parts) for at, frame in enumerate(part)))
        for seconds, micros, number, _, (_, _, length, octets) in merged:
            moment = seconds * 1_000_000 + micros
            padded = octets + bytes(-len(octets) % 4)
            size = 32 + len(padded)
            file.write(struct.pack("<IIIIIII", 6, size, number, moment >> 32, moment & 0xFFFFFFFF, len(octets), length) +
                       padded + struct.pack("<I", size))


def read_times(path):
    """Frames with their times, which are made to differ: two of one microsecond have no order once they are in two files."""
    with open(path, "rb") as file:
        octets = file.read()
    at, frames, last = 24, [], -1
    while at + 16 <= len(octets):
        seconds, micros, captured, length = struct.unpack_from("<IIII", octets, at)
        last = max(last + 1, seconds * 1_000_000 + micros)
        frames.append((last // 1_000_000, last % 1_000_000, length, octets[at + 16:at + 16 + captured]))
        at += 16 + captured
    return frames


def told(espial, paths, secured):
    command = [espial, "audit", "--json"]
    for pair in secured:
        command += ["--secured", pair]
    done = subprocess.run(command + paths, capture_output=True, text=True, errors="replace", check=False)
    records = []
    for line in done.stdout.splitlines():
        record = {name: value for name, value in json.loads(line).items() if name not in LEFT_OUT}
        records.append(json.dumps(record, sort_keys=True))
    return records if done.returncode in (0, 1) else [done.stderr]


def main():
    espial, folder = sys.argv[1:3]
    chance = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 500)
    failed, labs, variants = 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="espial-merge.") as work:
        for path in sorted(glob.glob(f"{folder}/*.pcap")):
            name = os.path.basename(path)[:-5]
            link, _ = read_capture(path)
            expected = f"{path[:-5]}.expected.json"
            if link is None or not os.path.exists(expected) or name in REASONS:
                continue
            with open(expected, encoding="utf-8") as file:
                secured = json.load(file).get("secured", [])
            frames = read_times(path)
            labs += 1
            whole = f"{work}/whole.pcap"
            write_pcap(whole, link, frames)
            truth = told(espial, [whole], secured)
            dealt = {
                "by direction": [[frame for frame in frames if (frame[3][6:12] > frame[3][0:6]) == way] for way in (False, True)],
                "at random": [[], [], []],
            }
            for frame in frames:
                chance.choice(dealt["at random"]).append(frame)
            for how, parts in dealt.items():
                parts = [part for part in parts if part]
                paths = []
                for number, part in enumerate(parts):
                    write_pcap(f"{work}/{number}.pcap", link, part)
                    paths.append(f"{work}/{number}.pcap")
                chance.shuffle(paths)
                write_pcapng(f"{work}/all.pcapng", link, parts)
                for form, sources in (("files", paths), ("pcapng", [f"{work}/all.pcapng"])):
                    variants += 1
                    other = told(espial, sources, secured)
                    if other == truth:
                        continue
                    failed += 1
                    print(f"{name}, {how}, as {form}:")
                    shown = [f"  whole: {line}" for line in truth if line not in other]
                    shown += [f"  merged: {line}" for line in other if line not in truth] or ["  the same in another order"]
                    print("\n".join(line[:700] for line in shown[:SHOWN]))
    for name, reason in REASONS.items():
        print(f"not compared: {name}: {reason}")
    print(f"{labs} labs, {variants} variants, {failed} differ")
    return 1 if failed or not labs else 0


if __name__ == "__main__":
    sys.exit(main())
