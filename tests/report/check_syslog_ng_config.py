#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What config/syslog-ng/ ships, in the real syslog-ng: check_syslog_ng_config.py FEED_SYSLOG MODULE FOLDER

Every file is loaded as it is, but for the path of its socket. Findings of every shape, with hostile text, come out of the
shipped parser with the same fields, and pass the shipped filters as they should. Exit 77 where syslog-ng is not installed.
"""

import collections
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

COUNT = 25
SEVERITIES = ["critical", "high", "medium", "low", "info"]
CONFIG = """@version: 3.35
@define espial-file "{dir}/all.json"
@define espial-server "127.0.0.1"
@define espial-ca "{dir}/ca.pem"
@define espial-kafka "127.0.0.1:9"
options {{ chain-hostnames(no); keep-hostname(yes); use-dns(no); dns-cache(no); stats-freq(0); }};
@include "{dir}/espial.conf"
@include "{dir}/espial-destinations.conf"
{kafka}
source s_system {{ unix-dgram("{dir}/system"); }};
destination d_serious {{ file("{dir}/serious.json" template(t_espial_json)); }};
destination d_none {{ file("{dir}/none.json" template(t_espial_json)); }};
log {{ source(s_espial); parser(p_espial); destination(d_espial_file); }};
log {{ source(s_system); filter(f_espial); parser(p_espial); destination(d_espial_file); }};
log {{ source(s_espial); parser(p_espial); filter(f_espial_serious); filter(f_espial_opened); filter(f_espial_leak);
    destination(d_serious); }};
log {{ source(s_espial); parser(p_espial); filter(f_espial_sensor); destination(d_none); }};
log {{ source(s_espial); parser(p_espial); destination(d_espial_network); {to_kafka} }};
"""


def write_config(folder, shipped):
    for name in ("espial.conf", "espial-destinations.conf", "espial-kafka.conf"):
        with open(f"{shipped}/{name}", encoding="utf-8") as file:
            text = file.read()
        with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text.replace("/run/espial-log", f"{folder}/espial"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=ca", "-keyout",
                    f"{folder}/ca.key", "-out", f"{folder}/ca.pem"], check=True, stderr=subprocess.DEVNULL)
    modules = subprocess.run(["syslog-ng", "--module-registry"], check=True, capture_output=True, text=True).stdout
    kafka = "kafka_c" in modules or "kafka-c" in modules
    if not kafka:
        print("Kafka: syslog-ng's module is not installed, its file is not loaded")
    with open(f"{folder}/conf", "w", encoding="utf-8") as file:
        file.write(CONFIG.format(dir=folder, kafka=f'@include "{folder}/espial-kafka.conf"' if kafka else "",
                                 to_kafka="destination(d_espial_kafka);" if kafka else ""))
    done = subprocess.run(["syslog-ng", "--syntax-only", "--cfgfile", f"{folder}/conf"], check=False, capture_output=True,
                          text=True)
    assert done.returncode == 0 and "error" not in done.stderr.lower(), done.stderr


def feed(program, module, folder, socket, shape):
    """Sends COUNT findings of the shape and waits until they are read."""
    fifo = tempfile.mktemp(dir=folder)
    os.mkfifo(fifo)
    with subprocess.Popen([program, f"{folder}/{socket}", shape, module, fifo], stdout=subprocess.PIPE,
                          text=True) as process, open(fifo, "w", encoding="utf-8") as commands:
        for command in (f"send 0 {COUNT}", "flush", "end"):
            commands.write(command + "\n")
            commands.flush()
            answer = process.stdout.readline().strip()
            assert answer == "ok", f"{shape}: {command}: {answer}"


def lines_of(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def run(folder, program, module, shipped):
    write_config(folder, shipped)
    with open(f"{folder}/errors", "w", encoding="utf-8") as errors:
        daemon = subprocess.Popen(
            ["syslog-ng", "--foreground", "--no-caps", "--cfgfile", f"{folder}/conf", "--persist-file", f"{folder}/persist",
             "--pidfile", f"{folder}/pid", "--control", f"{folder}/ctl"], cwd=folder, stdout=errors, stderr=errors)
    shapes = [("espial", "rfc5424"), ("espial", "ecs"), ("espial", "ocsf"), ("system", "local"), ("system", "ecs-local")]
    if module != "none":
        shapes.append(("system", "eventlog"))
    try:
        deadline = time.monotonic() + 20
        while not os.path.exists(f"{folder}/espial") and time.monotonic() < deadline:
            time.sleep(0.05)
        for socket, shape in shapes:
            feed(program, module, folder, socket, shape)
        feed(program, module, folder, "espial", "cef")
        time.sleep(1.5)
    finally:
        daemon.send_signal(signal.SIGTERM)
        try:
            daemon.wait(20)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
    told = lines_of(f"{folder}/all.json")
    parsed = [entry["espial"] for entry in told if "espial" in entry]
    assert len(told) - len(parsed) == COUNT, f"{len(told) - len(parsed)} without fields: only CEF is left as it is"
    seen = collections.Counter(int(entry["alert"], 16) for entry in parsed)
    assert seen == collections.Counter({number: len(shapes) for number in range(COUNT)}), seen
    for entry in parsed:
        assert entry["id"] == "cleartext-leak" and entry["cause"] == "sa-lost" and entry["state"] == "open", entry
        assert entry["severity"] == SEVERITIES[int(entry["alert"], 16) % 5], entry
        assert entry["a"] == "10.1.0.1" and entry["b"] == "10.2.0.2", entry
        number = int(entry["alert"], 16)
        assert number % 3 == 2 or entry.get("realm") == (str(number + 1) if number % 3 == 1 else None), entry
        assert number % 3 != 2 or entry["realm"].startswith("a\"b"), entry
    serious = lines_of(f"{folder}/serious.json")
    assert len(serious) == 3 * COUNT * 2 // 5, len(serious)
    assert all(entry["espial"]["severity"] in ("critical", "high") for entry in serious)
    assert not lines_of(f"{folder}/none.json")
    print(f"{len(parsed)} findings of {len(shapes)} shapes taken apart, {len(serious)} passed the filters")


def main():
    if not shutil.which("syslog-ng") or not shutil.which("openssl"):
        print("skipped: syslog-ng or openssl is not installed")
        return 77
    folder = tempfile.mkdtemp(prefix="check_syslog_ng_config.")
    try:
        run(folder, *sys.argv[1:4])
    except BaseException:
        if os.path.exists(f"{folder}/errors"):
            with open(f"{folder}/errors", encoding="utf-8") as file:
                print(file.read()[-3000:])
        raise
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
