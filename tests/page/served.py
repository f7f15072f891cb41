# SPDX-License-Identifier: Apache-2.0
"""Starts serve_page for a test, with records, on a free port of loopback or on a Unix socket, and ends it."""

import os
import signal
import socket
import subprocess
import tempfile

import records


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served:
    """with Served(PROGRAM, lines) as served: ... served.port, served.path (of the Unix socket, where asked for)."""

    def __init__(self, program, lines, token="-", unix=False, limits=()):
        self.folder = tempfile.TemporaryDirectory(prefix="espial-page-")
        self.file = os.path.join(self.folder.name, "records")
        self.path = os.path.join(self.folder.name, "http.sock") if unix else None
        self.port = None if unix else free_port()
        if lines is not None:
            self.write(lines)
        self.process = subprocess.Popen(
            [program, self.path or f"127.0.0.1:{self.port}", self.file, token, *map(str, limits)],
            stdout=subprocess.PIPE, text=True)
        self.await_word("ready")

    def write(self, lines):
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(records.text(lines or []))

    def await_word(self, word):
        for line in self.process.stdout:
            if line.strip() == word:
                return
        raise RuntimeError(f"serve_page ended with {self.process.wait()} instead of saying {word}")

    def publish(self, lines):
        self.write(lines)
        self.process.send_signal(signal.SIGHUP)
        self.await_word("published")

    def connect(self):
        if self.path:
            client = socket.socket(socket.AF_UNIX)
            client.connect(self.path)
        else:
            client = socket.create_connection(("127.0.0.1", self.port))
        client.settimeout(20)
        return client

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()
