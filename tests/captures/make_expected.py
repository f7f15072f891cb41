#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the expectations of the lab captures from their ground truth; never from what espial says.

make_expected.py SHARED_LAB NAME...

For a person who adds a lab: copies NAME.pcap(ng) beside an expectation NAME.expected.json in lab/. SHARED_LAB is the
folder of labs with NAME.truth.json (the wire as tshark counted it, the faults as the lab machines logged them) and
expected.tsv (which findings are due, with which causes, on which pair, from when). Needs tshark, for the times of the
clear packets, which the truth files do not list one by one. check_capture.py says what each key means.
"""

import csv
import json
import os
import shutil
import subprocess
import sys

from audit_run import text_time

CLASSES = {
    "esp": "esp", "esp in udp": "esp", "ah+esp": "esp", "ah": "ah", "ike": "ike", "nat-keepalive": "keepalive",
    "clear tcp": "cleartext", "clear udp": "cleartext", "clear icmp-echo": "icmp", "icmpv6-nd/mld": "icmp",
    "icmp-error": "icmp", "arp": "non_ip", "ip-fragment": "fragment",
}
KEYS = ["esp", "ah", "ike", "keepalive", "icmp", "cleartext", "non_ip", "fragment", "malformed", "truncated"]
# A pause of clear traffic in which ESP ran for longer than this parts two leaks; and so much time after the last clear
# packet a clear message is due: more than FINDINGS' hold.
PAUSE = 5.0
CLEAR_DUE = 10.0


def tshark_times(capture, pair, display):
    """Times of the frames whose innermost addresses are the pair, in both directions."""
    command = ["tshark", "-n", "-r", capture, "-T", "fields", "-E", "separator=\t",
               "-e", "frame.time_epoch", "-e", "ip.src", "-e", "ip.dst", "-Y", display]
    times = {}
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        time, source, destination = line.split("\t")
        flow = (source.split(",")[-1], destination.split(",")[-1])
        if not pair or set(flow) == set(pair):
            times.setdefault(flow, []).append(float(time))
    return times


def leaks(capture, row, truth):
    pair, first = row["leak"].split("@")
    pair = pair.split(",")
    clear = sorted(time for times in tshark_times(
        capture, pair, "(tcp or udp) and not isakmp and not udpencap and not esp and not icmp").values()
        for time in times)
    esp = tshark_times(capture, None, "esp")
    end = truth["wire"]["last"]
    windows = [[clear[0]]]
    for time in clear[1:]:
        last = windows[-1][-1]
        if time - last > PAUSE and sum(any(last < t < time for t in times) for times in esp.values()) >= 2:
            windows.append([])
        windows[-1].append(time)
    causes = [must.partition("/")[2].split("|") for must in row["must"].split(";") if must.startswith("cleartext-leak")]
    assert len(causes) == len(windows), (row["scenario"], len(causes), [len(w) for w in windows])
    result = []
    for number, window in enumerate(windows):
        secured = sum(any(time > window[-1] for time in times) for times in esp.values()) >= 2
        due = secured and (end - window[-1] >= CLEAR_DUE or number + 1 < len(windows) or
                           (row["clears"] == "yes" and number + 1 == len(windows)))
        result.append({
            "id": "cleartext-leak", "cause": causes[number], "severity": "high", "grade": "observed", "pair": pair,
            "first": text_time(float(first) if number == 0 else window[0]), "packets": len(window),
            "cleared_by": "secured-again" if due and "selector-gap" not in causes[number] else None,
        })
    return result


def make(folder, name, target):
    with open(os.path.join(folder, "expected.tsv"), encoding="utf-8") as file:
        row = next(row for row in csv.DictReader(file, delimiter="\t") if row["scenario"] == name)
    with open(os.path.join(folder, name + ".truth.json"), encoding="utf-8") as file:
        truth = json.load(file)
    capture = name + (".pcap" if os.path.exists(os.path.join(folder, name + ".pcap")) else ".pcapng")
    shutil.copyfile(os.path.join(folder, capture), os.path.join(target, capture))
    classes = dict.fromkeys(KEYS, 0)
    for word, count in truth["wire"]["classes"].items():
        classes[CLASSES[word]] += count
    expected = {
        "title": truth["title"],
        "capture": capture,
        "secured": [pair for pair in row["secured"].split(";") if pair],
        "alerts": leaks(os.path.join(folder, capture), row, truth) if row["leak"] != "-" else [],
        "may": sorted({must.partition("/")[0] for must in row["must"].split(";") if must != "-"} - {"cleartext-leak"}
                      | {may for may in row["may"].split(";") if may}),
        "sas": sorted([sa["src"], sa["dst"], sa["proto"], sa["spi"], sa["packets"], sa["seq_first"], sa["seq_last"]]
                      for sa in truth["wire_esp_ah"]),
        "packets": truth["wire"]["frames"],
        "classes": classes,
    }
    lines = []
    for key, value in expected.items():
        if isinstance(value, list) and value and not isinstance(value[0], str):
            text = "[\n  " + ",\n  ".join(json.dumps(entry) for entry in value) + "\n ]"
        else:
            text = json.dumps(value, ensure_ascii=False)
        lines.append(f' "{key}": {text}')
    with open(os.path.join(target, name + ".expected.json"), "w", encoding="utf-8") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")


def main():
    target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lab")
    for name in sys.argv[2:]:
        make(sys.argv[1], name, target)


if __name__ == "__main__":
    main()
