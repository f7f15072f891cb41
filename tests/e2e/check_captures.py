#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Captures that `espial audit --evidence` keeps: check_captures.py ESPIAL LABS

Stories made here (packets.py) and the lab's captures: each alert that opened about hosts has a capture, it shows what the alert is about, its
frames belong to the alert's hosts, and of what was said in clear it has not one octet. Where tshark is installed it has to agree.
"""

import base64
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "captures"))

# pylint: disable=wrong-import-position
from audit_run import Audit, seconds  # noqa: E402
from evidence import belongs, captures_in, check_headers, layers, tshark, tshark_agrees  # noqa: E402
from packets import ACK, PSH, Story, echo, esp, tcp, unreachable  # noqa: E402

ESPIAL, LABS, FOLDER = "", "", ""
KEPT = []  # copies of all captures that hold headers only
A, B, C = "10.31.0.1", "10.31.0.2", "10.31.0.3"
GATE_A, GATE_B = "192.0.2.1", "198.51.100.1"
INNER_A, INNER_B = "10.41.1.7", "10.42.1.9"
SECRET = "alice:correct horse battery staple"
LOGIN = (b"GET /payroll?employee=4711 HTTP/1.1\r\nHost: intranet.example\r\nAuthorization: Basic " +
         base64.b64encode(SECRET.encode()) + b"\r\n\r\n")


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="check_captures.")
        self.addCleanup(shutil.rmtree, self.folder)
        self.evidence = os.path.join(self.folder, "evidence")

    def audit(self, path, secured=(), more=()):
        audit = Audit(ESPIAL, path, secured, ["--evidence", self.evidence, *more])
        self.assertEqual(audit.errors, "")
        self.assertIn(audit.status, (0, 1))
        return audit, captures_in(self.evidence)

    def tell(self, story, secured, more=()):
        path = os.path.join(self.folder, "story.pcapng")
        story.write(path)
        return self.audit(path, secured, more)

    def check(self, audit, captures, secured, headers=True):
        """All that has to hold of any capture."""
        gateways = {gate for rule in secured if ",via=" in rule for gate in rule.split(",via=")[1].split(",")}
        stories = audit.alerts()
        for alert, capture in captures.items():
            story = stories[alert]
            about_host = story["subject"]["kind"] == "host"
            hosts = [story["a"]] if about_host else [story["a"], story["b"]]
            others = gateways | {value for value in (story["src"], story["dst"]) if value}
            if story["evidence"].get("gateways_inferred"):
                others |= set(story["evidence"]["gateways_inferred"].split(" and "))
            self.assertGreater(len(capture.frames), 0)
            self.assertEqual(capture.application.split()[0], "espial")
            for word in (alert, story["id"], story["severity"], story["grade"]):
                self.assertIn(word, capture.comment)
            for number, frame in enumerate(capture.frames, 1):
                found, _ = layers(frame[2], capture.link_type(frame))
                self.assertTrue(belongs(found, hosts, others, about_host),
                                f"{story['id']}: frame {number} of {found} is not about {hosts}, {sorted(others)}")
                if frame[4]:
                    self.assertTrue(frame[4].startswith(story["id"] + ": "), frame[4])
            if headers:
                check_headers(capture)
                KEPT.append(os.path.join(FOLDER, f"{len(KEPT)}.pcapng"))
                shutil.copy(os.path.join(self.evidence, alert + ".pcapng"), KEPT[-1])
        return stories

    def says_nothing(self, capture, *words):
        for word in words:
            self.assertFalse(word in capture.octets, f"{word} is in the capture")

    def of_kind(self, stories, captures, kind):
        return [(stories[alert], captures[alert]) for alert in captures if stories[alert]["id"] == kind]


class Stories(Case):
    @staticmethod
    def leak(vlan=None):
        """ESP, then a login in clear; others do likewise beside it."""
        story = Story()
        story.ike(0, A, B)
        story.esp_both_ways(1, 20, 0.5, A, B)
        for moment in range(1, 30):
            story.add(moment + 0.1, esp(A, C, 0xC0000011, moment))
            story.add(moment + 0.2, esp(C, A, 0xC0000012, moment))
            story.add(moment + 0.3, echo(B, C, 32))
        story.http(21, A, B, 40001)
        story.add(21.5, tcp(A, B, 40002, 80, PSH | ACK, LOGIN), vlan=vlan)
        story.add(21.6, tcp(C, B, 40003, 80, PSH | ACK, LOGIN), vlan=vlan)
        story.add(22.0, unreachable("10.31.0.254", A, esp(A, B, 0xC0000001, 99), 1))
        story.add(22.1, unreachable("10.31.0.254", C, esp(C, A, 0xC0000012, 99), 1))
        story.http(23, A, B, 40004)
        return story

    def test_login_in_clear(self):
        audit, captures = self.tell(self.leak(), [f"{A},{B}"])
        stories = self.check(audit, captures, [f"{A},{B}"])
        (story, capture), = self.of_kind(stories, captures, "cleartext-leak")
        pointed = [frame for frame in capture.frames if frame[4]]
        self.assertGreaterEqual(len(pointed), 10)
        self.assertEqual(pointed[0][4], "cleartext-leak: in clear, which the policy does not allow")
        self.assertAlmostEqual(pointed[0][0], seconds(story["first"]), places=5)
        protocols = {layer[2] for frame in capture.frames for layer in layers(frame[2], 1)[0]}
        self.assertLessEqual({6, 17, 50, 1}, protocols, "clear text, IKE, ESP and an ICMP error are part of the picture")
        for frame in pointed:
            self.assertEqual(layers(frame[2], 1)[0][0][2], 6)
        self.assertIn(story["text"], capture.comment)
        rows = tshark(os.path.join(self.evidence, story["alert"] + ".pcapng"), "frame.comment")
        self.assertIn(rows and [row[0] for row in rows], (None, [frame[4] or "" for frame in capture.frames]))
        for kept in captures.values():
            self.says_nothing(kept, SECRET.encode(), LOGIN, LOGIN[-40:-4], b"payroll", b"Basic", b"HTTP/1", b"/report")
        # And from the other side: all that a frame says in clear is in the story, and nowhere in the captures.
        for _, _, octets in self.leak().frames:
            found, end = layers(octets, 1)
            if found[-1][2] == 6 and len(octets) - end >= 16:
                for kept in captures.values():
                    self.says_nothing(kept, octets[end:end + 16])

    def test_the_same_again(self):
        """Another run over the same traffic begins the same captures anew."""
        _, once = self.tell(self.leak(), [f"{A},{B}"])
        _, again = self.audit(os.path.join(self.folder, "story.pcapng"), [f"{A},{B}"])
        self.assertEqual(set(once), set(again))
        self.assertTrue(all(once[alert].octets == again[alert].octets for alert in once))

    def test_its_audit_says_the_same(self):
        """What a person finds in it is what espial did."""
        audit, captures = self.tell(self.leak(), [f"{A},{B}"])
        (story, capture), = self.of_kind(audit.alerts(), captures, "cleartext-leak")
        second = Audit(ESPIAL, os.path.join(self.evidence, story["alert"] + ".pcapng"), [f"{A},{B}"])
        self.assertEqual(second.errors, "")
        again = [other for other in second.alerts().values() if other["id"] == "cleartext-leak"]
        self.assertEqual([(other["cause"], other["first"]) for other in again], [(story["cause"], story["first"])])
        self.assertEqual(second.summary["packets"], len(capture.frames))

    def test_tagged_and_beside(self):
        """VLAN tags stay, and interfaces have their names and link types."""
        story = self.leak(vlan=42)
        story.http(22.5, A, B, 40005, interface=1)
        audit, captures = self.tell(story, [f"{A},{B}"])
        stories = self.check(audit, captures, [f"{A},{B}"])
        (_, capture), = self.of_kind(stories, captures, "cleartext-leak")
        self.assertEqual(capture.interfaces, [(1, "interface 0"), (1, "interface 1")])
        self.assertTrue(any(frame[2][12:16] == b"\x81\x00\x00\x2a" for frame in capture.frames))
        self.assertTrue(any(frame[1] == 1 for frame in capture.frames))

    def test_gateways(self):
        """The tunnel's IKE and ESP, not the gateways' own affairs."""
        secured = [f"10.41.0.0/16,10.42.0.0/16,via={GATE_A},{GATE_B}"]
        story = Story()
        story.ike(0, GATE_A, GATE_B)
        story.esp_both_ways(1, 20, 0.5, GATE_A, GATE_B)
        for moment in range(1, 30):
            story.http(moment, GATE_A, GATE_B, 41000 + moment, 179)
        story.http(22, INNER_A, INNER_B, 40001)
        story.http(24, INNER_A, INNER_B, 40002)
        audit, captures = self.tell(story, secured)
        stories = self.check(audit, captures, secured)
        capture, = (kept for story, kept in self.of_kind(stories, captures, "cleartext-leak") if story["a"] == INNER_A)
        seen = {layer for frame in capture.frames for layer in layers(frame[2], 1)[0]}
        self.assertIn((GATE_A, GATE_B, 50), seen)
        self.assertIn((GATE_A, GATE_B, 17), seen)
        self.assertNotIn((GATE_A, GATE_B, 6), seen)

    def test_file_bound(self):
        config = os.path.join(self.folder, "small.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("report:\n  evidence: { file-size: 16KiB, memory: 1MiB, payload: ike }\n")
        story = self.leak()
        for number in range(400):
            story.http(24 + number / 100, A, B, 42000 + number)
        audit, captures = self.tell(story, [f"{A},{B}"], ["-c", config])
        self.check(audit, captures, [f"{A},{B}"], headers=False)
        for capture in captures.values():
            self.assertLessEqual(len(capture.octets), 16 << 10)

    def test_whole_ike(self):
        """Only where it is asked for is what IKE encrypts kept; a clear payload never is."""
        config = os.path.join(self.folder, "ike.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("report:\n  evidence: { payload: ike }\n")
        lengths = []
        for more in ((), ("-c", config)):
            audit, captures = self.tell(self.leak(), [f"{A},{B}"], more)
            (_, capture), = self.of_kind(audit.alerts(), captures, "cleartext-leak")
            lengths.append(max(len(frame[2]) for frame in capture.frames if layers(frame[2], 1)[0][0][2] == 17))
            self.says_nothing(capture, b"HTTP/1", b"Basic")
        self.assertEqual(lengths[1] - lengths[0] > 40, True, lengths)

    def test_folder_that_cannot_be(self):
        path = os.path.join(self.folder, "story.pcapng")
        self.leak().write(path)
        for folder in (path, "/proc/evidence", os.path.join(self.folder, "none", "below")):
            done = subprocess.run([ESPIAL, "audit", "--evidence", folder, path], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn("--evidence", done.stderr)
            self.assertEqual(done.stdout, "")


class Labs(Case):
    def test_labs(self):
        """Real traffic of every kind: tunnels, tags, fragments, IPv6, AH, NAT, taps of two interfaces."""
        alerts, kept = 0, 0
        for path in sorted(glob.glob(os.path.join(LABS, "*.expected.json"))):
            with open(path, encoding="utf-8") as file:
                expected = json.load(file)
            shutil.rmtree(self.evidence, ignore_errors=True)
            secured = expected["secured"]
            with self.subTest(os.path.basename(path)):
                audit, captures = self.audit(os.path.join(LABS, expected["capture"]), secured)
                stories = self.check(audit, captures, secured)
                wanted = {alert for alert, story in stories.items() if story["opens"] and story["subject"]["kind"] != "sensor"}
                self.assertEqual(set(captures), wanted)
                for story, capture in self.of_kind(stories, captures, "cleartext-leak"):
                    self.assertTrue(any(frame[4] for frame in capture.frames), "no frame of a leak is pointed out")
                    self.assertTrue(any(abs(frame[0] - seconds(story["first"])) < 2e-6 for frame in capture.frames),
                                    "the packet that began it is not there")
                alerts += len(wanted)
                kept += sum(len(capture.frames) for capture in captures.values())
        print(f"{alerts} alerts of the labs have captures, of {kept} frames in all")
        self.assertGreater(alerts, 30)


class Tshark(unittest.TestCase):
    """Runs last, by its name: over what the others kept."""

    def test_agrees(self):
        frames = tshark_agrees(KEPT, FOLDER)
        print(f"tshark looked at {frames} frames of {len(KEPT)} captures")


if __name__ == "__main__":
    ESPIAL, LABS = sys.argv[1:3]
    with tempfile.TemporaryDirectory(prefix="check_captures.") as FOLDER:
        unittest.main(argv=sys.argv[:1], exit=True)
