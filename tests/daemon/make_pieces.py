#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/daemon/ike_log/pieces.pcap: make_pieces.py CERTIFICATES FILE

IKEv1 as Cisco's and Microsoft's stacks send it, made after [MS-IKEE] section 2.2.4, RFC 2408 and [MS-AIPS], not taken from a
wire: aggressive mode whose second message has a chain in PKCS #7 and comes in four fragments (payload 132), main mode whose fifth
message is encrypted and comes in three, and AuthIP's main, quick, extended and notify exchanges.
"""

import struct
import sys

SIZE = 700
A, B = bytes([192, 0, 2, 1]), bytes([198, 51, 100, 1])
packets = []


def payload(following, body):
    return struct.pack("!BBH", following, 0, 4 + len(body)) + body


def chain(payloads):
    octets = b""
    for i, (_, body) in enumerate(payloads):
        octets += payload(payloads[i + 1][0] if i + 1 < len(payloads) else 0, body)
    return payloads[0][0] if payloads else 0, octets


def message(ispi, rspi, exchange, flags, identifier, first, octets):
    return struct.pack("!QQBBBBII", ispi, rspi, first, 0x10, exchange, flags, identifier, 28 + len(octets)) + octets


def association(*attributes):
    transform = struct.pack("!BBHBBH", 0, 0, 8 + 4 * len(attributes), 1, 1, 0)
    transform += b"".join(struct.pack("!HH", 0x8000 | kind, value) for kind, value in attributes)
    proposal = struct.pack("!BBHBBBB", 0, 0, 8 + len(transform), 1, 1, 0, 1) + transform
    return struct.pack("!II", 1, 1) + proposal


def checksum(octets):
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def send(back, octets, gap=0.02):
    src, dst = (B, A) if back else (A, B)
    udp = struct.pack("!HHHH", 500, 500, 8 + len(octets), 0) + octets
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), len(packets), 0, 64, 17, 0, src, dst)
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    packets.append((gap, b"\x02\0\0\0\0\2" + b"\x02\0\0\0\0\1" + b"\x08\0" + head + udp))


def send_cut(back, octets, identifier):
    pieces = [octets[at:at + SIZE] for at in range(0, len(octets), SIZE)]
    for number, piece in enumerate(pieces, 1):
        body = struct.pack("!HBB", identifier, number, number == len(pieces)) + piece
        ispi, rspi, _, _, exchange, _, _, _ = struct.unpack("!QQBBBBII", octets[:28])
        send(back, message(ispi, rspi, exchange, 0, 0, 132, payload(0, body)), 0.001)


def noise(count, seed):
    octets = bytearray()
    while len(octets) < count:
        seed = (seed * 6364136223846793005 + 1442695040888963407) & 0xffffffffffffffff
        octets += struct.pack("!Q", seed)
    return bytes(octets[:count])


def main():
    folder, out = sys.argv[1:]
    with open(f"{folder}/chain-expired.p7b", "rb") as file:
        bundle = file.read()
    sa = association((1, 7), (14, 256), (2, 4), (3, 3), (4, 14))
    key, nonce = (4, noise(256, 1)), (10, noise(20, 2))
    identity = (5, struct.pack("!BBH", 1, 17, 500) + A)
    send(False, message(0x1111, 0, 4, 0, 0, *chain([(1, sa), key, nonce, identity])))
    answer = [(1, sa), key, nonce, (5, struct.pack("!BBH", 1, 17, 500) + B), (6, b"\1" + bundle), (9, noise(256, 3))]
    send_cut(True, message(0x1111, 0x2222, 4, 0, 0, *chain(answer)), 1)
    send(False, message(0x1111, 0x2222, 4, 1, 0, 9, noise(300, 4)))
    send(False, message(0x3333, 0, 2, 0, 0, *chain([(1, sa), (13, bytes.fromhex("4048b7d56ebce88525e7de7f00d6c2d3"))])), 1)
    send(True, message(0x3333, 0x4444, 2, 0, 0, *chain([(1, sa), (13, bytes.fromhex("4048b7d56ebce88525e7de7f00d6c2d3"))])))
    send(False, message(0x3333, 0x4444, 2, 0, 0, *chain([key, nonce])))
    send(True, message(0x3333, 0x4444, 2, 0, 0, *chain([key, nonce])))
    send_cut(False, message(0x3333, 0x4444, 2, 1, 0, 5, noise(1740, 5)), 7)
    send_cut(True, message(0x3333, 0x4444, 2, 1, 0, 5, noise(1724, 6)), 7)
    for step in range(3):
        send(step == 1, message(0x3333, 0x4444, 32, 1, 0x77, 8, noise((188, 172, 60)[step], 7 + step)))
    vista = bytes.fromhex("1e2b516905991c7d7c96fcbfb587e46100000007")
    crypto, method = (133, bytes(4)), (135, bytes(4))
    send(False, message(0x5555, 0, 243, 0, 0, *chain([crypto, (1, association((1, 7), (14, 128), (2, 2))), method, (13, vista)])), 1)
    send(True, message(0x5555, 0x6666, 243, 0, 0, *chain([crypto, (1, association((1, 7), (14, 128), (2, 2))), method, (13, vista)])))
    send(False, message(0x5555, 0x6666, 243, 0, 0, *chain([crypto, (4, noise(128, 9)), (129, noise(400, 10))])))
    send(True, message(0x5555, 0x6666, 243, 0, 0, *chain([crypto, (4, noise(128, 11)), (129, noise(120, 12))])))
    for step in range(2):
        send(step == 1, message(0x5555, 0x6666, 244, 1, 2, 133, noise((268, 220)[step], 13 + step)))
    send(False, message(0x5555, 0x6666, 245, 1, 1, 133, noise(92, 15)))
    send(True, message(0x5555, 0x6666, 246, 1, 9, 133, noise(76, 16)))
    with open(out, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        micro = 1767225600 * 1000000 + 3600 * 1000000
        for gap, frame in packets:
            micro += round(gap * 1000000)
            file.write(struct.pack("<IIII", micro // 1000000, micro % 1000000, len(frame), len(frame)) + frame)


if __name__ == "__main__":
    main()
