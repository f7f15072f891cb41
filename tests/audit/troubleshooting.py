#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keeps the table of docs/troubleshooting.md that of the tests: troubleshooting.py CHECK_DIAGNOSIS PAGE [--write]

CHECK_DIAGNOSIS tells its scenes and prints a row for each thing that people notice. Without --write the page is only
compared, and a difference is a failure; with it, the table is written.
"""

import subprocess
import sys

BEGIN = "<!-- the table is written by tests/audit/troubleshooting.py -->\n"
END = "<!-- end of the table -->\n"


def main():
    program, page = sys.argv[1:3]
    table = subprocess.run([program, "--table"], check=True, capture_output=True, text=True).stdout
    with open(page, encoding="utf-8") as file:
        text = file.read()
    before, begin, rest = text.partition(BEGIN)
    old, end, after = rest.partition(END)
    if not begin or not end:
        print(f"{page}: the marks around the table are missing")
        return 1
    if sys.argv[3:] == ["--write"]:
        with open(page, "w", encoding="utf-8") as file:
            file.write(before + BEGIN + table + END + after)
        return 0
    if old == table:
        print(f"{table.count(chr(10)) - 2} rows are current")
        return 0
    new, was = table.splitlines(), old.splitlines()
    for line in [line for line in new if line not in was][:5]:
        print(f"{page}: has not: {line}")
    for line in [line for line in was if line not in new][:5]:
        print(f"{page}: is not so: {line}")
    print(f"to bring it up to date: {sys.argv[0]} {program} {page} --write")
    return 1


if __name__ == "__main__":
    sys.exit(main())
