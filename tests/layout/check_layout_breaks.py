#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves check_layout.py: breaks a copy of the tree in every way it knows, and wants each breach told with file and line.

check_layout_breaks.py SOURCE_ROOT BUILD_ROOT. Changes only its copy, in a temporary folder. Called by meson.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

SPDX = "SPDX-License-Identifier: Apache-2.0"
C = f"/* {SPDX} */\n/* Something. */\n"

# (file, what is put: "+text" behind what it holds, else the whole file, what has to be said)
BREAKS = [
    ("dissectors/esp.c", '+#include "../daemon/audit/pair.h"\n', "dissectors/ must not include daemon/audit/pair.h"),
    ("dissectors/esp.c", "+#include <time.h>\n", "<time.h> has no place in pure code"),
    ("dissectors/esp.c", "+#include <stdlib.h>\n", "<stdlib.h> has no place in pure code"),
    ("dissectors/esp.c", "+#include <xxhash.h>\n", "<xxhash.h> is at home in daemon/audit/hash.h"),
    ("config/policy.c", '+#include "../dissectors/address.h"\n', "config/ must not include dissectors/address.h"),
    ("config/policy.c", "+#include <jansson.h>\n", "<jansson.h> is at home in"),
    ("daemon/audit/judge.c", '+#include "../../config/config.h"\n', "daemon/audit/ must not include config/config.h"),
    ("daemon/audit/judge.c", '+#include "../report/sink.h"\n', "daemon/audit/ must not include daemon/report/sink.h"),
    ("daemon/audit/judge.c", "+#include <sys/time.h>\n", "<sys/time.h> has no place in pure code"),
    ("daemon/report/text.c", '+#include "../audit/judge.h"\n', "daemon/report/ must not include daemon/audit/judge.h"),
    ("daemon/report/text.c", '+#include "../loop.h"\n', "daemon/report/ must not include daemon/loop.h"),
    ("daemon/engine.c", "+#include <pcap/pcap.h>\n", "<pcap/pcap.h> is at home in daemon/capture.c"),
    ("daemon/engine.c", "+#include <curl/curl.h>\n", "is of an unknown library; give the library one home"),
    ("daemon/engine.c", '+#include "nowhere.h"\n', '"nowhere.h" is not in the tree'),
    ("tests/audit/check_catalogue.c", "+#include <curl/curl.h>\n", "is of an unknown library"),
    ("daemon/classify.c", C, "daemon/classify.c:1: does not include ndpi/ any more"),
    ("daemon/audit/utils.c", C, "'utils.c' says nothing"),
    ("daemon/common/x.c", C, "'common' says nothing"),
    ("daemon/test_helper.py", "", "'test_helper.py' says nothing"),
    ("daemon/live.c", "int x;\n", "daemon/live.c:1: the first line has to be"),
    ("daemon/live.c", f"/* {SPDX} */\nint x;\n", "daemon/live.c:2: a comment has to follow"),
    ("tests/cut.py", f"#!/usr/bin/env python3\n# {SPDX}\nimport os\n", "tests/cut.py:3: a docstring has to follow"),
    ("systemd/cut", "#!/bin/sh\ntrue\n", "systemd/cut:1: the first line, or the one after #!"),
    ("daemon/live.c", C + "int x;\n" * 799, "801 lines, more than 800"),
    ("daemon/live.h", C + "int x;\n", "daemon/live.h:1: the first directive has to be the guard"),
    ("daemon/live.h", C + "#ifndef ESPIAL_DAEMON_LIVE_H\n#define OTHER\n#endif\n", "has to be defined in the next line"),
    (
        "daemon/live.h",
        C + "#ifndef ESPIAL_DAEMON_LIVE_H\n#define ESPIAL_DAEMON_LIVE_H\n#include <time.h>\n#endif\nint x;\n",
        "#endif to end the file",
    ),
    (
        "daemon/audit/live.h",
        C + "#ifndef ESPIAL_DAEMON_LIVE_H\n#define ESPIAL_DAEMON_LIVE_H\nint x;\n#endif\n",
        "the guard ESPIAL_DAEMON_LIVE_H is that of daemon/live.h too",
    ),
    ("daemon/meson.build", "+x = dependency('curl')\n", "dependency() belongs into the top meson.build"),
    ("README.md", "+See /" + "work/notes.\n", "a path of one machine"),
    ("config/espial.yaml", "+# from https://py" + "pi.org\n", "the host of a package registry"),
    ("tests/audit/check_nothing.c", C, "tests/audit/check_nothing.c:1: no test runs this file"),
    ("tests/config/fuzz_nothing.c", C, "tests/config/fuzz_nothing.c:1: no test runs this file"),
]


def run(root, build):
    script = os.path.join(root, "tests", "layout", "check_layout.py")
    return subprocess.run([sys.executable, script, root, build], capture_output=True, text=True, check=False)


def main():
    source, build = os.path.realpath(sys.argv[1]), os.path.realpath(sys.argv[2])
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        # What meson says of the build names the files of the tree: here it has to name those of the copy.
        copy = os.path.join(folder, "copy")

        def ignore(parent, names):
            # Of what is no source nothing is broken here.
            return [name for name in names if name in (".git", "__pycache__", "corpus", "regression") or (parent == source and name.startswith("build"))]

        shutil.copytree(source, copy, ignore=ignore)
        for name in os.listdir(os.path.join(build, "meson-info")):
            os.makedirs(os.path.join(folder, "info", "meson-info"), exist_ok=True)
            with open(os.path.join(build, "meson-info", name), encoding="utf-8") as file:
                text = file.read().replace(json_path(source), json_path(os.path.realpath(copy)))
            with open(os.path.join(folder, "info", "meson-info", name), "w", encoding="utf-8") as file:
                file.write(text)
        info = os.path.join(folder, "info")
        sound = run(copy, info)
        if sound.returncode != 0:
            print("the tree is not sound to begin with:\n" + sound.stdout)
            return 1
        for path, text, wanted in BREAKS:
            whole = os.path.join(copy, path)
            before = None
            if os.path.exists(whole):
                with open(whole, encoding="utf-8") as file:
                    before = file.read()
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            with open(whole, "w", encoding="utf-8") as file:
                file.write((before or "") + text[1:] if text.startswith("+") else text)
            result = run(copy, info)
            said = [line for line in result.stdout.splitlines() if wanted in line]
            if result.returncode != 1 or not said or not re.match(r"[^:]+:\d+: ", said[0]):
                failures += 1
                print(f"{path}: wanted '{wanted}', got:\n{result.stdout}{result.stderr}")
            if before is None:
                os.remove(whole)
            else:
                with open(whole, "w", encoding="utf-8") as file:
                    file.write(before)
    print(f"{len(BREAKS)} breaks, {failures} not told as they should be")
    return 1 if failures else 0


def json_path(path):
    return '"' + path + "/"


if __name__ == "__main__":
    sys.exit(main())
