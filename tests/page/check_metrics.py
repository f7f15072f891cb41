#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The metrics in both formats, the alert rules and the dashboard, with the real promtool and a real scrape by Prometheus.

check_metrics.py SERVE_PAGE SOURCE_ROOT

The formats, that values agree with the records, that series are bounded, and that rules and dashboard name only metrics that there
are, is tested without Prometheus; the rest is left out, with a word, where it is not installed.
"""

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

ROOT = sys.argv[2]
sys.path.insert(0, os.path.join(ROOT, "tests", "page"))
import records
from served import Served, free_port

OPEN = "application/openmetrics-text; version=1.0.0"
SAMPLE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?[0-9.e+]+)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
failures = []


def expect(holds, what):
    if not holds:
        failures.append(what)
        print("FAILED:", what)


def scrape(served, accept):
    connection = http.client.HTTPConnection("localhost")
    connection.sock = served.connect()
    connection.request("GET", "/metrics", headers={"Accept": accept})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.headers["Content-Type"], text


def parse(text, is_open):
    """Families and samples, strictly: each family once, its samples behind its head, none twice."""
    families, samples, current = {}, {}, None
    lines = text.split("\n")
    expect(lines.pop() == "", "the text ends with a newline")
    if is_open:
        expect(lines.pop() == "# EOF", "OpenMetrics ends with # EOF")
    for line in lines:
        head = re.match(r"# (HELP|TYPE) ([a-z_]+) (.+)$", line)
        if head and head[1] == "HELP":
            expect(head[2] not in families, f"{head[2]} has two heads")
            current = head[2]
        elif head:
            families[current] = head[3]
        else:
            found = SAMPLE.match(line)
            expect(found, f"no sample: {line[:100]}")
            if not found:
                continue
            kind = families.get(current)
            suffix = "_total" if kind == "counter" and is_open else "_info" if kind == "info" else ""
            expect(found[1] == current + suffix, f"{found[1]} stands under {current}, a {kind}")
            expect(kind != "counter" or found[1].endswith("_total"), f"{found[1]}: a counter ends with _total")
            key = (found[1], tuple(LABEL.findall(found[2] or "")))
            expect(key not in samples, f"{key} is there twice")
            samples[key] = float(found[3])
    return families, samples


def check_values(samples, lines):
    def of(kind):
        return [record for record in lines if record["type"] == kind]

    def value(name, **labels):
        return samples.get((name, tuple(labels.items())))

    for verdict in ("secured", "mixed", "cleartext"):
        wanted = sum(1 for pair in of("pair") if pair["verdict"] == verdict)
        expect(value("espial_pairs", verdict=verdict) == wanted, f"pairs {verdict}: {value('espial_pairs', verdict=verdict)}, not {wanted}")
    for rule in ("servers", "learned"):
        pairs = [pair for pair in of("pair") if pair["rule"] == rule]
        expect(value("espial_rule_rekeys", rule=rule) == sum(pair["rekeys"] for pair in pairs), f"rekeys of {rule}")
        expect(value("espial_rule_secured_bytes", rule=rule) == sum(pair["esp"]["bytes"] for pair in pairs), f"secured octets of {rule}")
        ends = [{pair["a"], pair["b"]} for pair in pairs]
        active = sum(1 for sa in of("sa") if sa["state"] == "active" and {sa["src"], sa["dst"]} in ends)
        expect(value("espial_rule_active_sas", rule=rule) == active, f"active SAs of {rule}: {value('espial_rule_active_sas', rule=rule)}, not {active}")
        ages = [value("espial_rule_sa_age_seconds", rule=rule, of=which) for which in ("median", "ninth_decile", "oldest")]
        expect(None not in ages and 0 <= ages[0] <= ages[1] <= ages[2] < 50000, f"ages of {rule}: {ages}")
    leaks = sum(1 for finding in of("finding") if finding["id"] == "cleartext-leak")
    expect(value("espial_open_alerts", id="cleartext-leak") == leaks, "open leaks")
    expect(value("espial_alerts_opened_total", id="cleartext-leak") == leaks, "leaks opened")
    expect(value("espial_open_alerts", id="bad-spi") == 0, "what there is none of is told as zero")
    expect(value("espial_interface_kernel_dropped_frames_total", interface="eth2") == 1204, "drops by interface")
    expect(value("espial_interface_ring_used_bytes", interface="eth2") == 50_000_000, "octets in a ring")
    expect(value("espial_interface_ring_full_total", interface="eth2") == 3, "how often a ring was full")
    expect(value("espial_worker_tracked_frames_total", worker="1") == 936_279_978, "frames by worker")
    expect(value("espial_worker_waited_seconds_total", worker="2") == 300.75, "how long a worker waited")
    expect(value("espial_stage_seconds_total", stage="name") == 0.0305, "cost by stage")
    expect({dict(labels)["stage"] for name, labels in samples if name == "espial_stage_packets_total"} == set(records.STAGES), "each stage is told")
    expect(value("espial_frames_total", **{"class": "ike"}) == of("summary")[0]["classes"]["ike"], "frames by class")
    expect(value("espial_up") == 1, "up")


def check_bounds(program):
    lines = []
    for i in range(900):
        a, b = f"192.0.2.{i % 250 + 1}", f"198.51.{i // 250}.1"
        lines.append(records.line("pair", a=a, b=b, verdict="secured", rule=f'rule "{i}"\\\n\x7f', carries=None, offending={"packets": 0, "bytes": 0}, esp={"packets": 1, "bytes": 7}, cleartext=[], rekeys=0,
                                  rekey_interval_median=None, rekey_initiator=None))
    with Served(program, [*lines, records.summary(lines), records.health(900)], unix=True) as served:
        _, text = scrape(served, OPEN)
        _, samples = parse(text, True)
        rules = {labels for name, labels in samples if name == "espial_rule_secured_bytes"}
        expect(len(rules) == 201, f"{len(rules)} rules are told apart; it should be 200 and the others together")
        other = samples.get(("espial_rule_secured_bytes", (("rule", "(other)"),)))
        expect(other == 700 * 7, f"the rules beyond the bound are told together: {other}")
        expect(len(samples) < 3000, f"{len(samples)} series")
        expect("192.0.2" not in text, "no address is a label")


def check_pieces(families):
    """What rules and dashboard ask for has to be there."""
    known = set()
    for name, kind in families.items():
        known.add(name + ("_total" if kind == "counter" else "_info" if kind == "info" else ""))
    for path in ("config/prometheus/espial.rules.yml", "config/grafana/espial.json", "docs/metrics.md"):
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            text = file.read()
        asked = set(re.findall(r"\bespial_[a-z_]+[a-z]\b", text)) - {"espial_engine", "espial_alerts"}
        expect(asked, f"{path} asks for nothing")
        expect(asked <= known, f"{path} asks for what is not there: {sorted(asked - known)}")
        if path.endswith(".md"):
            expect(known <= asked, f"{path} does not tell of {sorted(known - asked)}")
        if path.endswith(".json"):
            json.loads(text)


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    expect(result.returncode == 0, f"{' '.join(command[:3])}: {result.stdout}{result.stderr}")


def check_promtool(text):
    result = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60, check=False)
    expect(result.returncode == 0, f"promtool check metrics: {result.stdout}{result.stderr}")
    run("promtool", "check", "rules", os.path.join(ROOT, "config/prometheus/espial.rules.yml"))
    run("promtool", "test", "rules", os.path.join(ROOT, "tests/page/espial.rules.test.yml"))


def query(port, expression):
    url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)["data"]["result"]
    except OSError:
        return []


def check_scrape(program, lines):
    """A real Prometheus, with a token, and the rules loaded."""
    token = "a-token-for-the-scrape"
    port = free_port()
    with Served(program, lines, token=token) as served, tempfile.TemporaryDirectory(prefix="espial-prometheus-") as folder:
        with open(os.path.join(folder, "prometheus.yml"), "w", encoding="utf-8") as file:
            json.dump({"global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                       "rule_files": [os.path.join(ROOT, "config/prometheus/espial.rules.yml")],
                       "scrape_configs": [{"job_name": "espial", "authorization": {"credentials": token}, "static_configs": [{"targets": [f"127.0.0.1:{served.port}"]}]}]}, file)
        log = open(os.path.join(folder, "log"), "w+", encoding="utf-8")
        prometheus = subprocess.Popen(["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"],
                                      stdout=log, stderr=log)
        try:
            end = time.monotonic() + 40
            while time.monotonic() < end and not query(port, "espial_pairs"):
                time.sleep(0.5)
            got = query(port, 'espial_open_alerts{id="cleartext-leak"}')
            leaks = sum(1 for record in lines if record["type"] == "finding" and record["id"] == "cleartext-leak")
            expect(got and float(got[0]["value"][1]) == leaks, f"Prometheus counts {got}, not {leaks} leaks")
            expect(query(port, "up == 1"), "the scrape is up")
            while time.monotonic() < end and not query(port, 'ALERTS{alertname="EspialCleartextLeak"}'):
                time.sleep(0.5)
            expect(query(port, 'ALERTS{alertname="EspialCleartextLeak"}'), "the rule for leaks fires")
        finally:
            prometheus.terminate()
            prometheus.wait(20)
            log.close()


def main():
    program = sys.argv[1]
    lines = records.records(200)
    with Served(program, lines, unix=True) as served:
        kind, text = scrape(served, OPEN)
        expect(kind.startswith("application/openmetrics-text; version=1.0.0"), f"asked for OpenMetrics, got {kind}")
        families, samples = parse(text, True)
        check_values(samples, lines)
        kind, old = scrape(served, "text/plain")
        expect(kind.startswith("text/plain; version=0.0.4"), f"asked for text, got {kind}")
        _, old_samples = parse(old, False)
        expect({key for key, _ in old_samples.items()} == set(samples), "both formats have the same series")
    with Served(program, None, unix=True) as served:
        kind, text = scrape(served, OPEN)
        expect("espial_up 0" in text and "espial_pairs" not in text, "without a state there is nothing but that")
    check_bounds(program)
    check_pieces(families)
    if shutil.which("promtool") and shutil.which("prometheus"):
        check_promtool(old)
        check_scrape(program, lines)
    else:
        print("left out: no promtool and prometheus; install prometheus")
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
