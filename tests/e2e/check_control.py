#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A running espiald is asked: check_control.py ESPIALD ESPIAL

The commands of espial against a daemon that sees ESP and a leak; what they say when there is none; hostile clients of the
control socket, beside which alerts and answers go on; a reload that changes what is a leak, and one that is refused; IKE
messages as they come.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time

import packets
import station
from station import Sensor, Wire, expect, until

RULES = {"branch": {"between": "[10.1.0.0/24, 10.2.0.0/24]"}}
LAB = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../captures/lab/08a-leak-both-policy-flush.pcap")
NULL_ESP = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../captures/lab/13a-manual-esp-null.pcap")
SHOWN = [os.path.join(os.path.dirname(os.path.realpath(__file__)), "../daemon/ike_log", name) for name in ("shown.pcap", "ikev1.pcap")]
A, B = "10.1.0.1", "10.2.0.2"


class Stage:
    def __init__(self, folder, espiald, espial):
        self.espial, self.folder = espial, folder
        self.path = f"{folder}/control.sock"
        self.wire = Wire("station0", "sensor0")
        self.sensor = Sensor(espiald, folder, ["sensor0"], RULES, more="  http: {{ listen: {folder}/http.sock }}\n")
        self.sequence = 0

    def ask(self, *arguments, status=None, columns=None, socket_path=None):
        """What espial writes; with `status`, that exit status and (output, errors)."""
        environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "ESPIAL_SOCKET")}
        environment["ESPIAL_SOCKET"] = socket_path or self.path
        if columns:
            environment["COLUMNS"] = str(columns)
        done = subprocess.run([self.espial, *arguments], env=environment, capture_output=True, text=True, timeout=30,
                              check=False)
        if status is None:
            expect(done.returncode in (0, 1), f"espial {arguments}: {done.returncode} {done.stderr}")
            return done.stdout
        expect(done.returncode == status, f"espial {arguments}: {done.returncode}, not {status}: {done.stderr}")
        return done.stdout, done.stderr

    def records(self, *arguments):
        return [json.loads(line) for line in self.ask(*arguments, "--json").splitlines()]

    def esp(self, count=4, a=A, b=B):
        for _ in range(count):
            self.sequence += 1
            self.wire.send(packets.ethernet(packets.esp(a, b, 0xC0000001, self.sequence)))
            self.wire.send(packets.ethernet(packets.esp(b, a, 0xC0000002, self.sequence)))

    def clear(self, a=A, b=B, port=80):
        self.wire.send(packets.ethernet(packets.tcp(a, b, 40000, port, packets.SYN)))

    def open_alerts(self):
        return [line["finding"] for line in self.records("alerts", "--open")]


def nobody_there(stage):
    _, errors = stage.ask("status", status=2)
    expect("does not answer" in errors and "systemctl start espiald" in errors, errors)
    _, errors = stage.ask("reload", status=2)
    expect("does not answer" in errors, errors)


def sinks(stage):
    """Nobody listens at the log socket: that is said before there is an alert that cannot leave."""
    def down():
        rows = {sink["name"]: sink for sink in stage.records("status")[0]["sinks"]}
        return rows if "syslog" in rows and not rows["syslog"]["up"] else None

    rows = until("the sink as down", down)
    expect("cannot connect" in rows["syslog"]["problem"] and rows["json"]["up"], rows)
    text, _ = stage.ask("status", status=1)
    expect("DOWN, 0 delivered" in text, text)


def commands(stage):
    stage.esp()
    stage.clear()
    alert = until("the leak among open alerts", lambda: (stage.open_alerts() or [None])[0])
    expect(alert["id"] == "cleartext-leak" and alert["rule"] == "branch", alert)
    pair = until("the pair", lambda: next((p for p in stage.records("pairs", A, B) if p["verdict"] == "mixed"), None))
    expect(pair["rule"] == "branch" and pair["esp"]["packets"] == 8, pair)
    expect(stage.records("pairs", "10.9.9.9") == [], "a pair of nobody")
    sas = stage.records("sas", A)
    expect(sorted(sa["spi"] for sa in sas) == ["0xc0000001", "0xc0000002"], sas)
    expect(stage.records("ike") == [], "IKE that was not")
    status = stage.records("status")[0]
    expect(status["sensor"] and status["alerts"]["high"] + status["alerts"]["critical"] >= 1, status)
    expect(status["interfaces"][0]["name"] == "sensor0" and status["interfaces"][0]["up"], status)
    expect({"flows", "sas", "pairs", "ike"} <= {table["name"] for table in status["tables"]}, status)
    number = alert["alert"]
    expect(number in stage.ask("alerts"), "the alert in the table")
    expect("10.1.0.1" in stage.ask("alerts", "show", number), "the alert itself")
    expect(stage.ask("alerts", "--pair", f"{A},{B}", "--severity", "medium"), "the alert, by pair and severity")
    expect(not stage.ask("alerts", "--pair", "10.7.7.7"), "no alert of others")
    stage.ask("alerts", "ack", number, "--until", "4h", status=0)
    until("the alert as known", lambda: "known" in stage.ask("alerts", "--open"))  # an answer may be a second old
    _, errors = stage.ask("alerts", "ack", "0123456789abcdef", "--until", "4h", status=2)
    expect("no such" in errors, errors)
    promotion(stage)


def readable(stage):
    """ESP without encryption is not counted as secured, whether pairs are asked for or not."""
    before = stage.records("status")[0]["pairs"]
    for _, frame in station.read_pcap(NULL_ESP):
        stage.wire.send(frame)

    def counted():
        now = stage.records("status")[0]["pairs"]
        return now["integrity-only"] == before["integrity-only"] + 1 and now["secured"] == before["secured"]

    until("the pair, among those that are not encrypted, though no pair is asked for", counted)
    until("the pair", lambda: [p["verdict"] for p in stage.records("pairs", "10.13.1.1", "10.13.1.2")] == ["integrity-only"])
    until("the same count", counted)


def promotion(stage):
    """A pair becomes a rule that the configuration takes; what has one, or was not seen, does not. All learned: check_remember.py."""
    _, errors = stage.ask("pairs", "promote", A, B, status=2)
    expect("have a rule already: 'branch'" in errors, errors)
    _, errors = stage.ask("pairs", "promote", A, "10.9.9.9", status=2)
    expect("has not seen" in errors, errors)
    rules, errors = stage.ask("pairs", "promote", status=0)
    expect(rules == "" and "learned no pair" in errors, rules + errors)
    for wrong in (["--name", "x"], ["--name", "learned", "10.7.0.1", "10.7.0.2"], ["--name", "a\nb", "10.7.0.1", "10.7.0.2"]):
        rules, errors = stage.ask("pairs", "promote", *wrong, status=2)
        expect("--name" in errors and rules == "", errors)
    # Seen, with too little ESP to be learned: by name only, and said.
    stage.esp(2, "10.7.0.1", "10.7.0.2")
    stage.clear("10.7.0.1", "10.7.0.2", 443)
    until("the pair", lambda: [pair for pair in stage.records("pairs", "10.7.0.1") if pair["cleartext"]], step=1.1)
    rules = stage.ask("pairs", "promote", "10.7.0.2", "10.7.0.1", "--name", 'one "and" \\other: # x')
    expect("# not learned yet: 4 packets of ESP" in rules and "# allow: [tcp/443]" in rules, rules)
    with open(f"{stage.folder}/promoted.yaml", "w", encoding="utf-8") as file:
        file.write("policy:\n  rules:\n" + rules.replace("# allow: [", "allow: ["))
    stage.ask("check-config", f"{stage.folder}/promoted.yaml", status=0)


def looks(stage):
    """Plain behind a pipe, as wide as it is told, never wider."""
    for command in ("status", "pairs", "sas", "alerts"):
        wide, narrow = stage.ask(command), stage.ask(command, columns=60)
        expect("\033" not in wide + narrow, f"{command}: colours without a terminal")
        longest = max(len(line) for line in narrow.splitlines())
        expect(longest <= 60, f"{command}: {longest} columns of 60")
    narrow = [line for line in stage.ask("status", columns=40).splitlines() if len(line.split()) > 1]  # a path is not broken
    expect(max(map(len, narrow)) <= 40, f"status in 40 columns: {narrow}")
    expect("'espial alerts --open' lists them" in stage.ask("status"), "what to do about open alerts")
    for arguments, hint in ((["ike"], "'espial status' tells whether frames arrive"), (["sas", "10.9.9.9"], "'espial sas' lists all"),
                            (["alerts", "--pair", "10.9.9.9"], "'espial alerts' without a choice lists all")):
        _, errors = stage.ask(*arguments, status=0)
        expect(hint in errors, f"{arguments}: {errors}")
    bill, errors = stage.ask("inventory", "--cyclonedx", f"{stage.folder}/none.pcap", status=2)
    expect(bill == "" and "none.pcap" in errors, f"a bill of nothing: {bill} {errors}")
    for command in ("status", "pairs", "sas", "ike", "alerts", "inventory", "report", "reload", "check-config", "test-alert"):
        text, _ = stage.ask(command, "--help", status=0)
        expect(text.startswith(f"Usage: espial {command}") and max(map(len, text.splitlines())) <= 122, command)
        stage.ask(command, "--nonsense", status=2)
    stage.ask("check-config", f"{stage.folder}/espial.yaml", status=0)


def connect(stage):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    client.connect(stage.path)
    return client


def answer_of(client):
    octets = b""
    while not octets.endswith(b"}\n"):
        more = client.recv(65536)
        if not more:
            break
        octets += more
    return octets


def hostile(stage):
    """Each of these alone would stop a careless server."""
    idle = [connect(stage) for _ in range(40)]
    half = connect(stage)
    half.sendall(b'{"request":"sta')
    flood = connect(stage)
    with contextlib.suppress(BrokenPipeError):  # it may be put out before it has said it all
        flood.sendall(b"A" * 200000)
    expect(b"too long" in answer_of(flood), "a request without end is refused")
    deep = connect(stage)
    deep.sendall(b"[" * 4000 + b"\n")
    expect(b"error" in answer_of(deep), "a deep request is refused")
    binary = connect(stage)
    binary.sendall(bytes(range(256)).replace(b"\n", b"") + b"\n")
    expect(b"error" in answer_of(binary), "octets that are no text are refused")
    slow = connect(stage)
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    slow.sendall(b'{"request":"pairs"}\n' * 150)
    abrupt = connect(stage)
    abrupt.sendall(b'{"request":"sas"}\n')
    abrupt.close()
    crowd = [connect(stage) for _ in range(60)]
    mark = len(stage.sensor.records())
    begun = time.monotonic()
    stage.clear("10.1.0.77", "10.2.0.77")
    until("an alert beside all this", lambda: any("10.1.0.77" in line for line in stage.sensor.records()[mark:]), 10)
    took = time.monotonic() - begun
    expect(took < 2, f"the alert took {took:.1f} s")
    for client in crowd + idle + [half, flood, deep, binary, slow]:
        client.close()
    until("an answer after them", lambda: stage.ask("status"))
    # The rest of a request comes late, but it comes.
    late = connect(stage)
    late.sendall(b'{"request":')
    time.sleep(0.3)
    late.sendall(b'"status"}\n')
    expect(b'"done"' in answer_of(late), "a request in two parts")
    late.close()
    # Who says that it will ask no more gets its answer all the same.
    last = connect(stage)
    last.sendall(b'{"request":"sas"}\n')
    last.shutdown(socket.SHUT_WR)
    expect(b'"done"' in answer_of(last), "an answer to one that asks no more")
    last.close()


def told(stage, *words, begin=0):
    return [line for line in stage.sensor.records()[begin:] if all(word in line for word in words)]


def verdict_of(stage):
    return stage.records("pairs", A, B)[0]["verdict"]


def reload(stage):
    """What is known stays, what is asked changes; a mistake changes nothing; interfaces come and go."""
    engine, mark = stage.sensor.engine(), len(stage.sensor.records())
    leak = ("cleartext-leak", "10.1.0.1")
    # A mistake.
    stage.sensor.rewrite(("between: [10.1.0.0/24", "between: [10.1.0.0/99"))
    _, errors = stage.ask("reload", status=2)
    expect("espial.yaml:" in errors and "between" in errors and "stays" in errors, errors)
    # The same again, and more: the alert of before is neither repeated nor lost.
    stage.sensor.rewrite(("between: [10.1.0.0/99", "between: [10.1.0.0/24"),
                         ("  rules:\n", "  rules:\n    - name: more\n      between: [10.9.0.1, 10.9.0.2]\n"))
    stage.clear("10.9.0.1", "10.9.0.2")
    time.sleep(0.5)
    expect("3 rules" not in stage.ask("reload") and not told(stage, "10.9.0.2"), "one more rule")
    until("the pair that is asked for now", lambda: stage.clear("10.9.0.1", "10.9.0.2") or
          told(stage, "cleartext-leak", "10.9.0.2"))
    stage.clear()
    time.sleep(0.5)
    expect(not told(stage, *leak, '"open"', begin=mark), "a leak that was told is not told again")
    expect(any(alert["a"] == A for alert in stage.open_alerts()), "a leak that was told is still open")
    expect(told(stage, "policy-reloaded", begin=mark), "policy-reloaded")
    sas = stage.records("sas", A)
    expect(sorted(sa["spi"] for sa in sas) == ["0xc0000001", "0xc0000002"], "SAs are still known")
    # What leaks is allowed, which something else is not; and no longer.
    stage.sensor.rewrite(("between: [10.1.0.0/24", "allow: [tcp/443]\n      between: [10.1.0.0/24"))
    stage.ask("reload", status=0)
    time.sleep(0.5)
    expect(not told(stage, *leak, "policy-changed", begin=mark), "a leak of what is not allowed goes on")
    expect(verdict_of(stage) == "mixed", "what offended may still not be clear")
    stage.sensor.rewrite(("allow: [tcp/443]", "allow: [tcp/80]"))
    stage.ask("reload", status=0)
    until("the end of the leak of what is allowed", lambda: told(stage, *leak, "policy-changed", begin=mark))
    stage.clear()
    time.sleep(0.5)
    expect(not told(stage, *leak, '"open"', begin=mark), "what is allowed is told")
    until("secured: all that is in clear may be", lambda: verdict_of(stage) == "secured")
    stage.sensor.rewrite(("      allow: [tcp/80]\n", ""))
    stage.ask("reload", status=0)
    until("the leak of what is allowed no longer", lambda: stage.clear() or told(stage, *leak, '"open"', begin=mark))
    time.sleep(0.5)  # what was sent is to be judged by the rule
    until("mixed: what offends is counted anew", lambda: verdict_of(stage) == "mixed")
    mark = len(stage.sensor.records())
    # Nothing is asked of the first pair any more.
    stage.sensor.rewrite(("between: [10.1.0.0/24, 10.2.0.0/24]", "between: [10.77.0.0/24, 10.78.0.0/24]"))
    stage.sensor.process.send_signal(station.signal.SIGHUP)
    until("the end of its leak", lambda: told(stage, *leak, "policy-changed", begin=mark))
    verdict = until("another verdict", lambda: [p for p in stage.records("pairs", A, B) if p["verdict"] == "secured"])
    expect(verdict[0]["rule"] is None, verdict)
    # An interface more, and one less.
    second = Wire("station1", "sensor1")
    stage.sensor.rewrite(("  - interface: sensor0\n", "  - interface: sensor1\n"))
    stage.ask("reload", status=0)
    until("only the other interface", lambda: [i["name"] for i in stage.records("status")[0]["interfaces"]] == ["sensor1"])
    second.send(packets.ethernet(packets.tcp("10.77.0.5", "10.78.0.5", 4000, 80, packets.SYN)))
    until("an alert from it", lambda: told(stage, "cleartext-leak", "10.77.0.5"))
    # Another sink: the reporter begins anew, the engine does not.
    stage.sensor.rewrite(("records/alerts.jsonl", "records/other.jsonl"))
    stage.ask("reload", status=0)
    stage.sensor.wait_notice("configuration read again")
    other = f"{stage.folder}/records/other.jsonl"

    def another():
        """The reporter of before may still take some: a new pair each time."""
        stage.sequence += 1
        host = stage.sequence % 200 + 10
        second.send(packets.ethernet(packets.tcp(f"10.77.0.{host}", "10.78.0.6", 4000, 80, packets.SYN)))
        return os.path.exists(other)

    until("an alert in the other file", another, step=0.1)
    expect(stage.sensor.engine() == engine, "the engine is the one of the beginning")
    return second


def test_alert(stage):
    mark = len(stage.sensor.records())
    output, errors = stage.ask("test-alert", status=2)  # nobody reads the syslog socket
    expect({"json: passed on", "text: passed on"} < set(errors.splitlines()) and "\nsyslog: " in errors, output + errors)
    until("its clear", lambda: len(told(stage, "TEST:", begin=mark)) == 2)


def heard(listener, count):
    """The next `count` lines of a listener's output that are messages."""
    lines = []
    while len(lines) < count:
        line = listener.stdout.readline()
        expect(line, f"{len(lines)} of {count} messages came")
        lines.append(line)
    return lines


def ike_log(stage, wire):
    """The messages of a lab in words, as an audit of its capture has them; of one pair only where one was named."""
    def listen(*arguments):
        return subprocess.Popen([stage.espial, "ike", *arguments, "--socket", stage.path], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    audit = [stage.espial, "audit", "--ike-log=7", LAB]
    frames = [frame for _, frame in station.read_pcap(LAB)]
    said = subprocess.run(audit + ["--json"], capture_output=True, text=True, check=False).stdout
    expected = [record for record in map(json.loads, said.splitlines()) if record["type"] == "ike_message"]
    expect(len(expected) >= 4, f"{LAB}: {len(expected)} messages")
    pair = (expected[0]["src"], expected[0]["dst"])
    stage.ask("ike", "--log=8", status=2)
    stage.ask("sas", "--log", status=2)
    listeners = [listen("--log=7", "--json"), listen("--log"), listen("--log=2", *pair), listen("--log", "10.255.0.1")]
    time.sleep(1)  # for the engine to know
    for frame in frames:
        wire.send(frame)
    messages = [json.loads(line) for line in heard(listeners[0], len(expected))]
    for told, record in zip(messages, expected):
        for key in record:
            if key not in ("time", "sensor", "after"):  # sent without the pauses of the lab
                expect(told[key] == record[key], f"{key}: {told[key]} instead of {record[key]}")
    for listener in listeners[1:3]:
        lines = [line for line in heard(listener, len(expected) + 1) if pair[0] in line]
        expect(lines, "messages as text, one line each")
    # A new engine is told who listens, and the listener that there is a gap.
    engine = stage.sensor.engine()
    os.kill(engine, station.signal.SIGKILL)
    until("another engine", lambda: stage.sensor.engine() != engine and stage.sensor.listens())
    told = json.loads(heard(listeners[0], 1)[0])
    expect(told["type"] == "ike_lost" and told["messages"] is None, told)
    for frame in frames:
        wire.send(frame)
    again = json.loads(heard(listeners[0], 1)[0])
    expect(again["type"] == "ike_message" and again["ispi"] == expected[0]["ispi"], again)
    for listener in listeners:
        listener.terminate()
        listener.wait(10)
    expect(not listeners[3].stdout.read(), "nothing of a host that was silent")
    # Who asks something else while it listens gets that; who reads nothing is told what it missed, or is put out.
    client = connect(stage)
    client.sendall(b'{"request":"ike-log"}\n')
    time.sleep(0.3)
    client.sendall(b'{"request":"status"}\n')
    text = answer_of(client)
    while text.count(b'"done"') < 2:
        text += answer_of(client)
    expect(b'"status"' in text, text)
    client.close()


def page_inventory(stage):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    client.connect(f"{stage.folder}/http.sock")
    client.sendall(b"GET /api/v1/inventory HTTP/1.0\r\nHost: localhost\r\n\r\n")
    octets = b""
    while more := client.recv(65536):
        octets += more
    client.close()
    head, body = octets.split(b"\r\n\r\n", 1)
    expect(b" 200 " in head, head)
    return json.loads(body)["inventory"]


def inventory(stage, wire):
    """What the running espiald, its page and an audit of the same captures say of the cryptography is the same."""
    frames = [frame for capture in SHOWN for _, frame in station.read_pcap(capture)]
    for frame in frames:
        wire.send(frame)
    # Lists of what IKE made, as an audit of the same capture has them; and the table of them.
    audit = subprocess.run([stage.espial, "audit", "--json", LAB], capture_output=True, text=True, check=False).stdout
    records = [record for record in map(json.loads, audit.splitlines()) if record["type"] in ("ike_sa", "sa")]
    live = {record.get("ispi") or record["spi"]: record for record in stage.records("ike") + stage.records("sas")}
    for record in records:
        shown = live[record.get("ispi") or record["spi"]]
        for key in ("children", "selected", "notifies", "vendors", "exchange", "ike_spi"):
            expect(shown.get(key) == record.get(key), f"{key}: {shown} instead of {record}")
    expect(any(record.get("children") for record in records) and any(record.get("exchange") for record in records), "there are some")
    expect("established" in stage.ask("ike"), "the table of IKE SAs")
    files = subprocess.run([stage.espial, "inventory", "--json", LAB, *SHOWN], capture_output=True, text=True, check=True).stdout

    def told(text):
        """By subject, without times; messages are those of one replay or more."""
        lines = [json.loads(line) for line in text.splitlines()]
        return {json.dumps([line["type"], line.get("subject"), line.get("address"), line.get("digest")]):
                {key: value for key, value in line.items() if key not in ("time", "sensor", "first", "last", "messages", "state")}
                for line in lines if line["type"] != "inventory_summary"}

    expected = told(files)
    running = until("all of it in the inventory", lambda: (lambda got: got if expected.keys() <= got.keys() else None)(told(stage.ask("inventory", "--json"))))
    for subject, line in expected.items():
        expect(running[subject] == line, f"{running[subject]} instead of {line}")
    pairs = {(row["a"], row["b"]): row for row in page_inventory(stage)}
    for line in running.values():
        if line["type"] == "inventory" and line["subject"]["kind"] == "pair":
            row = pairs.pop((line["subject"]["a"], line["subject"]["b"]))
            for key in ("versions", "modes", "vendors", "esp", "quantum_safe"):
                expect(row[key] == line[key], f"the page: {key}: {row[key]} instead of {line[key]}")
            for key in ("selected", "offered"):
                expect(row[key] == [use["name"] for use in line[key]], f"the page: {key}: {row[key]}")
    expect(not pairs, f"only on the page: {pairs}")
    bill = json.loads(stage.ask("inventory", "--cyclonedx"))
    expect(bill["bomFormat"] == "CycloneDX" and len(bill["components"]) > 10, bill)
    text = stage.ask("inventory", columns=60)
    expect("Certificates in clear" in text and max(map(len, text.splitlines())) <= 60, text)
    stage.ask("inventory", "--secured", f"{A},{B}", status=2)


def slow_listener(stage, wire):
    """Who listens and reads nothing costs nobody anything, and is told how many messages it missed: all are counted."""
    frame = next(frame for _, frame in station.read_pcap(LAB) if frame[23] == 17)
    client = connect(stage)
    client.sendall(b'{"request":"ike-log"}\n')
    time.sleep(1)
    for _ in range(6000):
        wire.send(frame)
    begun = time.monotonic()
    stage.ask("status")
    expect(time.monotonic() - begun < 5, "an answer beside it")
    sent, octets = 6000, b""
    client.settimeout(1)

    def accounted():
        """Reads until nothing comes for a second; the next message brings the count of those that were missed."""
        nonlocal sent, octets
        try:
            while True:
                more = client.recv(1 << 20)
                expect(more, "the listener was put out")
                octets += more
        except TimeoutError:
            pass
        lines = [json.loads(line) for line in octets.splitlines()]
        missed = sum(line["messages"] for line in lines if line["type"] == "ike_lost")
        came = sum(line["type"] == "ike_octets" for line in lines)
        if missed and came + missed == sent:
            return True
        wire.send(frame)
        sent += 1
        return False

    until("all messages, come or missed", accounted, 30)
    client.close()


def files(stage, wire):
    """Landlock goes by the folder that was there at the start: a new one in its place is out of the reporter's reach."""
    version = station.LIBC.syscall(444, None, 0, 1)
    os.rename(f"{stage.folder}/records", f"{stage.folder}/records.gone")
    os.makedirs(f"{stage.folder}/records")
    os.chmod(f"{stage.folder}/records", 0o777)
    host = 10

    def problem():
        """Alerts to write, each of a pair of its own: of many, some are held back for a while."""
        nonlocal host
        host = host % 240 + 1
        wire.send(packets.ethernet(packets.tcp(f"10.77.0.{host}", f"10.78.0.{host}", 4000, 80, packets.SYN)))
        sink = next(sink for sink in stage.records("status")[0]["sinks"] if sink["name"] == "json")
        return sink["problem"] if version > 0 else os.listdir(f"{stage.folder}/records")

    found = until("what becomes of the file", problem, 40, step=0.3)
    expect(version <= 0 or ("ermission denied" in found and not os.listdir(f"{stage.folder}/records")), found)


def main(espiald, espial):
    def body(folder):
        stage = Stage(folder, os.path.realpath(espiald), os.path.realpath(espial))
        nobody_there(stage)
        stage.sensor.start()
        until("control socket", lambda: os.path.exists(stage.path))
        try:
            sinks(stage)
            commands(stage)
            readable(stage)
            looks(stage)
            hostile(stage)
            test_alert(stage)
            wire = reload(stage)
            slow_listener(stage, wire)
            ike_log(stage, wire)
            inventory(stage, wire)
            files(stage, wire)
        finally:
            expect(stage.sensor.end() == 0, "espiald ends well")
        nobody_there(stage)

    return station.run_test(body)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
