# SPDX-License-Identifier: Apache-2.0
"""Plans for failing_call.c: which call of which function fails in which process, and what was counted."""

import os
import re
import struct

ROLES = ["monitor", "engine", "reporter"]
HERE = os.path.dirname(os.path.abspath(__file__))

with open(f"{HERE}/failing_call.c", encoding="utf-8") as source:
    FUNCTIONS = re.findall(r"^\teach\((\w+), \w+\)", source.read(), re.M)

# struct plan of failing_call.c
HEAD = struct.Struct("<IIIIq")
FUNCTIONS_MAX, SITES = 64, 1 << 15
CALLS = struct.Struct(f"<{len(ROLES) * FUNCTIONS_MAX}I")
SITE = struct.Struct("<QIHH")
SIZE = HEAD.size + CALLS.size + SITES * SITE.size


class Plan:
    """A file for ESPIAL_FAILING_CALL; without a function nothing fails, and places are noted."""

    def __init__(self, path, function=None, role="monitor", number=0):
        self.path = path
        with open(path, "wb") as file:
            file.write(HEAD.pack(FUNCTIONS.index(function) if function else 0, ROLES.index(role), number, 0, 0))
            file.truncate(SIZE)
        os.chmod(path, 0o666)

    def read(self):
        with open(self.path, "rb") as file:
            return file.read()

    def fired(self):
        """Monotonic seconds of the failure; None if the call was not made."""
        _, _, _, fired, moment = HEAD.unpack_from(self.read())
        return moment / 1e9 if fired else None

    def calls(self):
        """{(role, function): calls made}"""
        counts = CALLS.unpack_from(self.read(), HEAD.size)
        return {(role, function): counts[at * FUNCTIONS_MAX + number]
                for at, role in enumerate(ROLES) for number, function in enumerate(FUNCTIONS)
                if counts[at * FUNCTIONS_MAX + number]}

    def places(self):
        """[(role, function, number of the first call)], one for each place that calls."""
        octets = self.read()
        found = []
        for at in range(HEAD.size + CALLS.size, SIZE, SITE.size):
            place, number, role, function = SITE.unpack_from(octets, at)
            if place:
                found.append((ROLES[role], FUNCTIONS[function], number))
        return sorted(found)


def cases(plan, each):
    """[(role, function, number)]: every place that calls, and of each function that is called up to `each` times in a
    process every call."""
    found = set(plan.places())
    for (role, function), count in plan.calls().items():
        if count <= each:
            found.update((role, function, number) for number in range(1, count + 1))
    return sorted(found)


MEMORY = ("malloc", "calloc", "realloc")


def sample(items, most):
    """At most so many, evenly from all; those of other functions than of memory come first, which are far fewer."""
    memory = [item for item in items if item[1] in MEMORY]
    other = [item for item in items if item not in memory]
    chosen = []
    for part, share in ((other, most * 2 // 3), (memory, most)):
        room = min(len(part), share - (len(chosen) if part is memory else 0))
        chosen += [part[i * len(part) // room] for i in range(room)]
    return chosen
