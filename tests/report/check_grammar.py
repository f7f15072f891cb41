#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every shape of syslog held against its published grammar, by parsers that know nothing else: check_grammar.py FEED_SYSLOG MODULE

RFC 5424 section 6, the header of syslog(3), ArcSight's Common Event Format, JSON without a name twice. Rule, protocol, interface and
other texts of a finding are each hostile: nothing breaks out of its field, no field is lost, none comes besides, and what is cut
says so.
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile

failures = []
HOSTILE = [
    b"plain", b"", b" ", b"  two  ", b'a" evil="1', b'a"] [evil@1 x="1"] ', b"a\\", b"a\\\\", b'a\\"', b"a]", b"a|b|CEF:0|c evil=1", b"a|",
    b"a=b evil=1 evil2=", b"a\\=evil=1", b"a\n<13>1 - - evil - - -", b"a\r\n\r\n\x01\x7f\x1b[31m", b"a; evil='1', x='2'", b"a', evil='1", b"'", b"a\\'",
    b'a","evil":"1', b'{"a":1}', b"\\n", b"\\u0000", "\u202egnp.exe\u2066".encode(), "\ufeffstart".encode(), "end\u200b\u2028".encode(),
    b"\xff", b"cut \xc3", b"cut \xe2\x80", b"cut \xf0\x9f\x98", b"long \xc0\xaf", b"half \xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc2\x80\xc2\x9b31m",
    *(octets * 10000 for octets in (b"A", b'"', b"\\", b"]", b"|", b"=", b"'", b"\n", b"\xff", b"\x1b")), *((text * 5000).encode() for text in ("ü", "€", "😀")),
]
HOSTILE += [b"x" * n + "€".encode() * 900 for n in range(4)]


def expect(holds, what):
    if not holds:
        failures.append(what)
        print("FAILED:", what[:900])


class Broken(Exception):
    """The grammar does not hold."""


def need(match, what, text):
    if not match:
        raise Broken(f"{what} at {text[:120]!r}")
    return match


# ---- RFC 5424 ----


def structured_data(text):
    """([(id, {name: value})], rest)."""
    elements = []
    if text.startswith("-"):
        return elements, text[1:]
    while text.startswith("["):
        found = need(re.match(r'\[([!#-<>-\\^-~]{1,32})', text), "SD-ID", text)
        text, parameters = text[found.end():], {}
        while text.startswith(" "):
            found = need(re.match(r' ([!#-<>-\\^-~]{1,32})="((?:[^"\\\]]|\\["\\\]])*)"', text), "SD-PARAM", text)
            if found[1] in parameters:
                raise Broken(f"{found[1]} twice")
            parameters[found[1]] = re.sub(r'\\(["\\\]])', r"\1", found[2])
            text = text[found.end():]
        need(text.startswith("]"), "end of SD-ELEMENT", text)
        if found[1] in [name for name, _ in elements]:
            raise Broken("SD-ID twice")
        elements.append((found[1] if not parameters else "?", parameters))
        text = text[1:]
    return elements, text


def full_header(text):
    """(priority, msgid, what follows) of a SYSLOG-MSG up to its structured data."""
    found = need(re.match(r"<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) ", text),
                 "HEADER", text)
    return int(found[1]), found[6], text[found.end():]


def local_header(text):
    found = need(re.match(r"<(\d{1,3})>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d ([!-9;-Z^-~]{1,32})\[(\d+)\]: ", text), "header of syslog(3)", text)
    return int(found[1]), "cleartext-leak", text[found.end():]


def take_rfc5424(text, full):
    elements, rest = structured_data(text)
    fields = {name: value for _, parameters in elements for name, value in parameters.items()}
    need(rest.startswith(" \ufeff" if full else " "), "MSG", rest)
    return {**fields, "text": rest[2 if full else 1:]}


# ---- CEF ----

CEF_NAMES = {"cs3": "rule", "app": "protocol", "deviceInboundInterface": "interface", "reason": "cleared_by", "espialRealm": "realm", "msg": "text",
             "espialCut": "cut"}


def take_cef(text, full):
    if full:
        need(text.startswith("- "), "NILVALUE", text)
        text = text[2:]
    need(text.startswith("CEF:0|"), "CEF:0", text)
    header = re.match(r"((?:[^|\\\n\r]|\\[|\\])*\|){7}", text)
    need(header, "seven fields of CEF's header", text)
    rest, fields = text[header.end():], {}
    # A key stands at the start or behind a space; its value goes on to the space before the next key.
    while rest:
        found = need(re.match(r"([A-Za-z0-9_]+)=((?:[^\\=\n\r]|\\[\\=nr])*?)(?= [A-Za-z0-9_]+=|$)", rest), "key=value of CEF", rest)
        if found[1] in fields:
            raise Broken(f"{found[1]} twice")
        fields[found[1]] = re.sub(r"\\(.)", lambda one: {"n": "\n", "r": "\r"}.get(one[1], one[1]), found[2])
        rest = rest[found.end():].removeprefix(" ")
    evidence = fields.pop("cs6", "note: ; last_note: 7")
    named = {CEF_NAMES.get(name, name): value for name, value in fields.items()}
    named["note"], named["last_note"] = re.fullmatch(r"note: (.*); last_note: (\d+)", evidence, re.S).groups()
    return named


# ---- eventlog ----


def take_eventlog(text, full):
    del full
    found = need(re.match(r"((?:[^;\\]|\\x[0-9a-f]{2}|\\.)*)", text), "text", text)
    fields, rest = {"text": found[1]}, text[found.end():]
    separator = "; "
    while rest:
        found = need(re.match(separator + r"([a-z0-9_]+)='((?:[^'\\]|\\.)*)'", rest), "name='value'", rest)
        if found[1] in fields:
            raise Broken(f"{found[1]} twice")
        fields[found[1]] = found[2]
        rest, separator = rest[found.end():], ", "
    return {name: re.sub(r"\\(.)", r"\1", value) for name, value in fields.items()}


# ---- JSON ----


def once(pairs):
    if len(dict(pairs)) != len(pairs):
        raise Broken("a name twice")
    return dict(pairs)


def take_json(text, full):
    if full:
        need(text.startswith("- "), "NILVALUE", text)
        text = text[2:]
    try:
        root = json.loads(text, object_pairs_hook=once)
    except ValueError as error:
        raise Broken(str(error)) from error
    ours = root.get("espial") or root["unmapped"]
    fields = {**{name: value for name, value in ours.items() if name != "evidence"}, **ours.get("evidence", {}), "text": root["message"]}
    if "ecs" in root:
        fields.update(interface=root["observer"]["ingress"]["interface"]["name"], protocol=root["network"]["protocol"])
        expect(root["rule"]["ruleset"] == fields["rule"] and root["event"]["reason"] == fields["text"], "ECS says the same twice")
    return fields


SHAPES = {"rfc5424": take_rfc5424, "cef": take_cef, "ecs": take_json, "ocsf": take_json, "eventlog": take_eventlog}
TEXTS = ("rule", "protocol", "interface", "cleared_by", "realm", "note", "text")
HIDDEN = re.compile("[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def repaired(octets):
    """Each octet that is no UTF-8 by itself is one mark: what a strict reader of RFC 3629 sees."""
    text, at = "", 0
    while at < len(octets):
        for length in (1, 2, 3, 4):
            try:
                text += octets[at:at + length].decode("utf-8")
                at += length
                break
            except UnicodeDecodeError:
                continue
        else:
            text += "\ufffd"
            at += 1
    return text


# What a finding may have there, in octets.
LIMITS = {"rule": 127, "protocol": 63, "interface": 15, "cleared_by": 15, "realm": 15, "text": 383, "note": 639}


def check_text(where, shape, name, sent, got):
    """The text itself, without what would hide; of what was cut on its way, the start and a mark."""
    wanted = repaired(sent[:LIMITS[name]])
    if shape not in ("ecs", "ocsf"):
        wanted = HIDDEN.sub("\ufffd", wanted)
        expect(not HIDDEN.search(got), f"{where}: {name} has a control character: {got!r}")
    if shape == "ecs" and name == "protocol":
        wanted = re.sub("[A-Z]", lambda one: one[0].lower(), wanted)
    cut = len(sent) > LIMITS[name] and name == "note" or len(wanted.encode()) > 639 and name != "text" and shape not in ("ecs", "ocsf")
    if cut:
        expect(got.endswith("…") and len(got.encode()) > 600 and wanted.startswith(got[:-1].rstrip("\ufffd")), f"{where}: {name} is cut to {got!r}")
    else:
        expect(got == wanted, f"{where}: {name} is {got!r}, not {wanted!r}")


def check_message(where, shape, full, sent, message):
    try:
        text = message.decode("utf-8")
        if full:
            expect("\n" not in text, f"{where}: more than a line")
        priority, msgid, rest = (full_header if full else local_header)(text)
        expect((priority, msgid) == (10 * 8 + 3, "cleartext-leak"), f"{where}: {priority} {msgid}")
        fields = SHAPES[shape](rest, full)
    except (Broken, UnicodeDecodeError, AttributeError, KeyError) as error:
        expect(False, f"{where}: {error!r}")
        return
    expect(not [name for name in fields if "evil" in name], f"{where}: a field of the enemy's: {list(fields)}")
    for name in TEXTS:
        if shape == "ocsf" and name in ("protocol", "interface"):
            continue
        if name not in fields:
            # What is empty is not there; a message that was cut for its length says so.
            expect((name == "rule" and not sent) or (name in ("note",) and fields.get("cut") == "evidence,advice"), f"{where}: no {name} in {list(fields)}")
        else:
            check_text(where, shape, name, sent, fields[name])
    expect(str(fields.get("last_note")) == "7" or fields.get("cut") == "evidence,advice", f"{where}: the last evidence is lost: {list(fields)}")


class Feed:
    def __init__(self, folder, feed, module, shape):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        path, fifo = f"{folder}/{shape}.log", f"{folder}/{shape}.fifo"
        self.socket.bind(path)
        self.socket.settimeout(20)
        os.mkfifo(fifo)
        self.process = subprocess.Popen([feed, path, shape, module, fifo], stdout=subprocess.PIPE, text=True)
        self.commands = open(fifo, "w", encoding="ascii")

    def message(self, sent):
        self.commands.write(f"hostile {sent.hex()}\n")
        self.commands.flush()
        message = self.socket.recv(1 << 20)
        self.process.stdout.readline()
        return message

    def end(self):
        self.commands.close()
        self.process.wait(20)
        self.process.stdout.close()
        self.socket.close()


def main():
    feed, module = sys.argv[1:3]
    count = 0
    with tempfile.TemporaryDirectory(prefix="check_grammar.") as folder:
        for shape in ("rfc5424", "rfc5424-local", "cef", "cef-local", "ecs", "ecs-local", "ocsf", *(["eventlog-local"] if os.path.exists(module) else [])):
            name, full = shape.removesuffix("-local"), not shape.endswith("-local")
            feeder = Feed(folder, feed, module, shape)
            for sent in HOSTILE:
                check_message(f"{shape} {sent[:40]!r} ({len(sent)})", name, full, sent, feeder.message(sent))
                count += 1
            feeder.end()
    print(f"{count} messages, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
