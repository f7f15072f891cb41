#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes seeds of the fuzz targets from captures: make_seeds.py ESPIAL FOLDER CAPTURE...

For every capture (pcap, Ethernet) one seed in each of FOLDER/ike_story, ike_log, frames and readable, as far as the
capture has something for it, one in FOLDER/ike_payload for each kind of payload that was not seen yet, and one in
FOLDER/record for each kind of JSON line that ESPIAL, the program, writes. In any case also those that no capture holds,
made-*: Kerberos messages and IPv6 jumbograms, right, wrong and cut. The formats are described in the
targets. Only captures of our own belong into the tree.
"""
import hashlib
import json
import os
import struct
import subprocess
import sys

FRAMES_MAX, FRAME_OCTETS_MAX, MESSAGES_MAX = 40, 400, 16
PAUSES = (1e-9, .001, .02, .3, 1, 4, 17, 61, 301, 3600)


def frames_of(path):
    with open(path, "rb") as file:
        data = file.read()
    order = "<" if data[:1] in b"\xd4\x4d" else ">"
    if data[:4] not in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\xa1\xb2\x3c\x4d"):
        return
    scale = 1e-9 if data[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") else 1e-6
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, captured, length = struct.unpack(order + "4I", data[at:at + 16])
        yield seconds + fraction * scale, data[at + 16:at + 16 + captured], length
        at += 16 + captured


def network_of(frame):
    """(source, destination, protocol, what it carries) of the IP packet in an Ethernet frame, first fragments only."""
    at = 14
    kind = frame[12:14]
    while kind in (b"\x81\x00", b"\x88\xa8"):
        kind, at = frame[at + 2:at + 4], at + 4
    packet = frame[at:]
    if kind == b"\x08\x00" and len(packet) >= 20 and not packet[6] & 0x1f and not packet[7]:
        total = struct.unpack(">H", packet[2:4])[0]
        return packet[12:16], packet[16:20], packet[9], packet[4 * (packet[0] & 15):total]
    if kind == b"\x86\xdd" and len(packet) >= 40:
        total = 40 + struct.unpack(">H", packet[4:6])[0]
        return packet[8:24], packet[24:40], packet[6], packet[40:total]
    return None


def ike_of(frame):
    """(source, destination, ports, message), or None."""
    found = network_of(frame)
    if not found or found[2] != 17 or len(found[3]) < 36:
        return None
    ports = struct.unpack(">2H", found[3][:4])
    message = found[3][8:]
    if 4500 in ports and message[:4] == b"\0\0\0\0":
        message = message[4:]
    elif 500 not in ports:
        return None
    return (found[0], found[1], ports, message) if len(message) >= 28 else None


def write(folder, target, name, data):
    os.makedirs(os.path.join(folder, target), exist_ok=True)
    with open(os.path.join(folder, target, name), "wb") as file:
        file.write(data)


def story_seed(messages):
    out, pairs, last = bytearray([0x17]), [], None
    for time, source, destination, _, message in messages[:MESSAGES_MAX]:
        pair = tuple(sorted((source, destination)))
        if pair not in pairs:
            pairs.append(pair)
        number = pairs.index(pair) % 6 + (6 if len(source) == 16 and pairs.index(pair) < 2 else 0)
        gap = time - last if last else 0
        last = time
        if gap > 1e-4:
            pause = max(i for i, value in enumerate(PAUSES) if value <= gap)
            out += bytes([13, pause, min(int(gap / PAUSES[pause]), 4) - 1])
        what = 4 | (number & 7) << 4 | (0x80 if source == pair[1] else 0)
        message = message[:0x7ff]
        out += bytes([what, len(message) >> 8, len(message) & 255]) + message
    return bytes(out)


def log_seed(messages, level):
    out = bytearray([level])
    first = messages[0][1]
    for _, source, _, ports, message in messages[:MESSAGES_MAX]:
        numbers = {500: 0, 4500: 1, 6000: 2}
        how = numbers.get(ports[0], 3) | numbers.get(ports[1], 3) << 2 | (16 if len(source) == 16 else 0)
        message = message[:0x1fff]
        out += struct.pack(">HB", len(message) | (0x4000 if source != first else 0), how) + message
    return bytes(out)


def frames_seed(frames):
    out, last = bytearray([0]), None
    for time, octets, length in frames[:FRAMES_MAX]:
        gap = time - last if last else 0
        last = time
        pause = 0x40 | min(int(gap), 63) if gap >= 1 else min(int(gap * 1000), 63)
        cut = octets[:FRAME_OCTETS_MAX]
        out += struct.pack(">HBB", len(cut), pause | (0x80 if len(cut) < length else 0), 0) + cut
    return bytes(out)


def readable_seed(frames):
    out = bytearray()
    for _, octets, _ in frames:
        found = network_of(octets)
        if found and found[2] == 50 and len(out) < 1500 and len(found[3]) < 400:
            out += struct.pack(">H", len(found[3])) + found[3]
    return bytes(out)


def payloads_of(message):
    """(version, exchange flags, type, body) of the payloads in clear."""
    version, kind, at = message[17] >> 4, message[16], 28
    if version == 1 and message[19] & 1:
        return
    while kind and at + 4 <= len(message):
        following, length = message[at], struct.unpack(">H", message[at + 2:at + 4])[0]
        if length < 4:
            return
        yield version, kind, message[at + 4:at + length]
        if kind in (46, 53):
            return
        kind, at = following, at + length


def shape_of(version, kind, body):
    """Payloads of one shape need one seed: notifies by type, others by what stands first, and length class."""
    head = body[:4] if kind in (11, 41) else body[:1]
    return version, kind, head, min(len(body).bit_length(), 6)


def record_seeds(espial, folder, path, seen):
    done = subprocess.run([espial, "audit", "--json", path], capture_output=True, check=False)
    for line in done.stdout.splitlines():
        record = json.loads(line)
        kind = (record["type"], record.get("id"), record.get("state"), tuple(v is None for v in record.values()))
        if kind not in seen and len(line) < 3000:
            seen.add(kind)
            write(folder, "record", f"{record['type']}-{hashlib.sha1(line).hexdigest()[:8]}", line)


# ---- seeds that no capture holds ----

def element(tag, content):
    """DER (X.690 section 8.1)."""
    length = len(content)
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag]) + (bytes([length]) if length < 128 else bytes([0x80 | len(octets)]) + octets) + content


def number(value):
    return element(2, value.to_bytes((value + (value < 0)).bit_length() // 8 + 1, "big", signed=True))


def context(at, content):
    return element(0xa0 + at, content)


def principal(*words):
    strings = b"".join(element(0x1b, word) for word in words)
    return element(0x30, context(0, number(2)) + context(1, element(0x30, strings)))


def kerberos_error(code, *fields):
    """KRB-ERROR (RFC 4120 section 5.9.1) as far as the dissector looks; `code` is the content of its field."""
    head = context(0, number(5)) + context(1, number(30))
    return element(0x7e, element(0x30, head + context(6, code) + b"".join(fields)))


def kerberos_reply(*fields):
    return element(0x6d, element(0x30, context(0, number(5)) + context(1, number(13)) + b"".join(fields)))


def kerberos_seeds(folder):
    name = principal(b"host", b"bob.example")
    whole = kerberos_error(number(7), context(9, element(0x1b, b"EXAMPLE")), context(10, name))
    realm = context(1, element(0x1b, b"EXAMPLE"))
    ticket = element(0x61, element(0x30, context(0, number(5)) + realm + context(2, name)))
    messages = {
        "tag-long": b"\x7f\x1e" + whole[2:], "tag-other": element(0x78, whole[2:]),
        "length-indefinite": b"\x7e\x80" + whole[2:], "length-5": b"\x7e\x85\0\0\0\0\x30" + whole[2:],
        "length-zero-first": b"\x7e\x82\0\x90" + whole[2:], "length-not-smallest": b"\x7e\x81\x20" + whole[2:],
        "length-beyond": b"\x7e\x84\x7f\xff\xff\xff" + whole[2:],
        "inner-length-cut": b"\x7e\x03\x30\x82\x01", "inner-not-sequence": element(0x7e, element(0x31, b"\xa0\0")),
        "version-4": whole.replace(b"\xa0\3\2\1\5", b"\xa0\3\2\1\4", 1),
        "type-other": whole.replace(b"\xa1\3\2\1\x1e", b"\xa1\3\2\1\x0d", 1),
        "version-absent": element(0x7e, element(0x30, context(1, number(30)))),
        "empty": element(0x7e, element(0x30, b"")), "nothing-in-it": b"\x7e\0",
        "code-empty": kerberos_error(b"\2\0"), "code-5-octets": kerberos_error(b"\2\5\1\2\3\4\5"),
        "code-padded": kerberos_error(b"\2\2\0\7"), "code-padded-negative": kerberos_error(b"\2\2\xff\x87"),
        "code-negative": kerberos_error(number(-30000)), "code-large": kerberos_error(number(1 << 24)),
        "code-no-integer": kerberos_error(b"\4\1\7"), "code-longer-than-field": kerberos_error(b"\2\4\7"),
        "code-absent": element(0x7e, element(0x30, context(0, number(5)) + context(1, number(30)) + context(10, name))),
        "fields-descend": kerberos_error(number(7), context(5, number(1))),
        "field-no-context": kerberos_error(number(7), b"\2\1\0"),
        "name-of-5": kerberos_error(number(7), context(10, principal(*b"a b c d e".split()))),
        "name-of-no-string": kerberos_error(
            number(7), context(10, element(0x30, context(1, element(0x30, b"\2\1\0"))))),
        "name-absent": kerberos_error(number(7), context(10, element(0x30, context(0, number(2))))),
        "name-no-sequence": kerberos_error(number(7), context(10, b"\2\1\0")),
        "reply-no-ticket": kerberos_reply(), "reply-ticket": kerberos_reply(context(5, ticket)),
        "reply-no-ticket-in-it": kerberos_reply(context(5, b"\2\1\0")),
        "reply-fields-descend": kerberos_reply(b"\xa0\0"),
        "reply-ticket-no-name": kerberos_reply(context(5, element(0x61, element(0x30, context(0, number(5)))))),
        "reply-ticket-fields-descend": kerberos_reply(context(5, element(0x61, element(0x30, b"\xa1\0\xa0\0")))),
    }
    for code in (0, 25, 27, 52, 68, 69, 77):
        messages[f"code-{code}"] = kerberos_error(number(code))
    for name, message in messages.items():
        write(folder, "kerberos", "made-" + name, b"\0" + message)
    for at in range(0, len(whole)):
        write(folder, "kerberos", f"made-cut-{at}", b"\x80" + whole[:at])
    for name, length in (("none", 0), ("huge", 1 << 24), ("longer", len(whole) + 40), ("shorter", len(whole) - 8)):
        write(folder, "kerberos", "made-stream-" + name, b"\1" + struct.pack(">I", length) + whole)
    write(folder, "kerberos", "made-stream-cut", b"\1\0\0")


def jumbogram_seeds(folder):
    """RFC 2675: raw IPv6, with the jumbo option in hop-by-hop options, right and wrong (section 3)."""
    def packet(length, options, behind, following=0):
        return (b"\x60\0\0\0" + struct.pack(">HBB", length, following, 64) + bytes(15) + b"\1" + bytes(15) + b"\2" +
                options + behind)

    def jumbo(size, after=17):
        return bytes([after, 0, 0xc2, 4]) + struct.pack(">I", size)

    udp = struct.pack(">4H", 500, 500, 0, 0) + bytes(64)
    inputs = {
        "whole": packet(0, jumbo(66000), udp), "esp": packet(0, jumbo(70000, 50), b"\0\0\1\0\0\0\0\1" + bytes(64)),
        "too-short-for-one": packet(0, jumbo(65535), udp), "with-a-length": packet(80, jumbo(66000), udp),
        "twice": packet(0, b"\x11\1" + jumbo(66000)[2:] + b"\xc2\4\0\1\1\1" + b"\1\2\0\0", udp),
        "option-of-3": packet(0, b"\x11\0\xc2\3\0\1\0\0", udp),
        "option-beyond": packet(0, b"\x11\0\1\1\0\xc2\4\0", udp),
        "option-cut": packet(0, jumbo(66000)[:5], b""),
        "padded": packet(0, b"\x11\1\0\1\2\0\0\0\xc2\4\0\1\1\1\1\0", udp),
        "no-option": packet(0, b"\x11\0\1\4\0\0\0\0", udp), "no-options": packet(0, b"", udp, 17),
        "fragment": packet(0, jumbo(66000, 44), b"\x11\0\0\1\0\0\0\1" + udp),
        "options-beyond": packet(0, b"\x11\xff\xc2\4\0\1\1\1", udp), "tcp": packet(0, jumbo(66000, 6), bytes(60)),
        "empty": packet(0, b"", b"", 59),
    }
    for name, octets in inputs.items():
        for seen, link in (("", 11), ("-cut", 0x8b), ("-long", 0xc3)):
            write(folder, "packet", f"made-jumbo-{name}{seen}", bytes([link, 0]) + octets)


def main():
    espial, folder = sys.argv[1:3]
    kerberos_seeds(folder)
    jumbogram_seeds(folder)
    shapes, records = set(), set()
    for path in sys.argv[3:]:
        name = os.path.basename(path).split(".")[0]
        frames = list(frames_of(path))
        messages = [(time, *ike_of(octets)) for time, octets, _ in frames if ike_of(octets)]
        if messages:
            write(folder, "ike_story", name, story_seed(messages))
            write(folder, "ike_log", name, log_seed(messages, len(shapes) % 7))
        if frames:
            write(folder, "frames", name, frames_seed(frames))
        readable = readable_seed(frames)
        if readable and not messages:
            write(folder, "readable", name, readable)
        for *_, message in messages:
            for version, kind, body in payloads_of(message):
                if shape_of(version, kind, body) not in shapes and len(body) < 1200:
                    shapes.add(shape_of(version, kind, body))
                    digest = hashlib.sha1(body).hexdigest()[:8]
                    write(folder, "ike_payload", f"v{version}-{kind}-{digest}",
                          bytes([0x80 if version == 1 else 0, kind]) + body)
        record_seeds(espial, folder, path, records)


main()
