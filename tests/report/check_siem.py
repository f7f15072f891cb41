#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What SIEMs get, through the real syslog-ng and, where it is installed, rsyslog: CEF, ECS, OCSF and structured data over
UDP, TCP and TLS. check_siem.py FEED_SYSLOG MODULE SCHEMAS

Every other finding carries hostile text (quotes, brackets, line ends, escapes, octets that are no UTF-8). Each message has to
come out of the parser as it went in; JSON has to fit the schemas in the folder SCHEMAS. rsyslog may be unpacked anywhere:
ESPIAL_RSYSLOG names its root. Exit 77 where syslog-ng is not installed.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

COUNT, AWAY = 60, 20
NAMES = {0: "critical", 1: "high", 2: "medium", 3: "low", 4: "info"}
CEF_SEVERITIES = {0: 10, 1: 8, 2: 5, 3: 3, 4: 1}

CONFIG = """@version: 3.35
options {{ chain-hostnames(no); keep-hostname(yes); use-dns(no); dns-cache(no); stats-freq(0); log-msg-size(65536); }};
source s_udp {{ syslog(ip(127.0.0.1) port({udp}) transport("udp")); }};
source s_tcp {{ syslog(ip(127.0.0.1) port({tcp}) transport("tcp")); }};
source s_cef {{ syslog(ip(127.0.0.1) port({cef}) transport("tcp")); }};
source s_tls {{ syslog(ip(127.0.0.1) port({tls}) transport("tls")
    tls(key-file("{dir}/server.key") cert-file("{dir}/server.pem") ca-file("{dir}/ca.pem") peer-verify(required-trusted))); }};
source s_local {{ unix-dgram("{dir}/log"); }};
parser p_json {{ json-parser(prefix(".j.")); }};
template t_plain {{ template("$SOURCE\\t$LEVEL\\t$PROGRAM\\t$MSGID\\t${{.SDATA.espial@32473.alert}}\\t$MSG\\n"); }};
destination d_plain {{ file("{dir}/out" flush-lines(1) template(t_plain)); }};
destination d_parsed {{ file("{dir}/parsed" flush-lines(1)
    template("$SOURCE\\t${{.j.espial.alert}}${{.j.unmapped.alert}}\\t${{.j.event.code}}${{.j.class_uid}}\\n")); }};
log {{ source(s_udp); source(s_tcp); source(s_cef); source(s_tls); source(s_local); destination(d_plain); }};
log {{ source(s_tcp); source(s_tls); source(s_local); parser(p_json); destination(d_parsed); }};
"""

RSYSLOG = """module(load="{modules}/imtcp" maxFrameSize="65536")
module(load="{modules}/mmpstrucdata")
module(load="{modules}/mmjsonparse")
global(workDirectory="{dir}" maxMessageSize="64k")
template(name="sd" type="string" string="%$!rfc5424-sd!espial@32473!alert%\\t%msgid%\\t%msg%\\n")
template(name="json" type="string" string="%$!espial!alert%\\t%$!event!code%\\n")
ruleset(name="sd") {{ action(type="mmpstrucdata") action(type="omfile" file="{dir}/rsyslog.sd" template="sd") }}
ruleset(name="json") {{ action(type="mmjsonparse" cookie="") action(type="omfile" file="{dir}/rsyslog.json" template="json") }}
input(type="imtcp" port="{rsd}" address="127.0.0.1" ruleset="sd")
input(type="imtcp" port="{rjson}" address="127.0.0.1" ruleset="json")
"""


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(*command):
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"


def make_certificates(folder):
    """An authority, a server's and a sensor's certificate, and one authority that nobody trusts."""
    for ca in ("ca", "other"):
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={ca}", "-keyout",
            f"{folder}/{ca}.key", "-out", f"{folder}/{ca}.pem")
    with open(f"{folder}/names", "w", encoding="ascii") as file:
        file.write("subjectAltName=DNS:logs.example,IP:127.0.0.1\n")
    for name in ("server", "sensor"):
        run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{folder}/{name}.key",
            "-out", f"{folder}/{name}.csr")
        run("openssl", "x509", "-req", "-in", f"{folder}/{name}.csr", "-CA", f"{folder}/ca.pem", "-CAkey",
            f"{folder}/ca.key", "-CAcreateserial", "-days", "2", "-extfile", f"{folder}/names", "-out",
            f"{folder}/{name}.pem")


class SyslogNg:
    def __init__(self, folder):
        self.folder = folder
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            ["syslog-ng", "--foreground", "--no-caps", "--cfgfile", f"{self.folder}/conf", "--persist-file",
             f"{self.folder}/persist", "--pidfile", f"{self.folder}/pid", "--control", f"{self.folder}/ctl"],
            stdout=subprocess.DEVNULL, stderr=open(f"{self.folder}/errors", "a", encoding="utf-8"))
        deadline = time.monotonic() + 20
        while not os.path.exists(f"{self.folder}/ctl") and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait()
        for name in ("ctl", "pid"):
            if os.path.exists(f"{self.folder}/{name}"):
                os.unlink(f"{self.folder}/{name}")


class Feed:
    def __init__(self, folder, feed, module, to, shape, **environment):
        fifo = tempfile.mktemp(dir=folder, prefix="commands-")
        os.mkfifo(fifo)
        self.process = subprocess.Popen([feed, to, shape, module, fifo], stdout=subprocess.PIPE, text=True,
                                        env=dict(os.environ, **environment))
        self.commands = open(fifo, "w", encoding="utf-8")

    def say(self, command):
        self.commands.write(command + "\n")
        self.commands.flush()
        return self.process.stdout.readline().strip()

    def must(self, command):
        answer = self.say(command)
        assert answer == "ok", f"{command}: {answer}"

    def end(self):
        self.say("end")
        self.process.wait()


def split_cef(text):
    """[header fields], {extension} by the rules of the format alone."""
    assert text.startswith("CEF:0|"), text
    fields, rest = [], text
    for _ in range(7):
        match = re.match(r"((?:[^|\\]|\\.)*)\|", rest)
        assert match, rest
        fields.append(re.sub(r"\\(.)", r"\1", match[1]))
        rest = rest[match.end():]
    extension = {}
    keys = list(re.finditer(r"(?:^| )([A-Za-z0-9_]+)=", rest))
    keys = [key for key in keys if key.start() == 0 or rest[key.start() - 1] != "\\"]
    for key, following in zip(keys, keys[1:] + [None]):
        value = rest[key.end():following.start() if following else len(rest)]
        assert not re.search(r"(?<!\\)(?:\\\\)*=", value), f"a bare = in {value!r}"
        extension[key[1]] = re.sub(r"\\(.)", r"\1", value)
    return fields, extension


def check_realm(number, realm):
    """The number of a VLAN, the name of an interface, or none: text in every shape, as an index has one type for a field."""
    if number % 3 == 2:
        assert realm.startswith("a\"b\\c]d;e='f"), realm
    else:
        assert realm == (str(number + 1) if number % 3 == 1 else None), realm


def check_cef(text):
    fields, extension = split_cef(text)
    number = int(extension["externalId"], 16)
    assert fields[:3] == ["CEF:0", "espial", "espial"] and fields[4] == "cleartext-leak", fields
    assert int(fields[6]) == CEF_SEVERITIES[number % 5]
    assert extension["src"] == "10.2.0.2" and extension["dst"] == "10.1.0.1", extension
    assert (extension["spt"], extension["dpt"], extension["proto"]) == ("40000", "80", "TCP")
    assert extension["cs2"] == "sa-lost" and extension["cs2Label"] == "diagnosis"
    assert extension["msg"] == "10.2.0.2 sends HTTP to 10.1.0.1 in clear since its SA ended."
    assert extension["app"] == "HTTP" if number % 2 else extension["app"].startswith("a\"b\\c]d;e='f")
    assert "last_step: quick mode" in extension["cs6"] and "delete_seen: true" in extension["cs6"]
    check_realm(number, extension.get("espialRealm"))
    return number


def check_json(schemas, shape, text):
    document = json.loads(text)
    if schemas:
        schemas[shape].validate(document)
    ours = document["espial" if shape == "ecs" else "unmapped"]
    number = int(ours["alert"], 16)
    assert ours["severity"] == NAMES[number % 5] and ours["cause"] == "sa-lost", ours
    check_realm(number, ours.get("realm"))
    protocol = document["network"]["protocol"] if shape == "ecs" else "http"
    assert protocol == "http" if number % 2 or shape == "ocsf" else protocol.startswith('a"b\\c]d;e=\'f\n\x1b[31mg\x7f')
    return number


def load_schemas(folder):
    try:
        import jsonschema  # pylint: disable=import-outside-toplevel
    except ImportError:
        print("JSON is not held against the schemas: python3-jsonschema is not installed")
        return None
    loaded = {}
    for shape in ("ecs", "ocsf"):
        with open(f"{folder}/{shape}.schema.json", encoding="utf-8") as file:
            schema = json.load(file)
        kind = jsonschema.validators.validator_for(schema)
        kind.check_schema(schema)
        loaded[shape] = kind(schema)
    return loaded


def check_refused(folder, feed, module, ports):
    """A server that cannot prove who it is gets nothing."""
    for why, environment in (("self|unable to get", {"TLS_CA": f"{folder}/other.pem"}),
                             ("mismatch", {"TLS_CA": f"{folder}/ca.pem", "TLS_NAME": "evil.example"})):
        refused = Feed(folder, feed, module, f"tls://127.0.0.1:{ports['tls']}", "rfc5424", **environment)
        refused.say("send 5000 1")
        answer = ""
        for _ in range(20):
            answer = refused.say("tick")
            time.sleep(0.05)
        answer = refused.say("health")
        assert "certificate is refused" in answer and re.search(why, answer), answer
        refused.process.kill()
        refused.process.wait()
        print(f"tls: refused ({answer})")


def through_syslog_ng(folder, feed, module, schemas):
    ports = {name: free_port(socket.SOCK_DGRAM if name == "udp" else socket.SOCK_STREAM)
             for name in ("udp", "tcp", "cef", "tls")}
    with open(f"{folder}/conf", "w", encoding="utf-8") as file:
        file.write(CONFIG.format(dir=folder, **ports))
    make_certificates(folder)
    run("syslog-ng", "--syntax-only", "--cfgfile", f"{folder}/conf")
    daemon = SyslogNg(folder)
    daemon.start()
    trusted = {"TLS_CA": f"{folder}/ca.pem", "TLS_NAME": "logs.example", "TLS_CERTIFICATE": f"{folder}/sensor.pem",
               "TLS_KEY": f"{folder}/sensor.key"}
    routes = {"s_udp": ("rfc5424", Feed(folder, feed, module, f"udp://127.0.0.1:{ports['udp']}", "rfc5424")),
              "s_tcp": ("ecs", Feed(folder, feed, module, f"tcp://127.0.0.1:{ports['tcp']}", "ecs")),
              "s_cef": ("cef", Feed(folder, feed, module, f"tcp://127.0.0.1:{ports['cef']}", "cef")),
              "s_tls": ("ocsf", Feed(folder, feed, module, f"tls://127.0.0.1:{ports['tls']}", "ocsf", **trusted)),
              "s_local": ("ecs", Feed(folder, feed, module, f"{folder}/log", "ecs-local"))}
    for _, feeder in routes.values():
        feeder.must(f"send 0 {COUNT}")
        feeder.must("flush")
    check_refused(folder, feed, module, ports)
    time.sleep(0.5)
    daemon.end(signal.SIGKILL)
    away = [name for name in routes if name != "s_udp"]  # nobody promises anything for datagrams to nobody
    for name in away:
        routes[name][1].say(f"send {COUNT} {AWAY}")
    daemon.start()
    for name in away:
        routes[name][1].must("flush")
    time.sleep(0.5)
    daemon.end()
    for _, feeder in routes.values():
        feeder.end()
    seen = {name: [] for name in routes}
    with open(f"{folder}/out", encoding="utf-8") as file:
        for line in file:
            source, level, program, msgid, alert, text = line.rstrip("\n").split("\t", 5)
            shape = routes[source][0]
            if shape == "rfc5424":
                number = int(alert, 16)
                assert text.startswith("10.2.0.2 sends HTTP to 10.1.0.1 in clear"), text
            elif shape == "cef":
                number = check_cef(text)
            else:
                number = check_json(schemas, shape, text)
            assert level == ["crit", "err", "warning", "notice", "info"][number % 5], line
            assert program == "espiald" and msgid == ("" if source == "s_local" else "cleartext-leak"), line
            seen[source].append(number)
    for source, numbers in seen.items():
        expected = list(range(COUNT + (0 if source == "s_udp" else AWAY)))
        assert list(dict.fromkeys(numbers)) == expected, f"{source}: {numbers}"
        print(f"{source[2:]}: {routes[source][0]}, {len(expected)} in order, {len(numbers) - len(expected)} twice")
    with open(f"{folder}/parsed", encoding="utf-8") as file:
        for line in file:
            source, alert, code = line.rstrip("\n").split("\t")
            assert re.fullmatch("[0-9a-f]{16}", alert) and code == ("2004" if source == "s_tls" else "cleartext-leak"), line
    print("syslog-ng's json-parser: all taken apart")


def recipe_of_siem_md(folder):
    """What docs/siem.md says to write into rsyslog.conf, with paths of this folder."""
    with open(os.path.join(os.path.dirname(__file__), "..", "..", "docs", "siem.md"), encoding="utf-8") as file:
        section = file.read().split("\n## rsyslog\n")[1].split("\n## ")[0]
    lines = [line.strip() for line in section.splitlines() if line.startswith("    ")]
    recipe = "\n".join(lines).replace('# module(load="imuxsock"), which', 'module(load="imuxsock" SysSock.Use="off") #')
    return recipe.replace("/run/espial-log", f"{folder}/espial-log").replace("/var/log/espial.log", f"{folder}/rsyslog.recipe")


def check_recipe(folder):
    """Every field is in the line."""
    with open(f"{folder}/rsyslog.recipe", encoding="utf-8") as file:
        rows = [json.JSONDecoder().raw_decode(line[line.index("{"):])[0]["espial@32473"] for line in file]
    assert [int(row["alert"], 16) for row in rows] == list(range(COUNT)), rows[:3]
    assert all(row["cause"] == "sa-lost" and row["severity"] == NAMES[i % 5] for i, row in enumerate(rows))


def through_rsyslog(folder, feed, module):
    root = os.environ.get("ESPIAL_RSYSLOG", "")
    program = f"{root}/usr/sbin/rsyslogd" if root else shutil.which("rsyslogd")
    if not program or not os.path.exists(program):
        print("rsyslog: not installed")
        return
    library = f"{root}/usr/lib/x86_64-linux-gnu"
    ports = {"rsd": free_port(), "rjson": free_port()}
    modules = f"{library}/rsyslog" if os.path.isdir(f"{library}/rsyslog") else "/usr/lib/rsyslog"
    with open(f"{folder}/rsyslog.conf", "w", encoding="utf-8") as file:
        file.write(RSYSLOG.format(dir=folder, modules=modules, **ports))
        file.write(recipe_of_siem_md(folder).replace('module(load="mmpstrucdata")', "").replace('load="imuxsock"', f'load="{modules}/imuxsock"'))
    environment = dict(os.environ, LD_LIBRARY_PATH=library, RSYSLOG_MODDIR=modules)
    with open(f"{folder}/errors", "a", encoding="utf-8") as errors:
        process = subprocess.Popen([program, "-n", "-f", f"{folder}/rsyslog.conf", "-i", f"{folder}/rsyslog.pid", "-M",
                                    modules], env=environment, stdout=errors, stderr=errors)
    try:
        time.sleep(1)
        for to, shape in ((f"tcp://127.0.0.1:{ports['rsd']}", "rfc5424"), (f"tcp://127.0.0.1:{ports['rjson']}", "ecs"), (f"{folder}/espial-log", "rfc5424")):
            feeder = Feed(folder, feed, module, to, shape)
            feeder.must(f"send 0 {COUNT}")
            feeder.must("flush")
            feeder.end()
        time.sleep(1)
    finally:
        process.terminate()
        process.wait()
    with open(f"{folder}/rsyslog.sd", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    assert [int(row[0], 16) for row in rows] == list(range(COUNT)), rows[:3]
    assert all(row[1] == "cleartext-leak" for row in rows)
    with open(f"{folder}/rsyslog.json", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    assert [int(row[0], 16) for row in rows] == list(range(COUNT)), rows[:3]
    assert all(row[1] == "cleartext-leak" for row in rows)
    check_recipe(folder)
    print(f"rsyslog: structured data and JSON of {COUNT} findings each taken apart")


def main():
    if not shutil.which("syslog-ng") or not shutil.which("openssl"):
        print("skipped: syslog-ng or openssl is not installed")
        return 77
    folder = tempfile.mkdtemp(prefix="check_siem.")
    try:
        through_syslog_ng(folder, sys.argv[1], sys.argv[2], load_schemas(sys.argv[3]))
        through_rsyslog(folder, sys.argv[1], sys.argv[2])
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
