#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bill of cryptography of `espial inventory --cyclonedx` against the official JSON schema of CycloneDX 1.6.

check_cyclonedx.py ESPIAL CAPTURE...

The schema is not ours to ship. It is taken from the folder that ESPIAL_CYCLONEDX_SCHEMAS names (bom-1.6.*schema.json and
those it refers to), or from an installed npm package @cyclonedx/cyclonedx-library; the test is skipped without it, and
without Python's jsonschema. check_inventory.c holds the same rules, for what the document has, without either.
"""
import glob
import json
import os
import subprocess
import sys
import warnings

SKIPPED = 77


def schema_folder():
    folders = [os.environ.get("ESPIAL_CYCLONEDX_SCHEMAS", "")]
    try:
        found = subprocess.run(["npm", "root", "-g"], capture_output=True, text=True, timeout=30)
        folders.append(os.path.join(found.stdout.strip(), "@cyclonedx/cyclonedx-library/res/schema"))
    except (OSError, subprocess.TimeoutExpired):
        pass
    for folder in folders:
        if folder and glob.glob(os.path.join(folder, "bom-1.6.*schema.json")):
            return folder
    return None


def main():
    folder = schema_folder()
    try:
        import jsonschema
    except ImportError:
        jsonschema = None
    if folder is None or jsonschema is None:
        print("no schema of CycloneDX 1.6, or no jsonschema")
        return SKIPPED
    warnings.simplefilter("ignore")
    store = {}
    for path in glob.glob(os.path.join(folder, "*.json")):
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
        store[schema.get("$id", path)] = schema
        store["http://cyclonedx.org/schema/" + os.path.basename(path)] = schema
        if os.path.basename(path).startswith("bom-1.6."):
            bom = schema
    resolver = jsonschema.RefResolver(bom["$id"], bom, store)
    validator = jsonschema.Draft7Validator(bom, resolver=resolver)
    espial, captures = sys.argv[1], sys.argv[2:]
    output = subprocess.run([espial, "inventory", "--cyclonedx", *captures], capture_output=True, check=True)
    document = json.loads(output.stdout)
    wrong = list(validator.iter_errors(document))
    for error in wrong:
        print("/".join(map(str, error.absolute_path)), error.message)
    assert document["components"], "nothing in it"
    # A validator that takes anything would be no test.
    document["components"][0]["cryptoProperties"]["assetType"] = "nonsense"
    assert list(validator.iter_errors(document)), "the schema lets nonsense pass"
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
