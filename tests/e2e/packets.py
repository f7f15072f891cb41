# SPDX-License-Identifier: Apache-2.0
"""Frames and captures made here, octet by octet, for the stories of the tests. Deterministic: the same call, the same
octets. ESP payloads are noise from a seeded generator; there is no key anywhere."""

import ipaddress
import random
import struct

SYN, ACK, PSH, FIN = 0x02, 0x10, 0x08, 0x01
NOISE = random.Random(4303)
NON_ESP_MARKER = bytes(4)
HTTP_GET = b"GET /report HTTP/1.1\r\nHost: intranet.example\r\nUser-Agent: story/1\r\nAccept: */*\r\n\r\n"
HTTP_OK = (b"HTTP/1.1 200 OK\r\nServer: story\r\nContent-Type: text/plain\r\nContent-Length: 600\r\n\r\n" +
           b"figures of the quarter\n" * 26)[:720]


def checksum(octets):
    if len(octets) % 2:
        octets += b"\0"
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(source, destination, protocol, payload, identification=0):
    source, destination = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if source.version == 6:
        header = struct.pack(">IHBB", 0x60000000, len(payload), protocol, 64)
        return header + source.packed + destination.packed + payload
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), identification, 0x4000, 64, protocol, 0,
                         source.packed, destination.packed)
    return header[:10] + struct.pack(">H", checksum(header)) + header[12:] + payload


def ethernet(packet, vlan=None):
    kind = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
    tag = b"" if vlan is None else struct.pack(">HH", 0x8100, vlan)
    return b"\x52\x54\0\0\0\x02" + b"\x52\x54\0\0\0\x01" + tag + kind + packet


def tcp(source, destination, source_port, port, flags, payload=b"", sequence=1000, acknowledged=2000):
    segment = struct.pack(">HHIIBBHHH", source_port, port, sequence, 0 if flags == SYN else acknowledged, 0x50, flags,
                          64000, 0, 0) + payload
    return ip(source, destination, 6, segment)


def udp(source, destination, source_port, port, payload):
    return ip(source, destination, 17, struct.pack(">HHHH", source_port, port, 8 + len(payload), 0) + payload)


def esp(source, destination, spi, sequence, carried=64, udp_ports=None):
    """ESP that carries a packet of `carried` octets: AES-CBC with HMAC-SHA2-256-128, so IV 16, blocks of 16, ICV 16."""
    blocks = (carried + 2 + 15) // 16 * 16
    octets = struct.pack(">II", spi, sequence) + NOISE.randbytes(16 + blocks + 16)
    if udp_ports:
        return udp(source, destination, *udp_ports, octets)
    return ip(source, destination, 50, octets)


def ike_sa_init(source, destination, initiator_spi, responder_spi, response, ports=(500, 500)):
    """An IKE_SA_INIT message with one Nonce payload: enough to be one (RFC 7296 section 3.1)."""
    nonce = struct.pack(">BBH", 0, 0, 36) + NOISE.randbytes(32)
    header = struct.pack(">QQBBBBII", initiator_spi, responder_spi, 40, 0x20, 34, 0x20 if response else 0x08, 0,
                         28 + len(nonce))
    return udp(source, destination, *ports, header + nonce)


def ike_encrypted(source, destination, initiator_spi, responder_spi, exchange, message, response, from_initiator):
    """IKE_AUTH (35) or INFORMATIONAL (37): one Encrypted payload."""
    body = struct.pack(">BBH", 0, 0, 4 + 76) + NOISE.randbytes(76)
    flags = (0x20 if response else 0) | (0x08 if from_initiator else 0)
    header = struct.pack(">QQBBBBII", initiator_spi, responder_spi, 46, 0x20, exchange, flags, message, 28 + len(body))
    return udp(source, destination, 500, 500, header + body)


def echo(source, destination, data, reply=False, sequence=1):
    message = struct.pack(">BBHHH", 0 if reply else 8, 0, 0, 77, sequence) + bytes(range(256)) * (data // 256) + \
        bytes(range(data % 256))
    return ip(source, destination, 1, message[:2] + struct.pack(">H", checksum(message)) + message[4:])


def unreachable(source, destination, quoted, code):
    message = struct.pack(">BBHI", 3, code, 0, 0) + quoted[:28]
    return ip(source, destination, 1, message[:2] + struct.pack(">H", checksum(message)) + message[4:])



class Story:
    """Packets with their times, in the order they are told; times are seconds from a fixed beginning."""

    BEGIN = 1_800_000_000

    def __init__(self):
        self.frames = []  # (microseconds, interface, frame)

    def add(self, seconds, packet, interface=0, vlan=None):
        self.frames.append((round(seconds * 1e6), interface, ethernet(packet, vlan)))

    def ordered(self):
        return sorted(self.frames, key=lambda entry: entry[0])

    def esp_both_ways(self, begin, end, step, a, b, spi_a=0xC0000001, spi_b=0xC0000002, first=1, carried=84):
        """A pair's traffic under ESP: one packet each way per step."""
        count = 0
        moment = begin
        while moment < end:
            self.add(moment, esp(a, b, spi_a, first + count, carried))
            self.add(moment + 0.004, esp(b, a, spi_b, first + count, carried))
            count += 1
            moment += step
        return first + count

    def ike(self, moment, a, b, spi=0x1111222233334444):
        """A complete exchange: IKE_SA_INIT and IKE_AUTH, each answered."""
        self.add(moment, ike_sa_init(a, b, spi, 0, False))
        self.add(moment + 0.01, ike_sa_init(b, a, spi, spi ^ 0xFF, True))
        self.add(moment + 0.02, ike_encrypted(a, b, spi, spi ^ 0xFF, 35, 1, False, True))
        self.add(moment + 0.03, ike_encrypted(b, a, spi, spi ^ 0xFF, 35, 1, True, False))

    def informational(self, moment, a, b, message, spi=0x1111222233334444):
        self.add(moment, ike_encrypted(a, b, spi, spi ^ 0xFF, 37, message, False, True))
        self.add(moment + 0.01, ike_encrypted(b, a, spi, spi ^ 0xFF, 37, message, True, False))

    @staticmethod
    def http_packets(client, server, client_port, port=80):
        """One conversation: [(delay, packet)]."""
        def segment(forward, flags, payload=b"", sequence=0, acknowledged=0):
            ends = (client, server, client_port, port) if forward else (server, client, port, client_port)
            return tcp(*ends, flags, payload, sequence, acknowledged)

        get, okay = len(HTTP_GET), len(HTTP_OK)
        return [
            (0.000, segment(True, SYN, b"", 100)),
            (0.001, segment(False, SYN | ACK, b"", 500, 101)),
            (0.002, segment(True, ACK, b"", 101, 501)),
            (0.003, segment(True, PSH | ACK, HTTP_GET, 101, 501)),
            (0.005, segment(False, PSH | ACK, HTTP_OK, 501, 101 + get)),
            (0.006, segment(True, ACK, b"", 101 + get, 501 + okay)),
            (0.007, segment(True, FIN | ACK, b"", 101 + get, 501 + okay)),
            (0.008, segment(False, FIN | ACK, b"", 501 + okay, 102 + get)),
            (0.009, segment(True, ACK, b"", 102 + get, 502 + okay)),
        ]

    def http(self, moment, client, server, client_port, port=80, interface=0):
        for delay, packet in self.http_packets(client, server, client_port, port):
            self.add(moment + delay, packet, interface)

    def write(self, path):
        """As pcapng, one interface description per interface."""
        interfaces = 1 + max(interface for _, interface, _ in self.frames)
        with open(path, "wb") as file:
            file.write(struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28))
            for _ in range(interfaces):
                file.write(struct.pack("<IIHHII", 1, 20, 1, 0, 262144, 20))
            for micros, interface, frame in self.ordered():
                moment = self.BEGIN * 1_000_000 + micros
                padded = frame + bytes(-len(frame) % 4)
                length = 32 + len(padded)
                file.write(struct.pack("<IIIIIII", 6, length, interface, moment >> 32, moment & 0xFFFFFFFF, len(frame),
                                       len(frame)) + padded + struct.pack("<I", length))
