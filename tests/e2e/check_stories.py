#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stories in which nothing is wrong, and for each its nearest neighbour in which something is: check_stories.py ESPIAL

The packets are made here (packets.py), run through `espial audit --json`, and judged by the worst word of each alert:
quiet() wants no leak of medium or above, alarms() wants one on the right pair with the right severity.
"""

import os
import shutil
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "captures"))

# pylint: disable=wrong-import-position
from audit_run import LOUD, Audit, text_time  # noqa: E402
from packets import (ACK, PSH, SYN, Story, echo, esp, ethernet, ike_sa_init, tcp, udp, unreachable)  # noqa: E402

ESPIAL = ""
A, B = "10.31.0.1", "10.31.0.2"
GATE_A, GATE_B = "192.0.2.1", "198.51.100.1"
INNER_A, INNER_B = "10.41.1.7", "10.42.1.9"
REQUIRE = [f"{A},{B}"]
BEHIND_GATES = ["10.41.0.0/16,10.42.0.0/16"]
VIA_GATES = [f"10.41.0.0/16,10.42.0.0/16,via={GATE_A},{GATE_B}"]


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="check_stories.")
        self.addCleanup(shutil.rmtree, self.folder)

    def audit(self, story, secured=()):
        path = os.path.join(self.folder, "story.pcapng")
        story.write(path)
        audit = Audit(ESPIAL, path, secured)
        self.assertEqual(audit.errors, "")
        self.assertEqual(audit.summary["packets"], len(story.frames))
        for kind in ("malformed", "truncated"):
            self.assertEqual(audit.summary["classes"][kind], 0, "the story itself is wrong")
        return audit

    def quiet(self, story, secured=(), at_most=None):
        """No finding of medium or above; at_most: none worse than it."""
        audit = self.audit(story, secured)
        told = [(s["id"], s["cause"], s["severity"], s["a"], s["b"], s["text"]) for s in audit.alerts().values()]
        self.assertEqual([entry for entry in told if entry[2] in LOUD], [])
        if at_most != "low":
            self.assertEqual([entry for entry in told if entry[2] != "info"], [])
        return audit

    def alarms(self, story, secured, pair, severity="high", cause=None):
        audit = self.audit(story, secured)
        told = [(s["id"], s["cause"], s["severity"], s["a"], s["b"]) for s in audit.alerts().values()]
        self.assertTrue(any(entry[0] == "cleartext-leak" and entry[2] == severity and set(entry[3:]) == set(pair)
                            and (cause is None or entry[1] == cause) for entry in told), told)
        self.assertEqual([entry for entry in told if entry[2] in LOUD and set(entry[3:]) != set(pair)], [])
        return audit


class HealthyPair(Case):
    """ESP with small ICMP echo, ICMP errors and IKE in clear, as everywhere."""

    @staticmethod
    def healthy():
        story = Story()
        story.ike(0, A, B)
        story.esp_both_ways(1, 40, 0.25, A, B)
        for second in range(2, 40, 4):
            story.add(second, echo(A, B, 56, sequence=second))
            story.add(second + 0.001, echo(B, A, 56, reply=True, sequence=second))
            story.add(second + 0.5, echo(B, A, 128, sequence=second))
            story.informational(second + 0.7, A, B, second)
        story.add(20.1, unreachable(B, A, udp(A, B, 33434, 33434, b"probe"), 3))
        return story

    def test_quiet(self):
        for secured in (REQUIRE, ()):
            audit = self.quiet(self.healthy(), secured)
            self.assertEqual(audit.of_type("pair")[0]["verdict"], "secured")

    def test_large_echo_alarms(self):
        story = self.healthy()
        story.add(20.2, echo(A, B, 1000))
        self.alarms(story, REQUIRE, (A, B))

    def test_echo_one_past_the_bound_alarms(self):
        story = self.healthy()
        story.add(20.2, echo(A, B, 129))
        self.alarms(story, REQUIRE, (A, B))

    def test_one_clear_syn_alarms(self):
        story = self.healthy()
        story.add(20.2, tcp(A, B, 40000, 80, SYN))
        self.alarms(story, REQUIRE, (A, B))

    def test_http_on_the_port_of_ike_in_tcp_alarms(self):
        story = self.healthy()
        story.http(20.2, A, B, 41000, 4500)
        self.alarms(story, REQUIRE, (A, B))

    def test_clear_credentials_are_critical(self):
        story = self.healthy()
        request = b"GET /x HTTP/1.1\r\nHost: a\r\nAuthorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n"
        for delay, packet in ((0, tcp(A, B, 41000, 80, SYN, b"", 100)),
                              (0.001, tcp(B, A, 80, 41000, SYN | ACK, b"", 500, 101)),
                              (0.002, tcp(A, B, 41000, 80, ACK, b"", 101, 501)),
                              (0.003, tcp(A, B, 41000, 80, PSH | ACK, request, 101, 501))):
            story.add(20.2 + delay, packet)
        self.alarms(story, REQUIRE, (A, B), "critical")

    def test_a_datagram_to_the_ike_port_that_is_no_ike_alarms(self):
        story = self.healthy()
        for number in range(6):
            story.add(20.2 + number / 10, udp(A, B, 500, 500, b"this is a chat over port 500, not IKE" * 3))
        self.alarms(story, REQUIRE, (A, B))


class SpoofedEsp(Case):
    """Two servers talk HTTP in clear all the time. Somebody sends ESP with their addresses; nobody named them."""

    @staticmethod
    def servers():
        story = Story()
        for second in range(0, 120, 2):
            story.http(second, A, B, 41000 + second)
        return story

    @staticmethod
    def spoof(story, both=False, answers=False, end=100.0):
        moment, number = 5.0, 1
        while moment < end:
            packet = esp(A, B, 0xABCD0001, number)
            story.add(moment, packet)
            if answers:
                story.add(moment + 0.0004, unreachable(B, A, packet, 2))
            if both:
                packet = esp(B, A, 0xABCD0002, number)
                story.add(moment + 0.1, packet)
                if answers:
                    story.add(moment + 0.1004, unreachable(A, B, packet, 2))
            number += 1
            moment += 0.7
        return story

    def test_one_way(self):
        self.quiet(self.spoof(self.servers()), at_most="low")

    def test_one_way_answered(self):
        self.quiet(self.spoof(self.servers(), answers=True), at_most="low")

    def test_both_ways(self):
        self.quiet(self.spoof(self.servers(), both=True), at_most="low")

    def test_both_ways_answered(self):
        self.quiet(self.spoof(self.servers(), both=True, answers=True), at_most="low")

    def test_both_ways_and_then_no_more(self):
        self.quiet(self.spoof(self.servers(), both=True, end=40), at_most="low")

    def test_both_ways_answered_and_then_no_more(self):
        self.quiet(self.spoof(self.servers(), both=True, answers=True, end=40), at_most="low")

    def test_real_esp_that_ends_alarms(self):
        """The neighbour: HTTP comes only when two-way ESP has ended."""
        story = Story()
        story.ike(0, A, B)
        story.esp_both_ways(1, 70, 0.25, A, B)
        for second in range(72, 90, 2):
            story.http(second, A, B, 41000 + second)
        self.alarms(story, (), (A, B), "medium", "sa-lost")


class NatSides(Case):
    """Both sides of a NAT in one capture: the tunnel of one inside host, and others that browse on the same server."""

    INSIDE, OTHER, OUTSIDE, SERVER = "192.168.7.10", "192.168.7.22", "203.0.113.5", "198.51.100.80"

    def story(self, inside_port=4500, outside_port=61022):
        story = Story()
        for side, ports in ((self.INSIDE, (inside_port, 4500)), (self.OUTSIDE, (outside_port, 4500))):
            late = 0.0003 if side == self.OUTSIDE else 0
            spi = 0x7777000011110000
            story.add(late, ike_sa_init(side, self.SERVER, spi, 0, False, (500, 500)))
            story.add(0.01 - late, ike_sa_init(self.SERVER, side, spi, spi ^ 0xFF, True, (500, 500)))
            for number in range(1, 241):
                moment = 0.1 + number * 0.4
                story.frames += self.both(moment + late, moment + 0.02 - late, side, ports, number)
        return story

    def both(self, there, back, side, ports, number):
        story = Story()
        story.add(there, self.copy(side, self.SERVER, 0xC1, number, ports))
        story.add(back, self.copy(self.SERVER, side, 0xC2, number, ports[::-1]))
        return story.frames

    @staticmethod
    def copy(source, destination, spi, number, ports):
        return esp(source, destination, 0xC0DE0000 | spi, number, 84, ports)

    def test_others_browse_behind_the_nat(self):
        story = self.story()
        for second in range(10, 90, 4):
            story.http(second, self.OTHER, self.SERVER, 42000 + second)
            story.http(second + 0.0003, self.OUTSIDE, self.SERVER, 52000 + second)
        self.quiet(story, at_most="low")

    def test_a_nat_that_keeps_the_port(self):
        story = self.story(outside_port=4500)
        for second in range(10, 90, 4):
            story.http(second, self.OTHER, self.SERVER, 42000 + second)
            story.http(second + 0.0003, self.OUTSIDE, self.SERVER, 52000 + second)
        self.quiet(story, at_most="low")

    def test_the_tunnel_ends_and_others_browse_on(self):
        """The tunnel of one host is gone; what others send through the same address is no leak of it."""
        story = self.story()
        for second in range(100, 130, 2):
            story.http(second, self.OTHER, self.SERVER, 42000 + second)
            story.http(second + 0.0003, self.OUTSIDE, self.SERVER, 52000 + second)
        self.quiet(story, at_most="low")

    def test_the_named_inside_host_in_clear_alarms(self):
        story = self.story()
        story.http(50, self.INSIDE, self.SERVER, 43000)
        self.alarms(story, [f"{self.INSIDE},{self.SERVER}"], (self.INSIDE, self.SERVER))


class GatewayServices(Case):
    """Gateways with a busy tunnel whose outer addresses also speak to each other in clear, learned."""

    @staticmethod
    def tunnel():
        story = Story()
        story.ike(0, GATE_A, GATE_B)
        story.esp_both_ways(1, 100, 0.2, GATE_A, GATE_B, carried=400)
        return story

    @staticmethod
    def conversation(story, port, first_words, begin=5, end=95, client=45000):
        story.add(begin, tcp(GATE_A, GATE_B, client, port, SYN, b"", 100))
        story.add(begin + 0.001, tcp(GATE_B, GATE_A, port, client, SYN | ACK, b"", 500, 101))
        story.add(begin + 0.002, tcp(GATE_A, GATE_B, client, port, ACK, b"", 101, 501))
        moment, mine, theirs = begin + 0.003, 101, 501
        while moment < end:
            for words in first_words:
                story.add(moment, tcp(GATE_A, GATE_B, client, port, PSH | ACK, words, mine, theirs))
                mine += len(words)
                story.add(moment + 0.01, tcp(GATE_B, GATE_A, port, client, PSH | ACK, words, theirs, mine))
                theirs += len(words)
                moment += 0.05
            moment += 5

    def test_ssh(self):
        story = self.tunnel()
        self.conversation(story, 22, [b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"])
        self.quiet(story, at_most="low")

    def test_bgp(self):
        story = self.tunnel()
        self.conversation(story, 179, [b"\xff" * 16 + b"\x00\x13\x04"])
        self.quiet(story, at_most="low")

    def test_portal(self):
        story = self.tunnel()
        for second in range(5, 95, 3):
            story.http(second, GATE_A, GATE_B, 46000 + second)
        self.quiet(story, at_most="low")

    def test_a_pair_that_is_named_alarms(self):
        story = self.tunnel()
        for second in range(5, 95, 3):
            story.http(second, GATE_A, GATE_B, 46000 + second)
        self.alarms(story, [f"{GATE_A},{GATE_B}"], (GATE_A, GATE_B), "high", "selector-gap")


class DecapsulatedCopies(Case):
    """The decrypted packet right behind its ESP packet on the same interface: a sensor on the host or beside it."""

    @staticmethod
    def copies(outer_a, outer_b, inner_a, inner_b, both=True):
        tunnel = outer_a != inner_a
        story = Story()
        story.ike(0, outer_a, outer_b)
        sequence = {True: 0, False: 0}
        for second in range(1, 60):
            for delay, packet in Story.http_packets(inner_a, inner_b, 47000 + second):
                forward = packet[12:16] == bytes(int(part) for part in inner_a.split("."))
                sequence[forward] += 1
                ends = (outer_a, outer_b) if forward else (outer_b, outer_a)
                carried = len(packet) if tunnel else len(packet) - 20
                moment = second + delay
                story.add(moment, esp(*ends, 0xC0000001 if forward else 0xC0000002, sequence[forward], carried))
                if both or forward:
                    story.add(moment + 0.0004, packet)
        return story

    def test_tunnel(self):
        for both in (True, False):
            for secured in (VIA_GATES, VIA_GATES + [f"{GATE_A},{GATE_B}"]):
                with self.subTest(both=both, secured=secured):
                    self.quiet(self.copies(GATE_A, GATE_B, INNER_A, INNER_B, both), secured)

    def test_tunnel_without_a_rule(self):
        self.quiet(self.copies(GATE_A, GATE_B, INNER_A, INNER_B))

    def test_tunnel_rule_without_gateways(self):
        """A rule that names no gateways wants ESP between the inner hosts themselves: anybody's ESP is no excuse."""
        self.alarms(self.copies(GATE_A, GATE_B, INNER_A, INNER_B), BEHIND_GATES, (INNER_A, INNER_B))

    def test_transport(self):
        for both in (True, False):
            for secured in (REQUIRE, ()):
                with self.subTest(both=both, secured=secured):
                    self.quiet(self.copies(A, B, A, B, both), secured)

    def test_http_beside_the_copies_alarms(self):
        story = self.copies(GATE_A, GATE_B, INNER_A, INNER_B)
        for second in range(10, 30, 2):
            story.http(second + 0.5, INNER_A, INNER_B, 48000 + second)
        self.alarms(story, VIA_GATES, (INNER_A, INNER_B))

    def test_http_of_another_host_beside_the_copies_alarms(self):
        story = self.copies(GATE_A, GATE_B, INNER_A, INNER_B)
        other = "10.41.1.8"
        for second in range(10, 30, 2):
            story.http(second + 0.5, other, INNER_B, 48000 + second)
        self.alarms(story, VIA_GATES, (other, INNER_B))

    def test_http_beside_transport_copies_alarms(self):
        story = self.copies(A, B, A, B)
        for second in range(10, 30, 2):
            story.http(second + 0.5, A, B, 48000 + second)
        self.alarms(story, REQUIRE, (A, B))

    def test_single_datagrams_beside_the_copies_alarm(self):
        for ends, secured in (((A, B, A, B), REQUIRE), ((GATE_A, GATE_B, INNER_A, INNER_B), VIA_GATES)):
            story = self.copies(*ends)
            for second in range(20, 55):
                story.add(second + 0.5, udp(ends[2], ends[3], 5000, 514, b"<14>app: something readable " * 4))
            self.alarms(story, secured, ends[2:])

    def test_copies_of_esp_in_udp(self):
        story = self.copies(GATE_A, GATE_B, INNER_A, INNER_B)
        story.frames = [(micros, interface, self.in_udp(frame)) for micros, interface, frame in story.frames]
        self.quiet(story, VIA_GATES)

    @staticmethod
    def in_udp(frame):
        """The same ESP packet behind UDP 4500; other frames as they are."""
        if frame[14 + 9] != 50:
            return frame
        source, destination = (".".join(map(str, frame[at:at + 4])) for at in (26, 30))
        return ethernet(udp(source, destination, 4500, 4500, frame[34:]))

    def test_copies_go_on_when_esp_ended_alarms(self):
        """What looked like copies is the leak itself once no ESP explains it."""
        story = self.copies(A, B, A, B)
        for second in range(62, 80):
            story.http(second, A, B, 49000 + second)
        self.alarms(story, REQUIRE, (A, B))


class Tap(Case):
    """Each direction on its own interface."""

    @staticmethod
    def tap(leak):
        story = HealthyPair.healthy()
        if leak:
            for second in range(42, 60, 2):
                story.http(second, A, B, 41000 + second)
        side = bytes(int(part) for part in A.split("."))
        story.frames = [(micros, 0 if frame[26:30] == side else 1, frame) for micros, _, frame in story.frames]
        return story

    def test_quiet(self):
        for secured in (REQUIRE, ()):
            self.quiet(self.tap(False), secured)

    def test_leak_alarms(self):
        self.alarms(self.tap(True), REQUIRE, (A, B), "high", "sa-lost")
        self.alarms(self.tap(True), (), (A, B), "medium", "sa-lost")


class Evidence(Case):
    """The figures of a finding are the wire's."""

    def test_when_esp_ended(self):
        for pause in (0.3, 1.5, 5.0, 100.0):
            with self.subTest(pause=pause):
                story = Story()
                story.ike(0, A, B)
                story.esp_both_ways(1, 70, 0.25, A, B)
                last = story.ordered()[-1][0] / 1e6
                for number in range(8):
                    story.http(last + pause + number, A, B, 41000 + number)
                audit = self.alarms(story, REQUIRE, (A, B), "high", "sa-lost")
                finding = next(iter(audit.alerts().values()))
                self.assertAlmostEqual(finding["evidence"]["esp_to_clear"], pause, delta=0.05)
                self.assertEqual(finding["evidence"]["esp_last"], text_time(Story.BEGIN + last))
                self.assertIn(f"ended {pause:.1f} s before", finding["text"])

    def test_volume_and_ends(self):
        story = Story()
        story.ike(0, A, B)
        story.esp_both_ways(1, 20, 0.25, A, B)
        packets = [packet for _, packet in Story.http_packets(A, B, 41000)]
        story.http(21, A, B, 41000)
        story.ike(23, A, B, 0x5555666677778888)
        story.esp_both_ways(23.1, 40, 0.25, A, B, 0xC0000003, 0xC0000004)
        finding = next(iter(self.alarms(story, REQUIRE, (A, B)).alerts().values()))
        self.assertEqual((finding["count"], finding["bytes"]), (len(packets), sum(map(len, packets))))
        self.assertEqual([finding[key] for key in ("src", "dst", "src_port", "dst_port", "protocol")],
                         [A, B, 41000, 80, "HTTP"])
        self.assertEqual((finding["state"], finding["cleared_by"]), ("clear", "secured-again"))


if __name__ == "__main__":
    ESPIAL = sys.argv[1]
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
