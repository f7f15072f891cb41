#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The programs as a person meets them: check_audit.py ESPIAL ESPIALD LABS

What goes wrong is told in exactly one message on standard error, with the exit status DESIGN gives it, and nothing else
comes out where nothing should. JSON lines have exactly the keys of DESIGN section 7. LABS is tests/captures/lab.
"""

import fcntl
import glob
import gzip
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

ESPIAL = ESPIALD = LABS = ""
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]

# DESIGN section 7, in its order; docs/records.md says what each is.
COMMON = ["type", "time", "sensor"]
KEYS = {
    "finding": ["alert", "id", "cause", "state", "severity", "grade", "subject", "a", "b", "src", "dst", "src_port",
                "dst_port", "spi", "ike_spi", "interface", "vlan", "rule", "protocol", "community_id", "count", "bytes",
                "first", "last", "duration", "cleared_by", "text", "advice", "windows_event", "evidence"],
    "pair": ["a", "b", "verdict", "rule", "carries", "esp", "offending", "cleartext", "rekeys", "rekey_interval_median",
             "rekey_initiator"],
    "sa": ["src", "dst", "spi", "proto", "encap", "first", "last", "packets", "bytes", "seq_first", "seq_last", "lost",
           "replayed", "replaces", "continues", "ike_spi", "exchange", "initiator", "state"],
    "ike_sa": ["initiator", "responder", "ispi", "rspi", "version", "mode", "step", "outcome", "offered", "selected",
               "auth", "vendors", "notifies", "children", "nat", "retransmissions", "schedule"],
    "summary": ["packets", "bytes", "first", "last", "classes", "sas", "ike_sas", "pairs", "flows", "findings",
                "in_progress"],
}
IKE_MESSAGE = ["src", "dst", "src_port", "dst_port", "encap", "ispi", "rspi", "version", "exchange", "message_id", "initiator",
               "response", "step", "meaning", "outcome", "retransmission", "after", "octets", "captured", "joined", "state", "fault",
               "hidden", "proposals", "key_exchange", "notifies", "vendors", "nat", "certificates", "payloads"]
CLASSES = ["esp", "ah", "ike", "keepalive", "icmp", "cleartext", "non_ip", "fragment", "malformed", "truncated"]
WORDS = {
    ("finding", "state"): {"open", "update", "clear"},
    ("finding", "severity"): {"critical", "high", "medium", "low", "info"},
    ("finding", "grade"): {"observed", "likely", "possible"},
    ("pair", "verdict"): {"secured", "mixed", "cleartext", "integrity-only", "negotiating", "idle"},
    ("sa", "proto"): {"esp", "ah"},
    ("sa", "encap"): {"none", "udp", "tcp"},
    ("sa", "state"): {"active", "superseded", "ended", "stale"},
    ("ike_sa", "version"): {"1.0", "2.0"},
    ("ike_sa", "mode"): {"main", "aggressive", "ikev2"},
    ("ike_sa", "outcome"): {"established", "refused", "unanswered", "auth-failed", "stalled", "in-progress"},
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
# Escapes and control characters a pipe has no use for.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


def lab(prefix):
    return glob.glob(os.path.join(LABS, prefix + "*.pcap*"))[0]


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def findings(output):
    """What the findings say, apart from the sensor, in a form that can be compared."""
    return [{key: value for key, value in json.loads(line).items() if key not in ("sensor", "interface")}
            for line in output.splitlines() if json.loads(line)["type"] in ("finding", "sa", "pair")]


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="check_audit.")
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder)
        self.leak = lab("08a")
        self.secured = ["--secured", "10.8.1.1,10.8.1.2"]

    def path(self, name, content=b""):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def run_program(self, command, standard_input=None, environment=None):
        return subprocess.run(command, input=standard_input, capture_output=True, timeout=60, check=False,
                              stdin=subprocess.DEVNULL if standard_input is None else None,
                              env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})})

    def audit(self, *arguments, **more):
        return self.run_program([ESPIAL, "audit", *arguments], **more)

    def refused(self, done, *words, hint=False):
        """Exit status 2, nothing on standard output, one line (and the hint at the help) that has the words, besides what
        espiald says of its memory before it begins."""
        self.assertEqual(done.returncode, 2, done)
        self.assertEqual(done.stdout, b"")
        lines = [line for line in done.stderr.decode().splitlines() if not line.startswith("espiald: memory: ")]
        self.assertEqual(len(lines), 2 if hint else 1, lines)
        for word in words:
            self.assertIn(word, lines[0])
        self.assertTrue(lines[0].startswith(("espial: ", "espial audit: ", "espiald: ")), lines[0])
        if hint:
            self.assertIn("--help", lines[1])
        return lines[0]


class Captures(Case):
    def test_what_is_no_capture(self):
        nothing = os.path.join(self.folder, "nothing.pcap")
        folder = os.path.join(self.folder, "folder")
        os.mkdir(folder)
        for path, word in (
                (self.path("empty.pcap"), "is empty"),
                (folder, "is a directory"),
                (self.path("notes.txt", b"these are notes, and no capture at all\n" * 9), "text"),
                (nothing, "No such file"),
                (self.path("short.pcap", contents(self.leak)[:10]), "file header"),
                (self.path("noise.pcap", bytes(range(128, 256)) * 20), "no format known"),
                (self.path("empty.pcap.gz", gzip.compress(b"")), "empty"),
                ("/dev/null", "is empty")):
            for options in ([], ["--json"]):
                with self.subTest(path=path, options=options):
                    self.refused(self.audit(*options, path), path, word)

    def test_the_rest_is_reported_where_a_file_is_no_capture(self):
        good = self.audit("--json", self.leak)
        empty, nothing = self.path("empty.pcap"), os.path.join(self.folder, "nothing")
        for paths in ((empty, self.leak), (self.leak, nothing), (empty, self.leak, nothing)):
            with self.subTest(paths=paths):
                done = self.audit("--json", *paths)
                self.assertEqual(done.returncode, 2)
                self.assertEqual(findings(done.stdout.decode()), findings(good.stdout.decode()))
                said = done.stderr.decode().splitlines()
                self.assertEqual([line.split(": ")[1] for line in said], [path for path in paths if path != self.leak])
                listed = self.run_program([ESPIAL, "inventory", lab("01a"), *paths])
                self.assertEqual((listed.returncode, len(listed.stderr.splitlines())), (2, len(said)))
                self.assertIn(b"10.8.1.1", listed.stdout)

    def test_none_is_reported_where_no_file_is_a_capture(self):
        done = self.audit(self.path("empty.pcap"), os.path.join(self.folder, "nothing"))
        self.assertEqual((done.returncode, done.stdout, len(done.stderr.splitlines())), (2, b"", 2))

    def test_truncated(self):
        whole = contents(self.leak)
        ng = contents(lab("20m-tap-leak"))
        packed = gzip.compress(whole, mtime=0)
        for name, content in (("a.pcap", whole[:50000]), ("a.pcapng", ng[:50000]), ("a.pcap.gz", packed[:8000])):
            with self.subTest(name=name):
                path = self.path(name, content)
                done = self.audit("--json", path)
                self.assertEqual(done.returncode, 2)  # as its --help has it
                message = done.stderr.decode().splitlines()
                self.assertEqual(len(message), 1, message)
                self.assertIn(path, message[0])
                self.assertRegex(message[0], r"\d+")
                self.assertEqual(json.loads(done.stdout.splitlines()[-1])["type"], "summary")
                text = self.audit(path)
                self.assertEqual(text.returncode, 2)
                self.assertIn(b"packets", text.stdout)

    def test_every_cut_of_the_headers(self):
        """File and record headers cut at each octet: one message, whatever was whole before it is reported."""
        whole = contents(self.leak)[:24 + 16 + 60 + 16]
        for length in range(1, len(whole)):
            with self.subTest(length=length):
                done = self.audit("--json", self.path("cut.pcap", whole[:length]))
                complete = length in (24, 24 + 16 + struct.unpack_from("<I", whole, 32)[0])
                self.assertEqual(done.returncode, 0 if complete else 2)
                self.assertEqual(len(done.stderr.splitlines()), 0 if complete else 1, done.stderr)
                self.assertEqual(bool(done.stdout), length >= 24)

    def test_lying_lengths(self):
        """A record that claims more than the file has, more than any frame has, or no length at all."""
        whole = bytearray(contents(self.leak))
        first = 24 + 16 + struct.unpack_from("<I", whole, 32)[0]
        for captured in (0xffffffff, 0x7fffffff, 0x01000000):
            with self.subTest(captured=captured):
                struct.pack_into("<I", whole, first + 8, captured)
                done = self.audit("--json", self.path("lying.pcap", bytes(whole)))
                self.assertEqual(done.returncode, 2)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                self.assertEqual(json.loads(done.stdout.splitlines()[-1])["packets"], 1)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root and setpriv")
    def test_no_permission(self):
        path = self.path("secret.pcap", contents(self.leak))
        os.chmod(path, 0o600)
        program = self.path("espial")
        shutil.copy(ESPIAL, program)
        daemon = self.path("espiald")
        shutil.copy(ESPIALD, daemon)
        for name in (program, daemon):
            os.chmod(name, 0o755)
        self.refused(self.run_program([*NOBODY, program, "audit", path]), path, "Permission denied")
        self.refused(self.run_program([*NOBODY, program, "audit", "-i", "lo"]), "lo:", "CAP_NET_RAW")
        config = self.path("quiet.yaml", b"report: { syslog: { to: none }, control: { socket: none } }\n")
        self.refused(self.run_program([*NOBODY, daemon, "-c", config, "-i", "lo"]), "lo:", "CAP_NET_RAW")

    def test_interface_that_does_not_exist(self):
        self.refused(self.audit("-i", "nosuch0"), "nosuch0", "no such interface")


class Configurations(Case):
    def test_broken_yaml_names_file_line_and_key(self):
        for text, line, key in (
                ("policy:\n  learn: [\n", 3, ""),
                ("polcy:\n  learn: true\n", 1, "polcy"),
                ("policy:\n  learn: maybe\n", 2, "policy.learn"),
                ("policy:\n  rules:\n    - name: x\n      between: [10.0.0.0/33, 10.0.0.1]\n", 4, "between"),
                ("policy:\n  rules:\n    - name: x\n      between: [10.0.0.0/8, 2001:db8::/32]\n", 4, "between"),
                ("policy:\n  rules:\n    - between: [10.0.0.1, 10.0.0.2]\n      level: perhaps\n", 4, "level"),
                ("report:\n  syslog:\n    facility: nowhere\n", 3, "facility"),
                ("limits:\n  flows: -1\n", 2, "limits.flows"),
                ("capture:\n  - interface: eth0\n    side: left\n", 3, "side"),
                ("- a\n- b\n", 1, ""),
                ("policy: {\t\x01}\n", 1, "")):
            with self.subTest(text=text):
                path = self.path("broken.yaml", text.encode())
                message = self.refused(self.audit("-c", path, self.leak), key)
                self.assertIn(f"{path}:{line}:", message)
                for command in ([ESPIALD, "-c", path, "--check-config"], [ESPIALD, "-c", path, "-i", "lo"]):
                    self.assertIn(f"{path}:{line}:", self.refused(self.run_program(command), key))

    def test_no_configuration_there(self):
        for path in (os.path.join(self.folder, "nothing.yaml"), self.folder):
            self.refused(self.audit("-c", path, self.leak), path)
            self.refused(self.run_program([ESPIALD, "-c", path, "--check-config"]), path)

    def test_usable(self):
        path = self.path("good.yaml", b"policy:\n  rules:\n    - name: hosts\n"
                         b"      between: [10.8.1.1, 10.8.1.2]\n")
        done = self.run_program([ESPIALD, "-c", path, "--check-config", "-i", "eth0"])
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        done = self.audit("-c", path, "--json", self.leak)
        self.assertEqual(done.returncode, 1)
        self.assertEqual({f["rule"] for f in findings(done.stdout) if f["type"] == "finding"}, {"hosts"})

    def test_no_interface_for_the_daemon(self):
        self.refused(self.run_program([ESPIALD]), "no interface")

    def test_a_check_refuses_what_a_start_refuses(self):
        """In the same words."""
        sink = "capture: [ { interface: lo } ]\nreport: { control: { socket: none }, syslog: { to: tls://logs.example, ca: %s } }\n"
        none = os.path.join(self.folder, "none.pem")
        noise = self.path("noise.pem", b"this is no certificate\n")
        for text, *words in (
                ("policy: { learn: true }\n", "no interface to watch"),
                ("limits: { memory: 64MiB, pairs: 100000000 }\ncapture: [ { interface: lo } ]\n", "limits"),
                (sink % none, "report.syslog", none, "No such file"),
                (sink % noise, "report.syslog", noise)):
            with self.subTest(text=text):
                path = self.path("refused.yaml", text.encode())
                said = [self.refused(self.run_program([ESPIALD, "-c", path, *more]), *words) for more in (["--check-config"], [])]
                self.assertEqual(said[0], said[1])
                if text.startswith("capture"):
                    self.assertEqual(self.refused(self.run_program([ESPIAL, "check-config", path]), *words), said[0].replace("espiald", "espial", 1))

    def test_both_checks_complain_of_a_token_that_is_missing(self):
        """espiald would start, and serve no page."""
        page = "capture: [ { interface: lo } ]\nreport: { http: { listen: '127.0.0.1:9477', token-file: %s } }\n"
        none, good = os.path.join(self.folder, "none"), self.path("token", b"0123456789abcdef0123456789abcdef\n")
        for token, said in ((none, [f"report.http.token-file {none} cannot be used: No such file or directory; the page is not served, alerts "
                                    "are not affected"]), (good, [])):
            path = self.path("page.yaml", (page % token).encode())
            for command in ([ESPIAL, "check-config", path], [ESPIALD, "--check-config", "-c", path]):
                done = self.run_program(command)
                self.assertEqual((done.returncode, [line.split(": ", 2)[2] for line in done.stderr.decode().splitlines()]), (0, said))
                self.assertIn(b": usable, ", done.stdout)


class Arguments(Case):
    def test_wrong_ones(self):
        for arguments, word in (
                ([], "name a capture file"),
                (["-i", "lo", self.leak], "not both"),
                (["--severity", "loud", self.leak], "--severity"),
                (["--classify", "some", self.leak], "--classify"),
                (["--nonsense"], "espial audit: unrecognized option '--nonsense'"),
                (["--json=x"], "espial audit: option '--json' doesn't allow an argument"),
                (["-x"], "espial audit: invalid option -- 'x'"),
                (["--secured"], "espial audit: option '--secured' requires an argument")):
            with self.subTest(arguments=arguments):
                done = self.audit(*arguments)
                self.assertEqual(done.returncode, 2)
                self.assertEqual(done.stdout, b"")
                self.assertIn(word, done.stderr.decode().splitlines()[0])
                self.assertEqual(done.stderr.decode().splitlines()[1:], ["Try 'espial audit --help'."])

    def test_wrong_pairs(self):
        for pair in ("10.0.0.1", "10.0.0.1,x", "10.0.0.1,10.0.0.2,10.0.0.3", "", "10.0.0.1,::1",
                     "10.0.0.1,10.0.0.2,via=", "10.0.0.1,10.0.0.2,via=10.0.0.3"):
            with self.subTest(pair=pair):
                self.refused(self.audit("--secured", pair, self.leak), "--secured")

    def test_help(self):
        for command, words in (
                ([ESPIAL, "--help"], ["audit", "--help"]),
                ([ESPIAL, "audit", "--help"], ["--secured", "--json", "--severity", "Exit status", "or a file not to its"]),
                ([ESPIAL, "audit", "-h"], ["--secured"]),
                ([ESPIALD, "--help"], ["--check-config", "SIGTERM"])):
            with self.subTest(command=command):
                done = self.run_program(command)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                text = done.stdout.decode()
                for word in words:
                    self.assertIn(word, text)
                self.assertNotRegex(text, CONTROL)
                self.assertLessEqual(max(map(len, text.splitlines())), 110)

    def test_no_command_and_an_unknown_one(self):
        self.assertEqual(self.run_program([ESPIAL]).returncode, 2)
        done = self.run_program([ESPIAL, "nonsense"])
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"nonsense", done.stderr)

    def test_versions(self):
        for program in (ESPIAL, ESPIALD):
            done = self.run_program([program, "--version"])
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertRegex(done.stdout.decode(), r"libpcap")


class ExitStatus(Case):
    def test_severity(self):
        quiet = lab("01a")
        low = lab("20k")  # learned; a selector gap, low
        for arguments, status in (
                ([quiet], 0),
                ([*self.secured, self.leak], 1),
                (["--severity", "high", *self.secured, self.leak], 1),
                (["--severity", "critical", *self.secured, self.leak], 0),
                ([self.leak], 1),
                (["--severity", "high", self.leak], 0),
                ([low], 0),
                (["--severity", "low", low], 1),
                (["--severity", "low", quiet], 1),  # keys change every 12 s
                (["--severity", "medium", quiet], 0)):
            for form in ([], ["--json"]):
                with self.subTest(arguments=arguments, form=form):
                    done = self.audit(*form, *arguments)
                    self.assertEqual((done.returncode, done.stderr), (status, b""))

    @unittest.skipUnless(os.path.exists("/dev/full"), "needs /dev/full")
    def test_a_report_that_cannot_be_written_is_no_success(self):
        for form in ([], ["--json"]):
            with self.subTest(form=form), open("/dev/full", "wb") as full:
                done = subprocess.run([ESPIAL, "audit", *form, lab("01a")], stdout=full, stderr=subprocess.PIPE,
                                      timeout=60, check=False)
                self.assertEqual(done.returncode, 2)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                self.assertIn(b"incomplete", done.stderr)


class Json(Case):
    def test_every_record_has_exactly_the_documented_keys(self):
        seen = set()
        for capture in sorted(glob.glob(os.path.join(LABS, "*.pcap*"))):
            done = self.audit("--json", *self.secured, capture)
            records = [json.loads(line) for line in done.stdout.decode().splitlines()]
            self.assertEqual([r["type"] for r in records].count("summary"), 1)
            self.assertEqual(records[-1]["type"], "summary")
            for record in records:
                kind = record["type"]
                seen.add(kind)
                self.assertIn(kind, KEYS, record)
                self.assertEqual(list(record), COMMON + KEYS[kind])
                for key in ("time", "first", "last"):
                    if record.get(key) is not None:
                        self.assertRegex(record[key], TIME)
                for (of_kind, key), words in WORDS.items():
                    if kind == of_kind and record[key] is not None:
                        self.assertIn(record[key], words, (kind, key))
                for key, digits in (("spi", 8), ("ispi", 16), ("rspi", 16)):
                    if record.get(key) is not None:
                        self.assertRegex(record[key], f"^0x[0-9a-f]{{{digits}}}$")
                if kind == "summary":
                    self.assertEqual(list(record["classes"]), CLASSES)
                    self.assertEqual(sum(record["classes"].values()), record["packets"])
                elif kind == "pair":
                    self.assertEqual(list(record["esp"]), ["packets", "bytes"])
                    for entry in record["cleartext"]:
                        self.assertEqual(list(entry), ["protocol", "service", "packets", "bytes"])
                elif kind == "finding":
                    self.assertIn(record["subject"]["kind"], ("pair", "host", "sa", "sensor"))
                    self.assertTrue(record["text"] and record["advice"])
                    self.assertIsInstance(record["evidence"], dict)
                    self.assertEqual(record["cleared_by"] is not None, record["state"] == "clear")
            summary = records[-1]
            self.assertEqual(summary["sas"], sum(r["type"] == "sa" for r in records))
            self.assertEqual(summary["pairs"], sum(r["type"] == "pair" for r in records))
            self.assertEqual(summary["findings"], len({r["alert"] for r in records if r["type"] == "finding"}))
        self.assertEqual(seen, set(KEYS))

    def test_what_a_pair_record_says_of_rules_and_services(self):
        via = ["--secured", "10.1.1.1,10.1.1.2", "--secured", "192.168.10.1,192.168.20.1,via=10.1.1.1,10.1.1.2"]
        pairs = {(record["a"], record["b"]): record
                 for record in map(json.loads, self.audit("--json", *via, lab("01c")).stdout.splitlines())
                 if record["type"] == "pair"}
        outer, inner = pairs["10.1.1.1", "10.1.1.2"], pairs["192.168.10.1", "192.168.20.1"]
        self.assertEqual(outer["carries"], [via[3]])
        self.assertEqual((outer["rule"], inner["rule"], inner["carries"]), (via[1], via[3], None))
        self.assertEqual(inner["offending"]["packets"], sum(row["packets"] for row in inner["cleartext"]))
        pair = next(record for record in map(json.loads, self.audit("--json", *self.secured, self.leak).stdout.splitlines())
                    if record["type"] == "pair")
        self.assertEqual([row["service"] for row in pair["cleartext"]], ["tcp/80"])
        self.assertEqual(pair["offending"], {key: pair["cleartext"][0][key] for key in ("packets", "bytes")})
        pair = next(record for record in map(json.loads, self.audit("--json", self.leak).stdout.splitlines())
                    if record["type"] == "pair")
        self.assertEqual(pair["rule"], "learned")
        self.assertIsNone(pair["carries"])

    def test_the_documentation_has_each_key_once_and_in_order(self):
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "records.md")
        tables, kind = {}, "common"
        for line in contents(path).decode().splitlines():
            if line.startswith("## "):
                kind = line[3:]
            if row := re.match(r"\| `(\w+)` \| \S", line):
                tables.setdefault(kind, []).append(row[1])
        self.assertEqual(tables, {"common": COMMON, **KEYS, "ike_message": IKE_MESSAGE})
        messages = [record for record in map(json.loads, self.audit("--json", "--ike-log=7", self.leak).stdout.splitlines())
                    if record["type"] == "ike_message"]
        self.assertTrue(messages)
        for message in messages:
            self.assertEqual(list(message), COMMON + IKE_MESSAGE)

    def test_a_run_is_repeatable(self):
        first, second = (self.audit("--json", *self.secured, self.leak).stdout for _ in range(2))
        self.assertEqual(first, second)


class Inputs(Case):
    def test_standard_input_and_compression_give_the_same(self):
        plain = self.audit("--json", *self.secured, self.leak)
        whole = contents(self.leak)
        variants = {
            "standard input": self.audit("--json", *self.secured, "-", standard_input=whole),
            "gzip": self.audit("--json", *self.secured, self.path("a.gz", gzip.compress(whole))),
            "gzip on standard input": self.audit("--json", *self.secured, "-", standard_input=gzip.compress(whole)),
        }
        if shutil.which("zstd"):
            packed = subprocess.run(["zstd", "-qc", self.leak], capture_output=True, check=True).stdout
            variants["zstd"] = self.audit("--json", *self.secured, self.path("a.zst", packed))
            variants["zstd on standard input"] = self.audit("--json", *self.secured, "-", standard_input=packed)
        for name, done in variants.items():
            with self.subTest(name=name):
                self.assertEqual((done.returncode, done.stderr), (1, b""))
                self.assertEqual(findings(done.stdout), findings(plain.stdout))

    def split(self, choose):
        """The leak as two captures, each frame where choose(number, frame) says."""
        whole = contents(self.leak)
        parts, offset, number = [bytearray(whole[:24]), bytearray(whole[:24])], 24, 0
        while offset < len(whole):
            length = 16 + struct.unpack_from("<I", whole, offset + 8)[0]
            parts[choose(number, whole[offset + 16:offset + length])] += whole[offset:offset + length]
            offset, number = offset + length, number + 1
        return [self.path(f"{letter}.pcap", bytes(part)) for letter, part in zip("ab", parts)]

    def same_in_either_order(self, paths):
        whole = findings(self.audit("--json", *self.secured, self.leak).stdout)
        for order in (paths, paths[::-1]):
            done = self.audit("--json", *self.secured, *order)
            self.assertEqual((done.returncode, done.stderr), (1, b""))
            self.assertEqual(findings(done.stdout), whole)

    def test_the_two_sides_of_a_tap_in_two_files(self):
        self.same_in_either_order(self.split(lambda number, frame: frame[26:30] == bytes([10, 8, 1, 2])))

    def test_an_earlier_and_a_later_file(self):
        self.same_in_either_order(self.split(lambda number, frame: number >= 300))

    def test_frames_by_turns(self):
        self.same_in_either_order(self.split(lambda number, frame: number % 2))


class Text(Case):
    def test_no_escape_codes_without_a_terminal(self):
        for prefix in ("08a", "01a", "20k"):
            for environment in ({}, {"TERM": "xterm-256color"}, {"NO_COLOR": "1"}):
                done = self.audit(*self.secured, lab(prefix), environment=environment)
                self.assertEqual(done.stderr, b"")
                self.assertNotRegex(done.stdout.decode(), CONTROL)

    def test_ascii_where_the_locale_is(self):
        done = self.audit(*self.secured, self.leak, environment={"LC_ALL": "C"})
        done.stdout.decode("ascii")

    def test_what_a_person_reads_first(self):
        text = self.audit(*self.secured, self.leak).stdout.decode()
        for word in ("10.8.1.1", "10.8.1.2", "cleartext-leak/sa-lost", "HTTP", "secured-again", "711 packets"):
            self.assertIn(word, text)
        self.assertLess(text.index("\nPairs"), text.index("\nFindings"))
        self.assertLess(text.index("\nFindings"), text.index("\nProtocol mix"))
        quiet = self.audit(lab("01a")).stdout.decode()
        self.assertIn("secured", quiet)
        self.assertNotIn("cleartext-leak", quiet)

    def test_one_packet_is_no_packets(self):
        """Of the leak only its first packet."""
        whole = contents(self.leak)
        kept, offset, clear = bytearray(whole[:24]), 24, 0
        while offset < len(whole):
            length = 16 + struct.unpack_from("<I", whole, offset + 8)[0]
            is_clear = whole[offset + 28:offset + 30] == b"\x08\x00" and whole[offset + 39] == 6
            clear += is_clear
            if not is_clear or clear == 1:
                kept += whole[offset:offset + length]
            offset += length
        path = self.path("one.pcap", bytes(kept))
        for form in ([], ["--json"]):
            text = self.audit(*form, *self.secured, path).stdout.decode()
            self.assertIn("1 packet and 60 octets" if form else "1 packet, 60 B", text)
            self.assertNotRegex(text, r"(?<![\d.,])1 (packets|times|frames|pairs)\b")

    def test_a_narrow_page_is_kept(self):
        for prefix in ("01a", "08a", "09b", "13b", "20c", "20k"):
            for columns in (40, 60):
                text = self.audit(*self.secured, lab(prefix), environment={"COLUMNS": str(columns)}).stdout.decode()
                self.assertEqual([line for line in text.splitlines() if len(line) > columns], [])

    def test_what_is_no_packet_is_not_called_one(self):
        """What is counted without octets is negotiations, keys or policies."""
        for prefix, packets in (("01a", False), ("13b", False), ("08a", True)):
            facts = " ".join(re.findall(r"since [^→]*", self.audit("-s", "10.8.1.1,10.8.1.2", lab(prefix)).stdout.decode()))
            self.assertIn("since ", facts)
            self.assertEqual("packet" in facts, packets, facts)

    def test_the_sample_of_the_readme(self):
        """Word by word what the command beside it writes."""
        root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
        sample = re.search(r"```\n\$ build/daemon/espial (audit \S+)\n(.*?)```", contents(os.path.join(root, "README.md")).decode(), re.DOTALL)
        done = self.run_program([ESPIAL, *sample[1].replace(" tests/", f" {root}/tests/").split(" ", 1)], environment={"COLUMNS": "80"})
        self.assertEqual((done.returncode, done.stderr), (1, b""))
        self.assertEqual(done.stdout.decode(), sample[2])

    def on_terminal(self, environment):
        try:
            master, slave = pty.openpty()
        except OSError as failure:
            self.skipTest(f"no terminal to be had: {failure}")
        with subprocess.Popen([ESPIAL, "audit", *self.secured, self.leak], stdin=subprocess.DEVNULL, stdout=slave,
                              stderr=slave, env=dict(os.environ, LC_ALL="C.UTF-8", **environment)) as process:
            os.close(slave)
            output = b""
            try:
                while chunk := os.read(master, 65536):
                    output += chunk
            except OSError:  # the terminal is gone with its last writer
                pass
            os.close(master)
            process.wait(60)
        return output.decode()

    def test_colour_on_a_terminal_only_where_wanted(self):
        self.assertIn("\x1b[", self.on_terminal({"TERM": "xterm", "NO_COLOR": ""}))
        self.assertNotIn("\x1b[", self.on_terminal({"TERM": "xterm", "NO_COLOR": "1"}))
        self.assertNotIn("\x1b[", self.on_terminal({"TERM": "dumb", "NO_COLOR": ""}))

    def progress(self, columns):
        """What standard error shows on a terminal of so many columns while a capture comes slowly."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        whole = contents(self.leak)
        whole += 200 * whole[24:]  # many times what is read between two looks
        with subprocess.Popen([ESPIAL, "audit", "-"], stdin=subprocess.PIPE, stdout=slave, stderr=slave) as process:
            os.close(slave)
            output = []

            def read():
                """All along: a terminal that nobody reads fills, and espial would wait for it, and we for espial."""
                try:
                    while chunk := os.read(master, 65536):
                        output.append(chunk)
                except OSError:  # gone with its last writer
                    pass

            reader = threading.Thread(target=read)
            reader.start()
            for part in range(4):
                process.stdin.write(whole[len(whole) * part // 4:len(whole) * (part + 1) // 4])
                process.stdin.flush()
                time.sleep(0.5)
            process.stdin.close()
            reader.join(60)
            os.close(master)
            process.wait(60)
        return [re.sub("\x1b\\[[0-9;]*[A-Za-z]", "", line) for line in b"".join(output).decode().split("\r") if "million/s" in line]

    def test_progress_fits_the_terminal(self):
        for columns in (30, 40, 100):
            shown = self.progress(columns)
            self.assertTrue(shown, f"no progress on {columns} columns")
            self.assertLessEqual(max(map(len, shown)), columns)
            self.assertEqual(any("packets" in line for line in shown), columns == 100)


class Interrupted(Case):
    """Ctrl-C, as of a capture that somebody pipes into it, or of one that takes long."""

    def start(self, *arguments):
        return subprocess.Popen([ESPIAL, "audit", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env={**os.environ, "LC_ALL": "C.UTF-8"})

    def wait_for_handler(self, process):
        """A sanitizer takes its time to start."""
        caught = 0
        while not caught >> (signal.SIGINT - 1) & 1:
            time.sleep(0.01)
            with open(f"/proc/{process.pid}/status", encoding="utf-8") as file:
                caught = next(int(line.split()[1], 16) for line in file if line.startswith("SigCgt:"))

    def test_the_end_of_standard_input_is_waited_for(self):
        whole = contents(self.leak)
        with self.start("-") as process:
            process.stdin.write(whole[:24 + 3000])
            process.stdin.flush()
            self.wait_for_handler(process)
            process.send_signal(signal.SIGINT)
            time.sleep(0.1)
            shown, said = process.communicate(whole[24 + 3000:], timeout=30)
        self.assertEqual((process.returncode, said), (1, b""))
        self.assertEqual(shown, self.audit(self.leak).stdout)

    def test_a_second_time_it_ends(self):
        with self.start("-") as process:
            process.stdin.write(contents(self.leak)[:3000])
            process.stdin.flush()
            for _ in range(2):
                time.sleep(0.5)
                process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(30), -signal.SIGINT)

    def test_what_was_read_of_a_file_is_reported(self):
        whole = contents(self.leak)
        path = self.path("long.pcap", whole + 2000 * whole[24:])
        with self.start(path) as process:
            self.wait_for_handler(process)
            process.send_signal(signal.SIGINT)
            shown, said = process.communicate(timeout=60)
        self.assertEqual(said.decode(), "espial: interrupted: the report is about what was read until then\n")
        self.assertEqual(process.returncode, 2)
        self.assertIn("Protocol mix", shown.decode())


if __name__ == "__main__":
    ESPIAL, ESPIALD, LABS = sys.argv[1:4]
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
