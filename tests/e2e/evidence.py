# SPDX-License-Identifier: Apache-2.0
"""Captures of alerts, read and judged by rules of their own: what the tests of `--evidence` have in common.

Capture is a small reader of pcapng, comments included. layers() walks a frame's headers and says where they end, so that what is
kept can be held to it. belongs() says whether a frame is about the hosts of an alert. None of it knows how espial does the same.
"""

import ipaddress
import os
import shutil
import struct
import subprocess

ESP_HEADER, IKE_HEADER = 8, 28


class Capture:
    def __init__(self, path):
        self.comment, self.application = None, None
        self.interfaces = []  # (link type, name)
        self.frames = []  # (seconds, interface, octets, length on the wire, comment)
        with open(path, "rb") as file:
            self.octets = file.read()
        at = 0
        while at < len(self.octets):
            kind, total = struct.unpack_from("<II", self.octets, at)
            body = self.octets[at + 8:at + total - 4]
            assert total % 4 == 0 and struct.unpack_from("<I", self.octets, at + total - 4)[0] == total, "a torn block"
            if kind == 0x0A0D0D0A:
                assert at == 0 and struct.unpack_from("<I", body)[0] == 0x1A2B3C4D
                options = self.options(body[16:])
                self.comment, self.application = options[1].decode(), options[4].decode()
            elif kind == 1:
                options = self.options(body[8:])
                assert options[9] == b"\x09", "times are in nanoseconds"
                self.interfaces.append((struct.unpack_from("<H", body)[0], options.get(2, b"").decode()))
            else:
                assert kind == 6, f"a block of type {kind}"
                interface, high, low, captured, length = struct.unpack_from("<IIIII", body)
                padded = (captured + 3) // 4 * 4
                comment = self.options(body[20 + padded:]).get(1)
                self.frames.append(((high << 32 | low) / 1e9, interface, body[20:20 + captured], length,
                                    comment.decode() if comment else None))
            at += total

    @staticmethod
    def options(octets):
        found, at = {}, 0
        while at + 4 <= len(octets):
            code, length = struct.unpack_from("<HH", octets, at)
            if code == 0:
                break
            found[code] = octets[at + 4:at + 4 + length]
            at += 4 + (length + 3) // 4 * 4
        return found

    def link_type(self, frame):
        return self.interfaces[frame[1]][0]


def captures_in(folder):
    """{alert: Capture}"""
    return {name[:16]: Capture(os.path.join(folder, name)) for name in sorted(os.listdir(folder))
            if name.endswith(".pcapng")}


# ---- frames ----

EXTENSIONS = {0, 43, 60}


def walk_link(octets, link_type, found):
    if link_type == 101:
        return walk_ip(octets, 0, found)
    at = {1: 12, 113: 14, 276: 0}[link_type]
    kind = struct.unpack_from(">H", octets, at)[0]
    at = 20 if link_type == 276 else at + 2
    while kind in (0x8100, 0x88A8):
        kind = struct.unpack_from(">H", octets, at + 2)[0]
        at += 4
    return walk_ip(octets, at, found) if kind in (0x0800, 0x86DD) else None


def walk_ip(octets, at, found):
    """Adds (source, destination, protocol) of each IP header; returns where the headers end, as far as they may be kept."""
    if octets[at] >> 4 == 4:
        header = (octets[at] & 15) * 4
        protocol = octets[at + 9]
        source, destination = octets[at + 12:at + 16], octets[at + 16:at + 20]
        later = struct.unpack_from(">H", octets, at + 6)[0] & 0x1FFF
        at += header
    else:
        protocol, later = octets[at + 6], 0
        source, destination = octets[at + 8:at + 24], octets[at + 24:at + 40]
        at += 40
        while protocol in EXTENSIONS or protocol == 44:
            if protocol == 44:
                later = struct.unpack_from(">H", octets, at + 2)[0] >> 3
                protocol, at = octets[at], at + 8
            else:
                protocol, at = octets[at], at + (octets[at + 1] + 1) * 8
    found.append((str(ipaddress.ip_address(source)), str(ipaddress.ip_address(destination)), protocol))
    return at if later else walk_transport(octets, at, protocol, found)


def walk_transport(octets, at, protocol, found):
    if protocol == 6:
        return at + (octets[at + 12] >> 4) * 4
    if protocol == 17:
        return walk_udp(octets, at, found)
    if protocol == 50:
        return at + ESP_HEADER
    if protocol == 51:
        length = (octets[at + 1] + 2) * 4
        return at + length + (ESP_HEADER if octets[at] == 50 else 0)
    if protocol in (4, 41):
        return walk_ip(octets, at, found)
    if protocol == 47:
        return walk_gre(octets, at, found)
    if protocol == 1 and octets[at] in (3, 11, 12):
        quoted = []
        end = walk_ip(octets, at + 8, quoted)
        found.extend(quoted)
        return min(end, at + 8 + (octets[at + 8] & 15) * 4 + 16)
    return at + 8 if protocol in (1, 58) else at


def walk_udp(octets, at, found):
    ports = struct.unpack_from(">HH", octets, at)
    at += 8
    if 4789 in ports:
        return walk_link(octets[at + 8:], 1, found) + at + 8
    if 4500 in ports and octets[at:at + 4] != bytes(4) and len(octets) > at + 1:
        return at + ESP_HEADER
    if 4500 in ports and len(octets) <= at + 1:
        return at + 1
    if 500 in ports or 4500 in ports:
        at += 4 if 4500 in ports else 0
        if at + IKE_HEADER > len(octets):
            return at + IKE_HEADER
        version, exchange, flags, length = octets[at + 17], octets[at + 18], octets[at + 19], \
            struct.unpack_from(">I", octets, at + 24)[0]
        if version >> 4 == 1 and flags & 1:
            return at + IKE_HEADER
        return at + (length if exchange in (2, 34) else IKE_HEADER + 1024 if exchange == 4 else IKE_HEADER + 8)
    return at


def walk_gre(octets, at, found):
    flags, kind = struct.unpack_from(">HH", octets, at)
    at += 4 + sum(4 for bit in (0x8000, 0x2000, 0x1000) if flags & bit)
    if kind == 0x88BE:
        at += 8 if flags & 0x1000 else 0
    if kind in (0x6558, 0x88BE):
        return walk_link(octets[at:], 1, found) + at
    return walk_ip(octets, at, found) if kind in (0x0800, 0x86DD) else at


def layers(octets, link_type):
    """([(source, destination, protocol)] from the outside in, octets that are headers). Reads no further than what is there."""
    found = []
    try:
        end = walk_link(octets + bytes(64), link_type, found)
    except (IndexError, struct.error):
        end = len(octets)
    return found, end


def belongs(found, hosts, gateways, about_host):
    """Whether a frame with these layers is about the alert's hosts: between them, IPsec of theirs and of the gateways, or an error
    about that."""
    known = set(hosts) | set(gateways)
    for source, destination, protocol in found:
        if about_host and hosts[0] in (source, destination):
            return True
        if not about_host and {source, destination} == set(hosts):
            return True
        if {source, destination} <= known and protocol in (17, 50, 51, 4, 41):
            return True
    return False


def check_headers(capture):
    """No octet behind the headers, in any frame."""
    for number, frame in enumerate(capture.frames, 1):
        found, end = layers(frame[2], capture.link_type(frame))
        assert len(frame[2]) <= end, f"frame {number} of {found}: {len(frame[2])} octets are kept, and {end} are headers"


def tshark(path, *fields):
    """The rows of a capture; None where tshark is not installed."""
    if not shutil.which("tshark"):
        return None
    wanted = [word for field in fields for word in ("-e", field)]
    done = subprocess.run(["tshark", "-r", path, "-T", "fields", "-E", "separator=|", *wanted], capture_output=True, text=True,
                          check=True)
    return [line.split("|") for line in done.stdout.splitlines()]


def tshark_agrees(paths, folder):
    """No frame of all these is malformed to it, or has an octet of clear payload. Frames looked at; 0 where it is not installed. One
    run for all, since it takes long to begin."""
    if not paths or not shutil.which("tshark") or not shutil.which("mergecap"):
        return 0
    merged = os.path.join(folder, "merged.pcapng")
    subprocess.run(["mergecap", "-a", "-w", merged, *paths], check=True, stderr=subprocess.DEVNULL)
    rows = tshark(merged, "frame.number", "tcp.payload", "_ws.malformed")
    for number, payload, malformed in rows:
        assert not payload, f"frame {number} of all has {len(payload) // 2} octets of clear payload"
        assert not malformed, f"frame {number} of all is malformed: {malformed}"
    return len(rows)
