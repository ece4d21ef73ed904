#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 TinyContainer contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Builds containers, signs them with a TEST key and writes them into a C header.

usage: images.py OUT.h CONTAINER...

CONTAINER is a folder with a container.toml, or the name of one in fixtures/riot. For development: the key is in
this file, so anyone can sign for a device that trusts it. `NAME+unsigned` and `NAME+tampered` are the same
container without its signature, and with its last byte changed. `worst` is the image that stacks are sized by:
every possible token, each by another signer (crates/testkit/src/worst.rs), whose anchors join the trust store;
`worst+badlast` is the same with a last token whose signature does not hold. TINYCONTAINER_IMAGES_TRUST in the environment
names another file than fixtures/riot/trust.toml for what the key may sign.
"""

import json
import os
import subprocess
import sys

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIXTURES = os.path.join(REPO, "fixtures", "riot")
NAME = "TEST-provider"


def run(*args, **more):
    # RIOT's settings are for the board: the tool runs here.
    env = {key: value for key, value in os.environ.items()
           if key not in ("RUSTFLAGS", "TINYCONTAINER_WAMR_ELSEWHERE", "CARGO_BUILD_TARGET", "CC", "CFLAGS", "AR", "LINK", "MAKEFLAGS")}
    env.pop("CARGO_TARGET_DIR", None)
    if os.environ.get("TINYCONTAINER_HOST_TARGET_DIR"):
        env["CARGO_TARGET_DIR"] = os.environ["TINYCONTAINER_HOST_TARGET_DIR"]
    done = subprocess.run(args, env=env, capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(args)}\n{done.stdout}{done.stderr}")
    return done.stdout


def ctl():
    """Where tinycontainerctl is, once it was built."""
    lines = run("cargo", "build", "--release", "--locked", "--message-format=json-render-diagnostics", "-p", "tinycontainerctl",
                cwd=REPO).splitlines()
    for line in lines:
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "tinycontainerctl":
            return message["executable"]
    sys.exit("tinycontainerctl was not built")


def head(data, at):
    """The major type, the number and the place behind a CBOR head."""
    first = data[at]
    more = {24: 1, 25: 2, 26: 4, 27: 8}.get(first & 31, 0)
    number = int.from_bytes(data[at + 1:at + 1 + more], "big") if more else first & 31
    return first >> 5, number, at + 1 + more


def skip(data, at):
    """The place behind a CBOR item."""
    major, number, at = head(data, at)
    if major in (2, 3):
        return at + number
    for _ in range({4: number, 5: 2 * number, 6: 1}.get(major, 0)):
        at = skip(data, at)
    return at


def parts(image):
    """Metadata, data and code of a single-file image."""
    at = 1
    out = []
    for _ in range(3):
        _, length, at = head(image, at)
        out.append(image[at:at + length])
        at += length
    return out


def unsigned(metadata):
    """The metadata with nothing for key 4, its token."""
    _, _, at = head(metadata, 0)
    _, count, behind = head(metadata, at)
    cut = behind
    for _ in range(count - 1):
        cut = skip(metadata, skip(metadata, cut))
    return metadata[:cut] + b"\x04\x40"


def joined(one, other):
    """Two trust stores as one: [1, [anchors of both, ascending by kid]], which keep their bytes."""
    anchors = []
    for store in (one, other):
        _, number, at = head(store, 2)
        for _ in range(number):
            end = skip(store, at)
            anchors.append(store[at:end])
            at = end
    count = len(anchors)
    if count > 255:
        sys.exit("too many anchors")
    return one[:2] + (bytes([0x80 + count]) if count < 24 else bytes([0x98, count])) + b"".join(sorted(anchors, key=kid))


def kid(anchor):
    """The kid of an anchor, {1: name, 2: kid, ...}."""
    # The head of the map and the key 1 have a byte each, as the key 2 has.
    _, length, at = head(anchor, skip(anchor, 2) + 1)
    return anchor[at:at + length]


def worst(keep, image, change):
    """Makes the worst image, and gives the trust store with its signers."""
    store = os.path.join(keep, "worst.cbor")
    run("cargo", "run", "--quiet", "--release", "--locked", "-p", "tinycontainer-testkit", "--example", "worst", "--", "TEST-board",
        image, store, *(["bad-last"] if change == "badlast" else []), cwd=REPO)
    with open(store, "rb") as file:
        return file.read()


def array(name, data):
    rows = [", ".join(f"0x{byte:02x}" for byte in data[i:i + 16]) for i in range(0, len(data), 16)]
    return f"static const uint8_t {name}[] = {{\n    " + ",\n    ".join(rows or ["0"]) + "\n};\n"


def main(out, *names):
    tool = ctl()
    keep = os.path.join(os.path.dirname(os.path.abspath(out)), "made")
    os.makedirs(keep, exist_ok=True)
    run(tool, "keygen", os.path.join(keep, NAME), "--force", "--seed-from-test", "riot-app")
    with open(os.environ.get("TINYCONTAINER_IMAGES_TRUST") or os.path.join(FIXTURES, "trust.toml"), encoding="utf-8") as file:
        text = file.read()
    with open(os.path.join(keep, "trust.toml"), "w", encoding="utf-8") as file:
        file.write(text)
    run(tool, "trust", os.path.join(keep, "trust.toml"), "-o", os.path.join(keep, "trust.cbor"))
    with open(os.path.join(keep, "trust.cbor"), "rb") as file:
        trust = file.read()
    worst_trust = None
    c = ""
    table = []
    for name in names:
        folder, _, change = name.partition("+")
        folder = folder if os.sep in folder else os.path.join(FIXTURES, folder)
        uid = os.path.basename(os.path.normpath(folder))
        image = os.path.join(keep, uid + ".tci")
        if uid == "worst":
            worst_trust = worst(keep, image, change)
        else:
            run(tool, "build", folder, "--key", os.path.join(keep, NAME + ".key"), "--issuer", NAME, "--aud", "TEST-board",
                "-o", image)
        with open(image, "rb") as file:
            metadata, data, code = parts(file.read())
        if change == "unsigned":
            metadata = unsigned(metadata)
        elif change == "tampered":
            code = code[:-1] + bytes([code[-1] ^ 1])
        symbol = "_image" + str(len(table))
        for kind, content in (("metadata", metadata), ("data", data), ("code", code)):
            c += array(f"{symbol}_{kind}", content)
        table.append(f'    {{ "{uid}{"-" + change if change else ""}", {symbol}_metadata, {len(metadata)}, '
                     f"{symbol}_data, {len(data)}, {symbol}_code, {len(code)} }},\n")
    if worst_trust:
        trust = joined(trust, worst_trust)
    c = array("tinycontainer_images_trust", trust) + c
    text = ("/* Made by riot-app/tools/images.py: TEST keys. */\n#ifndef TINYCONTAINER_IMAGES_H\n"
            "#define TINYCONTAINER_IMAGES_H\n#include <stddef.h>\n#include <stdint.h>\n\n" + c +
            "\n/* An image and its sizes in bytes. */\ntypedef struct {\n    const char *name;\n"
            "    const uint8_t *metadata;\n    size_t metadata_len;\n    const uint8_t *data;\n    size_t data_len;\n"
            "    const uint8_t *code;\n    size_t code_len;\n} tinycontainer_image_t;\n\n"
            "static const tinycontainer_image_t tinycontainer_images[] = {\n" + "".join(table) + "};\n"
            f"#define TINYCONTAINER_IMAGES_NUMOF ({len(table)}U)\n"
            '#define TINYCONTAINER_IMAGES_DEVICE "TEST-board"\n#endif\n')
    with open(out, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
