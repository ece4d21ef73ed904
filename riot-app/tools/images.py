#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 TinyContainer contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes what the Makefile compiles in: DEVICE.h, the trust store and the names that tinycontainer_init installs, and IMAGES.h,
the containers.

usage: images.py DEVICE.h IMAGES.h [CONTAINER...]

CONTAINER is the name of a folder in fixtures/riot; or a path, with a slash in it, to a folder with a container.toml, which is
built and signed; or to an image that others have signed: NAME.tci, or NAME.metadata with NAME.data and NAME.code beside it.
Each image is verified as the device does; one that the device would refuse ends this.

In the environment, as variables of the Makefile; paths are relative to the application:

  TINYCONTAINER_TRUST        the trust store: trust.toml, or the output of `tinycontainerctl trust`
  TINYCONTAINER_DEVICE       the device's name
  TINYCONTAINER_CLASS        its class
  TINYCONTAINER_KEY          the private key that containers are signed with
  TINYCONTAINER_ISSUER       its owner's name in the trust store; default: the name of the file without .key
  TINYCONTAINER_2024         images of the 2024 format are accepted: a trust store with one anchor, which is their key and scope
  TINYCONTAINER_2024_LIMITS  the memory that they get: bytes of linear memory, stack, heap

Without TRUST, and without DEVICE and CLASS, an application with containers gets those of fixtures/riot, and without KEY a key that
anyone can derive: all are for tests, and the device says so when it starts.

For tests: `NAME+unsigned` and `NAME+tampered` are the same container without its signature, and with its last byte changed;
`NAME+refused` is unchanged. The device must refuse all three. `worst` is the image that stacks are sized by: every possible token,
each by another signer (crates/testkit/src/worst.rs), whose anchors join the trust store; `worst+badlast` is the same with a last
token whose signature does not hold. `year2024` is an image of that format (crates/testkit/src/year2024.rs) with the code of
fixtures/riot/year2024.
"""

import json
import os
import re
import subprocess
import sys

CHANGES = ("unsigned", "tampered", "badlast", "refused")
CEILINGS = ("MAX_MEMORY", "MAX_OPERAND_STACK", "MAX_HEAP", "MAX_HOOK_MS")

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIXTURES = os.path.join(REPO, "fixtures", "riot")
NAME = "TEST-provider"


def run(*args, **more):
    # RIOT's settings are for the board: the tool runs here.
    env = {key: value for key, value in os.environ.items()
           if key not in ("RUSTFLAGS", "TINYCONTAINER_WAMR_ELSEWHERE", "CARGO_BUILD_TARGET", "CC", "CFLAGS", "AR", "LINK", "MAKEFLAGS")}
    for key in ("CARGO_TARGET_DIR", "CARGO_BUILD_BUILD_DIR"):
        env.pop(key, None)
    if os.environ.get("TINYCONTAINER_HOST_TARGET_DIR"):
        env["CARGO_TARGET_DIR"] = os.environ["TINYCONTAINER_HOST_TARGET_DIR"]
    done = subprocess.run(args, env=env, capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(args)}\n{done.stdout}{done.stderr}")
    return done.stdout


def ctl():
    """Where tinycontainerctl is, once it was built; TINYCONTAINERCTL in the environment names one that is there."""
    if os.environ.get("TINYCONTAINERCTL"):
        return os.environ["TINYCONTAINERCTL"]
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


def example(name, *args):
    """Runs an example of crates/testkit, which makes an image."""
    run("cargo", "run", "--quiet", "--release", "--locked", "-p", "tinycontainer-testkit", "--example", name, "--", *args, cwd=REPO)


def whole(metadata, data, code):
    """The three parts as a single-file image."""
    out = b"\x83"
    for part in (metadata, data, code):
        out += b"\x5a" + len(part).to_bytes(4, "big") if len(part) > 65535 else \
            b"\x59" + len(part).to_bytes(2, "big") if len(part) > 255 else \
            b"\x58" + bytes([len(part)]) if len(part) > 23 else bytes([0x40 + len(part)])
        out += part
    return out


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def variable(name):
    return os.environ.get("TINYCONTAINER_" + name) or None


def found(name):
    """The folder of a container. Ends the build if there is none, and says where it was searched."""
    folder = name if os.sep in name else os.path.join(FIXTURES, name)
    if os.path.isfile(os.path.join(folder, "container.toml")):
        return folder
    text = f"TINYCONTAINER_IMAGES: there is no {os.path.join(os.path.abspath(folder), 'container.toml')}\n"
    if os.sep in name:
        text += f"  {name} is a path, searched from {os.getcwd()}"
    else:
        known = sorted(entry for entry in os.listdir(FIXTURES) if os.path.isdir(os.path.join(FIXTURES, entry)))
        text += f"  {name} is a name without a slash, so it is searched in {FIXTURES}, which has: {', '.join(known)}"
        if os.path.isfile(os.path.join(name, "container.toml")):
            text += f"\n  help: the application has such a folder: write ./{name}"
        else:
            text += f"\n  help: a folder of the application is written as a path: ./{name}"
    sys.exit(text)


class Device:
    """What the Makefile says of the device, and the command line's decision for it."""

    def __init__(self, keep, any_images):
        self.keep = keep
        self.tool = None
        self.named = variable("DEVICE") or variable("CLASS")
        test = any_images and not variable("TRUST")
        self.trust_file = variable("TRUST") or (os.path.join(FIXTURES, "trust.toml") if test else None)
        self.name = variable("DEVICE") or (None if self.named or not any_images else "TEST-board")
        self.device_class = variable("CLASS")
        for name in filter(None, (self.name, self.device_class)):
            # They become C strings.
            if not re.fullmatch(r"[ !#-\[\]-~]{1,64}", name):
                sys.exit(f"TINYCONTAINER_DEVICE or _CLASS: {name!r} is not 1 to 64 printable characters without quotes and backslashes")
        self.key, self.issuer = variable("KEY"), variable("ISSUER")
        self.trust = self.year2024 = None
        self.has_worst = False
        self.limits = variable("2024_LIMITS") or "4096,1024,8192"
        if any_images or self.trust_file or variable("2024"):
            self.tool = ctl()
        if any_images and not self.key:
            self.key = os.path.join(keep, NAME + ".key")
            run(self.tool, "keygen", os.path.join(keep, NAME), "--force", "--seed-from-test", "riot-app")
        if self.key and not self.issuer:
            self.issuer = os.path.basename(self.key).removesuffix(".key")
        if self.trust_file:
            self.trust = self.store(self.trust_file)
        if variable("2024"):
            self.year2024 = self.store(variable("2024"))

    def store(self, path):
        """A trust store as devices read it. A key that is not beside trust.toml is one of the TEST keys that were made."""
        out = os.path.join(self.keep, "trust.cbor")
        if os.path.realpath(path).startswith(os.path.realpath(FIXTURES) + os.sep):
            copy = os.path.join(self.keep, "trust.toml")
            write(copy, read(path))
            path = copy
        run(self.tool, "trust", path, "-o", out)
        return read(out)

    def build(self, folder, image):
        run(self.tool, "build", folder, "--key", self.key, "--issuer", self.issuer, "--aud", self.name or self.device_class,
            "-o", image)

    def refusal(self, image, *options):
        """What `tinycontainerctl verify` prints of an image that the device would refuse; None of one that it accepts."""
        trust = os.path.join(self.keep, "trust.cbor")
        write(trust, self.trust or b"\x82\x01\x80")
        ceilings = [os.environ[f"CONFIG_TINYCONTAINER_{name}"] for name in CEILINGS]
        # As riot-app/src/platform.rs has it.
        ceilings.append(str(int(os.environ["CONFIG_TINYCONTAINER_POOL_BYTES"]) // 4))
        args = [self.tool, "verify", image, "--trust", trust, "--ceilings", ",".join(ceilings), *options]
        for option, value in (("--device", self.name), ("--class", self.device_class)):
            args += [option, value] if value else []
        if self.year2024:
            path = os.path.join(self.keep, "2024.cbor")
            write(path, self.year2024)
            args += ["--key-2024", path, "--limits-2024", self.limits]
        done = subprocess.run(args, capture_output=True, text=True)
        if done.returncode > 1:
            sys.exit(done.stdout + done.stderr)
        return done.stdout if done.returncode else None

    def header(self):
        """DEVICE.h."""
        text = HEAD.format(guard="TINYCONTAINER_DEVICE_H")
        notes = []
        if b"TEST" in (self.trust or b""):
            notes.append(f"TEST keys: anyone can sign for {self.name or self.device_class or 'this device'}")
        if b"TEST" in (self.year2024 or b""):
            notes.append("a TEST key is accepted for the 2024 format")
        if notes:
            text += f'#define TINYCONTAINER_DEVICE_NOTE "{"; ".join(notes)}"\n'
        if self.name or self.device_class:
            for what, value in (("NAME", self.name), ("CLASS", self.device_class)):
                text += f'#define TINYCONTAINER_DEVICE_{what} "{value or str()}"\n'
        if self.trust:
            text += "#define TINYCONTAINER_DEVICE_TRUST 1\n" + array("_trust", self.trust)
        if self.year2024:
            text += f"#define TINYCONTAINER_DEVICE_2024 {self.limits}\n" + array("_year2024", self.year2024)
        return text + "#endif\n"


HEAD = "/* Made by riot-app/tools/images.py. */\n#ifndef {guard}\n#define {guard}\n#include <stddef.h>\n#include <stdint.h>\n\n"


def array(name, data):
    rows = [", ".join(f"0x{byte:02x}" for byte in data[i:i + 16]) for i in range(0, len(data), 16)]
    return f"static const uint8_t {name}[] = {{\n    " + ",\n    ".join(rows or ["0"]) + "\n};\n"


def made(device, name):
    """An image: its uid, its change for a test, its parts."""
    name, _, change = name.partition("+")
    if change and change not in CHANGES:
        sys.exit(f"TINYCONTAINER_IMAGES: {name}+{change}: there is no change of that name, only {', '.join(CHANGES)}")
    uid = os.path.basename(os.path.normpath(name))
    image = os.path.join(device.keep, uid + ".tci")
    if uid == "worst":
        store = os.path.join(device.keep, "worst.cbor")
        example("worst", device.name, image, store, *(["bad-last"] if change == "badlast" else []))
        if not device.has_worst:
            device.trust, device.has_worst = joined(device.trust, read(store)), True
    elif uid == "year2024" and os.sep not in name:
        code = os.path.join(device.keep, "year2024.wasm")
        device.build(found(name), image)
        write(code, parts(read(image))[2])
        uid = "container--id--01"
        store = os.path.join(device.keep, "year2024.cbor")
        example("year2024", uid, code, os.path.join(found(name), "data.txt"), image, store)
        device.year2024 = read(store)
    elif name.endswith(".metadata"):
        uid = uid.removesuffix(".metadata")
        return uid, change, [read(name.removesuffix("metadata") + kind) for kind in ("metadata", "data", "code")]
    elif name.endswith(".tci"):
        return uid.removesuffix(".tci"), change, parts(read(name))
    else:
        device.build(found(name), image)
    metadata, data, code = parts(read(image))
    if change == "unsigned":
        metadata = unsigned(metadata)
    elif change == "tampered":
        code = code[:-1] + bytes([code[-1] ^ 1])
    return uid, change, [metadata, data, code]


def main(device_out, images_out, *names):
    keep = os.path.join(os.path.dirname(os.path.abspath(images_out)), "made")
    os.makedirs(keep, exist_ok=True)
    device = Device(keep, bool(names))
    c = ""
    table = []
    images = [made(device, name) for name in names]
    for uid, change, image in images:
        path = os.path.join(keep, "verified.tci")
        write(path, whole(*image))
        refusal = device.refusal(path)
        if change and not refusal:
            sys.exit(f"TINYCONTAINER_IMAGES: {uid}+{change} is accepted by the device, and must not be")
        if refusal and not change:
            sys.exit(f"TINYCONTAINER_IMAGES: {uid}: {device.name or device.device_class or 'the device'} would refuse it\n"
                     + refusal.replace(path, uid))
        if not refusal and device.refusal(path, "--now", "none"):
            print(f"warning: {uid}: a token in it is valid for a limited time: the program must call tinycontainer_time before it loads it",
                  file=sys.stderr)
        symbol = "_image" + str(len(table))
        for kind, content in zip(("metadata", "data", "code"), image):
            c += array(f"{symbol}_{kind}", content)
        metadata, data, code = image
        suffix = "-" + change if change and change != "refused" else ""
        table.append(f'    {{ "{uid}{suffix}", {symbol}_metadata, {len(metadata)}, '
                     f"{symbol}_data, {len(data)}, {symbol}_code, {len(code)} }},\n")
    if names:
        accepted = sum(not change for _, change, _ in images)
        print(f"TinyContainer: {accepted} of {len(images)} images are accepted by {device.name or device.device_class}")
    text = (HEAD.format(guard="TINYCONTAINER_IMAGES_H") + c +
            "\n/* An image and its sizes in bytes. */\ntypedef struct {\n    const char *name;\n"
            "    const uint8_t *metadata;\n    size_t metadata_len;\n    const uint8_t *data;\n    size_t data_len;\n"
            "    const uint8_t *code;\n    size_t code_len;\n} tinycontainer_image_t;\n\n"
            "static const tinycontainer_image_t tinycontainer_images[] = {\n" + "".join(table) + "};\n"
            f"#define TINYCONTAINER_IMAGES_NUMOF ({len(table)}U)\n#endif\n") if names else HEAD.format(
                guard="TINYCONTAINER_IMAGES_H") + "#endif\n"
    write(device_out, device.header().encode())
    write(images_out, text.encode())


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
