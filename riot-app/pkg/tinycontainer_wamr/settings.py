#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 TinyContainer contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Translates crates/wamr-sys/wamr.settings for make, and finds WAMR's source tree.

usage: settings.py MANIFEST SETTINGS OUT TAG...

MANIFEST is the Cargo.toml whose Cargo.lock pins the crate that carries the tree; `cargo metadata`
downloads it if necessary and returns its path. The TAGs select the lines that apply to this build. OUT is written only
if it changes.
"""

import json
import os
import subprocess
import sys


def tree(manifest, crate):
    """WAMR's source tree in the crate `name version` that the manifest pins."""
    override = os.environ.get("TINYCONTAINER_WAMR_SOURCE")
    if override:
        return override
    name, version = crate.split()
    ask = ["cargo", "metadata", "--format-version=1", "--locked", "--manifest-path", manifest]
    answer = subprocess.run(ask + ["--offline"], capture_output=True, text=True)
    if answer.returncode:
        answer = subprocess.run(ask, capture_output=True, text=True)
    if answer.returncode:
        sys.exit(f"WAMR's source (crate {crate}) is not on this machine, and Cargo cannot download it:\n{answer.stderr}")
    for package in json.loads(answer.stdout)["packages"]:
        if (package["name"], package["version"]) == (name, version):
            return os.path.join(os.path.dirname(package["manifest_path"]), "wasm-micro-runtime")
    sys.exit(f"{manifest} does not pin the crate {crate}")


def main(manifest, settings, out, *tags):
    beside = os.path.dirname(os.path.abspath(settings))
    lines = {}
    with open(settings, encoding="utf-8") as file:
        for line in file:
            key, _, value = line.strip().partition(" ")
            word, _, only = key.partition("@")
            if word and not word.startswith("#") and only in ("", *tags):
                lines.setdefault(word, []).append(value.strip())
    wamr = tree(manifest, lines["crate"][0])
    if not os.path.isdir(os.path.join(wamr, "core")):
        sys.exit(f"{wamr} has no folder core")
    flags = [f"-D{define}" for define in lines["define"]]
    flags += [f"-I{wamr}/{include}" for include in lines["include"]] + [f"-I{beside}/c"]
    flags += [f"-include {beside}/{first}" for first in lines["first"]]
    sources = [f"{wamr}/{source}" for source in lines["source"]]
    sources += [f"{beside}/{own}" for own in lines["own"]]
    text = f"WAMR_FLAGS := {' '.join(flags)}\nWAMR_SOURCES := {' '.join(sources)}\n"
    try:
        with open(out, encoding="utf-8") as file:
            if file.read() == text:
                return
    except OSError:
        pass
    os.makedirs(os.path.dirname(out), exist_ok=True)
    with open(out, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
