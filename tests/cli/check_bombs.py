#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small files that unpack to huge ones: check_bombs.py ESPIAL

A bomb costs `espial audit` time that grows with what it unpacks to, and no memory: whatever the file claims, the process stays
below the bound that is set for it, ends, and says in one sentence what is wrong with the file where something is. Behind a
gigabyte of frames that say nothing, a leak is found as ever.
"""

import os
import resource
import struct
import subprocess
import sys
import tempfile
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

import packets  # noqa: E402

MEGABYTE = 1 << 20
ROOM = 4096 * MEGABYTE  # of address space: tables are mapped, and resident only as they are used
RESIDENT = 220 * MEGABYTE
PATIENCE = 240
HEAD = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)


def record(seconds, octets, length=None):
    return struct.pack("<IIII", seconds, 0, len(octets) if length is None else length, len(octets)) + octets


def gzip_of(parts):
    """A gzip file of parts, which may be much larger than memory: (octets, times). Each part is deflated once: its blocks refer to
    nothing before them and end on an octet (Z_FULL_FLUSH), so that they may be repeated."""
    packed, crc, length = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff", 0, 0
    for octets, times in parts:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed += (packer.compress(octets) + packer.flush(zlib.Z_FULL_FLUSH)) * times
        for _ in range(times):
            crc = zlib.crc32(octets, crc)
        length += len(octets) * times
    # An empty last block, and what it all comes to (RFC 1952 section 2.3.1).
    return packed + b"\x03\0" + struct.pack("<II", crc, length & 0xFFFFFFFF)


def zstd_of(path, parts):
    """The same by zstd, where its tool is installed."""
    with open(path, "wb") as out:
        tool = subprocess.Popen(["zstd", "-q", "-c", "-T1"], stdin=subprocess.PIPE, stdout=out)
        for octets, times in parts:
            for _ in range(times):
                tool.stdin.write(octets)
        tool.stdin.close()
        if tool.wait() != 0:
            raise OSError("zstd failed")


class Check:
    def __init__(self, espial, folder):
        self.espial, self.folder, self.failed = espial, folder, 0

    def audit(self, name, statuses, *words, bound=True):
        """The bomb goes through the audit within its bounds; standard error has the words."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        try:
            done = subprocess.run([self.espial, "audit", "--json", "--secured", "10.99.1.1,10.99.1.2", f"{self.folder}/{name}"],
                                  capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=False,
                                  preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM))) if bound else None)
        except subprocess.TimeoutExpired:
            self.complain(name, f"takes longer than {PATIENCE} s")
            return None
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        size = os.path.getsize(f"{self.folder}/{name}")
        print(f"{name}: {size} octets, status {done.returncode}, {usage.ru_utime - before.ru_utime:.1f} s of processor, "
              f"resident {usage.ru_maxrss // 1024} MiB at most so far, {time.monotonic() - began:.1f} s: {done.stderr.strip()[:160]}")
        if done.returncode not in statuses:
            self.complain(name, f"status {done.returncode}, {done.stderr[-300:]}")
        for word in words:
            if word not in done.stderr:
                self.complain(name, f"does not say {word!r}: {done.stderr[:300]!r}")
        if usage.ru_maxrss * 1024 > RESIDENT and bound:
            self.complain(name, f"{usage.ru_maxrss // 1024} MiB resident")
        return done

    def complain(self, name, what):
        print(f"FAILED: {name}: {what}")
        self.failed += 1

    def write(self, name, octets):
        with open(f"{self.folder}/{name}", "wb") as file:
            file.write(octets)


def main():
    espial = sys.argv[1]
    # A sanitizer's shadow does not fit into any bound.
    bound = not (os.environ.get("ASAN_OPTIONS") or os.environ.get("TSAN_OPTIONS"))
    with tempfile.TemporaryDirectory(prefix="espial-bombs.") as folder:
        check = Check(espial, folder)
        idle = packets.ethernet(packets.udp("192.0.2.1", "192.0.2.2", 9, 9, bytes(1400)))
        many = b"".join(record(1700000000 + i, idle) for i in range(700))  # a megabyte
        leak = record(1700001000, packets.ethernet(packets.tcp("10.99.1.1", "10.99.1.2", 40000, 80, packets.PSH | packets.ACK,
                                                               packets.HTTP_GET)))
        # A gigabyte of frames in a few megabytes, and a leak at its end.
        check.write("gigabyte.pcap.gz", gzip_of([(HEAD, 1), (many, 1000), (leak, 1)]))
        done = check.audit("gigabyte.pcap.gz", (1,), bound=bound)
        if done and "cleartext-leak" not in done.stdout:
            check.complain("gigabyte.pcap.gz", "the leak behind it is not found")
        # A frame that says it is two gigabytes, and zeros without end.
        check.write("long.pcap.gz", gzip_of([(HEAD + struct.pack("<IIII", 1, 0, 0x7FFFFFFF, 0x7FFFFFFF), 1), (bytes(MEGABYTE), 256)]))
        check.audit("long.pcap.gz", (2,), "long.pcap.gz", bound=bound)
        # Zeros: frames of no octets at all.
        check.write("zeros.pcap.gz", gzip_of([(HEAD, 1), (bytes(MEGABYTE), 256)]))
        check.audit("zeros.pcap.gz", (0,), bound=bound)
        # A pcapng block that says it is as large as can be.
        section = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
        check.write("block.pcapng.gz", gzip_of([(section + struct.pack("<II", 6, 0x7FFFFFFC), 1), (bytes(MEGABYTE), 256)]))
        check.audit("block.pcapng.gz", (2,), "block.pcapng.gz", bound=bound)
        # Interfaces without end: each is a block of 20 octets.
        interface = struct.pack("<IIHHII", 1, 20, 1, 0, 262144, 20)
        check.write("interfaces.pcapng.gz", gzip_of([(section, 1), (interface * 50000, 40)]))
        check.audit("interfaces.pcapng.gz", (0, 2), bound=bound)
        # Compressed within compressed: the inner one is no capture.
        check.write("twice.gz", gzip_of([(gzip_of([(HEAD, 1), (many, 10)]), 1)]))
        check.audit("twice.gz", (2,), "twice.gz", bound=bound)
        # Members without end, each of nothing.
        check.write("members.gz", gzip_of([(HEAD, 1)]) + gzip_of([(b"", 1)]) * 100000)
        check.audit("members.gz", (0, 2), bound=bound)
        # zstd: a window of two gigabytes is asked for before the first octet (RFC 8878 section 3.1.1.1.2).
        check.write("window.zst", bytes([0x28, 0xB5, 0x2F, 0xFD, 0x00, (31 - 10) << 3]) + bytes([0x03, 0x00, 0x40]) + bytes(64))
        check.audit("window.zst", (2,), "window.zst", bound=bound)
        try:
            zstd_of(f"{folder}/gigabyte.pcap.zst", [(HEAD, 1), (many, 1000), (leak, 1)])
            done = check.audit("gigabyte.pcap.zst", (1,), bound=bound)
            if done and "cleartext-leak" not in done.stdout:
                check.complain("gigabyte.pcap.zst", "the leak behind it is not found")
        except FileNotFoundError:
            print("zstd is not installed: its bombs are those that are made here")
        print(f"{check.failed} failed")
        return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
