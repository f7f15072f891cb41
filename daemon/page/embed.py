#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the files of the page as C: embed.py OUTPUT NAME=FILE...

NAME is what the file is asked for by, without its slash; index.html is asked for as "/". See daemon/page.h.
"""

import sys

TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
PER_LINE = 32


def literal(data):
    rows = (data[at : at + PER_LINE] for at in range(0, len(data), PER_LINE))
    return ",\n".join("\t" + ",".join(map(str, row)) for row in rows)


def main():
    output, *pairs = sys.argv[1:]
    files = []
    for pair in pairs:
        name, _, path = pair.partition("=")
        with open(path, "rb") as file:
            data = file.read()
        if not data:
            sys.exit(f"embed.py: {path} is empty")
        files.append((name, data))
    with open(output, "w", encoding="ascii") as out:
        out.write('/* Written by daemon/page/embed.py. */\n#include "daemon/page.h"\n')
        for number, (_, data) in enumerate(files):
            out.write(f"\nstatic const unsigned char file_{number}[] = {{\n{literal(data)}\n}};\n")
        out.write("\nconst struct page_file page_files[] = {\n")
        for number, (name, data) in enumerate(files):
            path = "/" if name == "index.html" else "/" + name
            out.write(f'\t{{ "{path}", "{TYPES[name.rpartition(".")[2]]}", file_{number}, {len(data)} }},\n')
        out.write(f"}};\nconst size_t page_file_count = {len(files)};\n")


if __name__ == "__main__":
    main()
