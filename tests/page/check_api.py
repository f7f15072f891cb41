#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The HTTP side without a browser: answers against docs/api.schema.json, headers, who is refused, and clients that mean harm.

check_api.py SERVE_PAGE SCHEMA
"""

import base64
import http.client
import json
import os
import resource
import socket
import sys
import time

try:
    import jsonschema
except ImportError:
    print("skipped: no jsonschema; install python3-jsonschema")
    sys.exit(77)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import records
from served import Served

TOKEN = "correct-horse-battery-staple"
failures = []


def expect(holds, what):
    if not holds:
        failures.append(what)
        print("FAILED:", what)


def read_all(client):
    data = b""
    try:
        while part := client.recv(65536):
            data += part
    except (ConnectionResetError, TimeoutError):
        pass
    return data


def raw(served, text):
    with served.connect() as client:
        client.sendall(text.encode("latin-1"))
        client.shutdown(socket.SHUT_WR)
        return read_all(client)


def ask(served, path, headers=None, method="GET"):
    """Status, headers, body of one request on a connection of its own."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = served.connect()
    connection.request(method, path, headers=headers or {})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.headers, body


def check_schema(program, schema):
    lines = records.records(120)
    pairs = [record for record in lines if record["type"] == "pair"]
    with Served(program, lines, unix=True) as served:
        for name in ("status", "pairs", "sas", "ike", "alerts", "inventory"):
            status, headers, body = ask(served, "/api/v1/" + name)
            expect(status == 200 and headers["Content-Type"] == "application/json", f"{name}: {status}")
            validator = jsonschema.Draft202012Validator({"$defs": schema["$defs"], "$ref": f"#/$defs/answers/{name}"})
            for error in list(validator.iter_errors(json.loads(body)))[:3]:
                expect(False, f"{name}: {error.json_path}: {error.message[:200]}")
            for security, value in (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-store")):
                expect(headers[security] == value, f"{name}: {security} is {headers[security]}")
            expect("script-src 'self'" in headers["Content-Security-Policy"] and "unsafe" not in headers["Content-Security-Policy"], f"{name}: policy")
            again = ask(served, "/api/v1/" + name, {"If-None-Match": headers["ETag"]})
            expect(again[0] == 304 and not again[2], f"{name}: known state is answered with {again[0]}")
            head = ask(served, "/api/v1/" + name, method="HEAD")
            expect(head[0] == 200 and not head[2], f"{name}: HEAD has a body")
        check_values(served, lines, pairs)
        served.publish(lines[:40])
        status, _, body = ask(served, "/api/v1/pairs", {"If-None-Match": headers["ETag"]})
        expect(status == 200 and json.loads(body)["number"] == 2, "a new state is told")
        expect(os.stat(served.path).st_mode & 0o777 == 0o660, "the socket is for the group")
        expect(served.stop() == 0, "serve_page ends cleanly")
        expect(not os.path.exists(served.path), "the socket file is gone")


def check_values(served, lines, pairs):
    def of(path):
        return json.loads(ask(served, "/api/v1/" + path)[2])

    got = of("pairs")
    expect(got["total"] == len(pairs) and len(got["pairs"]) == len(pairs), "every pair is told once")
    def told(pair):
        return {key: round(value, 3) if isinstance(value, float) else value for key, value in pair.items() if key != "time"}

    expect(sorted(map(str, map(told, got["pairs"]))) == sorted(map(str, map(told, pairs))), "pairs are told as the engine told them")
    one = next(pair for pair in pairs if pair["esp"]["bytes"])
    wanted = [record["spi"] for record in lines if record["type"] == "sa" and {record["src"], record["dst"]} == {one["a"], one["b"]}]
    for a, b in ((one["a"], one["b"]), (one["b"], one["a"])):
        got = of(f"sas?a={a}&b={b}")
        expect(sorted(sa["spi"] for sa in got["sas"]) == sorted(wanted) and got["total"] == len(wanted), "the SAs of a pair, in any order")
        expect(len(of(f"pairs?a={a}&b={b}")["pairs"]) == 1, "the pair itself")
    few = of("pairs?limit=3")
    expect(len(few["pairs"]) == 3 and few["total"] == len(pairs), "limit")
    expect([pair["verdict"] for pair in few["pairs"]] == ["cleartext"] * 3, "the worst come first")
    expect(of("sas?a=192.0.2.77&b=192.0.2.78")["sas"] == [], "a pair that is not there has no SAs")
    expect(of("alerts")["total"] == sum(1 for record in lines if record["type"] == "finding"), "every alert is told")
    severities = [alert["severity"] for alert in of("alerts")["alerts"]]
    expect(severities == sorted(severities, key=["critical", "high", "medium", "low", "info"].index), "the worst alerts first")
    for query in ("sas?a=10.0.0.1", "sas?a=x&b=y", "pairs?limit=0", "pairs?limit=-1", "pairs?limit=1e3", "pairs?limit=99999999999999999999",
                  "pairs?color=red", "status?limit=1", "pairs?%00=1", "pairs?a=%", "pairs?a", "pairs?limit=5&limit="):
        status, headers, body = ask(served, "/api/v1/" + query)
        expect(status == 400 and "error" in json.loads(body), f"{query}: {status}")
    expect(ask(served, "/api/v1/pairs/")[0] == 404 and ask(served, "/api/v2/pairs")[0] == 404, "what is not there is not found")


def check_refusals(program):
    with Served(program, records.records(3), unix=True) as served:
        for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[::1].evil", "localhost:80:80", "localhost@evil", "10.0.0.1", "", "[::2]",
                     "127.0.0.256", "127.1"):
            status = raw(served, f"GET /api/v1/status HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").split(b" ")[1]
            expect(status == b"421", f"Host {host!r}: {status}")
        for host in ("localhost", "LOCALHOST:8080", "127.0.0.1", "127.8.9.10:1", "[::1]", "[::1]:65535"):
            status = raw(served, f"GET /api/v1/status HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").split(b" ")[1]
            expect(status == b"200", f"Host {host!r}: {status}")
        expect(raw(served, "GET / HTTP/1.0\r\n\r\n").split(b" ")[1] == b"421", "without a Host header")
        expect(raw(served, "GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n").split(b" ")[1] == b"400", "it is no proxy")
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"):
            answer = raw(served, f"{method} / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
            expect(answer.split(b" ")[1] == b"405" and b"Allow: GET, HEAD" in answer, f"{method}: {answer[:40]}")
        for path in ("/../etc/passwd", "//", "/page.css/", "/%2e%2e/", "/index.html", "/metrics/x"):
            expect(ask(served, path)[0] in (400, 404), f"{path} is not found")
        for path, kind in (("/", "text/html"), ("/page.css", "text/css"), ("/main.js", "text/javascript"), ("/d3.js", "text/javascript"), ("/icon.svg", "image/svg+xml")):
            status, headers, body = ask(served, path)
            expect(status == 200 and headers["Content-Type"].startswith(kind) and len(body) > 100, f"{path}: {status} {headers['Content-Type']}")
        expect(b"<script>" not in ask(served, "/")[2] and b"style=" not in ask(served, "/")[2], "nothing inline in the document")


def check_token(program):
    def basic(text):
        return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}

    with Served(program, records.records(1), token=TOKEN) as served:
        for headers in ({}, {"Authorization": "Bearer"}, {"Authorization": "Bearer " + TOKEN[:-1]}, {"Authorization": "Bearer " + TOKEN + "x"},
                        {"Authorization": TOKEN}, {"Authorization": "Basic !!!"}, basic("x"), basic("x:" + TOKEN[:-1]), basic(TOKEN + ":"), basic("x:" + "A" * 300)):
            for path in ("/", "/api/v1/status", "/metrics", "/main.js"):
                status, answer, _ = ask(served, path, headers)
                expect(status == 401 and "Basic" in (answer["WWW-Authenticate"] or ""), f"{path} with {headers}: {status}")
        for headers in ({"Authorization": "Bearer " + TOKEN}, {"Authorization": "bearer  " + TOKEN}, basic("anyone:" + TOKEN), basic(":" + TOKEN)):
            expect(ask(served, "/api/v1/status", headers)[0] == 200, f"the token as {headers}")
        expect(raw(served, f"GET /metrics HTTP/1.1\r\nHost: sensor.example\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n").split(b" ")[1] == b"200",
               "with the token any name will do")


def memory_of(process):
    with open(f"/proc/{process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def quick(served, what):
    begin = time.monotonic()
    status = ask(served, "/api/v1/status")[0]
    took = time.monotonic() - begin
    expect(status == 200 and took < 3, f"{what}: another client is answered {status} after {took:.1f} s")


def check_hostile_clients(program):
    # 16 connections, a second and a half for a request, three for an answer.
    with Served(program, records.records(2000), unix=True, limits=(16, 1500, 3000)) as served:
        quick(served, "at rest")
        before = memory_of(served.process)
        for name, text in (("half a request", "GET / HT"), ("headers without end", "GET / HTTP/1.1\r\nHost: localhost\r\nX: "), ("nothing", "")):
            clients = [served.connect() for _ in range(60)]
            for client in clients:
                if text:
                    client.sendall(text.encode())
            quick(served, f"60 clients who send {name}")
            for client in clients[:16]:
                client.settimeout(8)
                begin = time.monotonic()
                read_all(client)
                expect(time.monotonic() - begin < 7, f"{name}: the connection is closed in time")
            for client in clients:
                client.close()
        readers = [served.connect() for _ in range(12)]
        for client in readers:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(b"GET /api/v1/sas HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(0.5)
        quick(served, "12 clients who do not read")
        expect(memory_of(served.process) - before < 64 << 20, f"12 clients who do not read take {(memory_of(served.process) - before) >> 20} MiB")
        time.sleep(3.5)
        cut = read_all(readers[0])
        expect(len(cut) < 6_000_000 and not cut.rstrip().endswith(b"0"), "an answer that was cut off does not look complete")
        for client in readers:
            client.close()
        flood(served)
        for text in ("GET / HTTP/1.1\r\n" + "X: " + "a" * 20000 + "\r\n\r\n", "\x00\xff\r\n\r\n" * 100, "GET " + "/" * 30000 + " HTTP/1.1\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
                     "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
                     "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n", "GET / HTTP/1.1\r\n: x\r\n\r\n", "\r\n" * 5000):
            try:
                raw(served, text)
            except (BrokenPipeError, ConnectionResetError):
                pass
            expect(served.process.poll() is None, f"it lives on after {text[:40]!r}")
        quick(served, "after nonsense")
        with served.connect() as client:  # several requests at once on one connection
            client.sendall(b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n" * 5 + b"GET /icon.svg HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            expect(read_all(client).count(b"HTTP/1.1 200 OK") == 6, "requests in a row on one connection")
        expect(served.stop() == 0, "it ends cleanly after all that")


def flood(served):
    """A client that reads nothing and goes on sending."""
    with served.connect() as client:
        client.sendall(b"GET /api/v1/sas HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.settimeout(0.5)
        before = memory_of(served.process)
        sent = 0
        try:
            while sent < 64 << 20:
                sent += client.send(b"x" * 65536)
        except (TimeoutError, OSError):
            pass
        expect(memory_of(served.process) - before < 8 << 20, f"{sent >> 20} MiB sent while an answer waits are not kept")
        quick(served, "a client who sends and does not read")


def main():
    program, schema = sys.argv[1:3]
    with open(schema, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    check_schema(program, schema)
    check_refusals(program)
    check_token(program)
    check_hostile_clients(program)
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
