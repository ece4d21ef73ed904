#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 TinyContainer contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The tools of the build: what images.py compiles in or refuses, and what doctor finds missing. Needs no RIOT."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

APP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLS = os.path.join(APP, "tools")
FIXTURES = os.path.join(os.path.dirname(APP), "fixtures", "riot")
sys.path.insert(0, TOOLS)

import images  # noqa: E402  (its path is that of the tools)

SETTINGS = {"MAX_MEMORY": 16384, "MAX_OPERAND_STACK": 2048, "MAX_HEAP": 16384, "MAX_HOOK_MS": 1000, "POOL_BYTES": 32768}
TRUST = """
[[anchor]]
name = "me"
key = "me.pub"
roles = ["metadata", "parts", "syscalls", "endpoints"]
containers = ["*"]
syscalls = ["open", "close", "read", "write", "logger"]
endpoints = ["app:12 in"]
priority = "high"
"""


def text_of(path):
    """A file's text; empty if there is none."""
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


class Images(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ctl = images.ctl()

    def setUp(self):
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.app = kept.name
        # A container of the application that reads peer 12: the TEST trust store has app:0 to app:9.
        with open(os.path.join(FIXTURES, "reader", "container.toml"), encoding="utf-8") as file:
            recipe = file.read()
        os.mkdir(os.path.join(self.app, "sense"))
        shutil.copy(os.path.join(FIXTURES, "reader", "main.c"), os.path.join(self.app, "sense"))
        with open(os.path.join(self.app, "sense", "container.toml"), "w", encoding="utf-8") as file:
            file.write(recipe.replace('uid = "reader"', 'uid = "sense"').replace('"app:1"', '"app:12"'))

    def make(self, *names, pool=None, **variables):
        """Runs the tool as the Makefile does; returns its status, what it printed, and the two headers."""
        env = {key: value for key, value in os.environ.items() if not key.startswith("TINYCONTAINER_")}
        env |= {f"CONFIG_TINYCONTAINER_{key}": str(value) for key, value in SETTINGS.items()}
        env |= {f"TINYCONTAINER_{key}": value for key, value in variables.items()} | {"TINYCONTAINERCTL": self.ctl}
        if pool:
            env["CONFIG_TINYCONTAINER_POOL_BYTES"] = str(pool)
        device, header = os.path.join(self.app, "device.h"), os.path.join(self.app, "images.h")
        for old in (device, header):
            if os.path.exists(old):
                os.remove(old)
        done = subprocess.run([sys.executable, os.path.join(TOOLS, "images.py"), device, header, *names], env=env, cwd=self.app,
                              capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr, text_of(device), text_of(header)

    def own(self):
        """A trust store and a key of the application's own."""
        subprocess.run([self.ctl, "keygen", "me"], cwd=self.app, check=True, capture_output=True)
        with open(os.path.join(self.app, "trust.toml"), "w", encoding="utf-8") as file:
            file.write(TRUST)
        return {"TRUST": "trust.toml", "KEY": "me.key", "DEVICE": "kitchen", "CLASS": "sensors"}

    def test_without_variables_and_images_nothing_is_compiled_in(self):
        status, text, device, header = self.make()
        self.assertEqual((status, text), (0, ""))
        self.assertNotIn("TINYCONTAINER_DEVICE_", device.replace("TINYCONTAINER_DEVICE_H", ""))
        self.assertNotIn("tinycontainer_image_t", header)

    def test_an_unknown_name_says_what_was_searched(self):
        status, text, _, _ = self.make("no-such")
        self.assertEqual(status, 1)
        self.assertIn(os.path.join(FIXTURES, "no-such", "container.toml"), text)
        self.assertIn("ticker", text)
        self.assertIn("./no-such", text)
        self.assertIn("the application has such a folder: write ./sense", self.make("sense")[1])
        self.assertIn(f"searched from {os.path.realpath(self.app)}", self.make("./nowhere")[1])
        self.assertIn("no change of that name", self.make("empty+changed")[1])

    def test_an_image_that_the_device_would_refuse_is_not_built_in(self):
        status, text, device, _ = self.make("./sense")
        self.assertEqual((status, device), (1, ""))
        self.assertIn("sense: TEST-board would refuse it", text)
        # The sentences of the command line.
        image = os.path.join(self.app, "made", "verified.tci")
        trust = os.path.join(self.app, "made", "trust.cbor")
        said = subprocess.run([self.ctl, "verify", image, "--trust", trust, "--device", "TEST-board"], capture_output=True, text=True)
        self.assertEqual(said.returncode, 1)
        self.assertIn("endpoint 1", said.stdout)
        self.assertIn(said.stdout.replace(image, "sense").strip(), text)

    def test_the_application_names_trust_store_device_and_key(self):
        own = self.own()
        status, text, device, header = self.make("./sense", **own)
        self.assertEqual(status, 0, text)
        self.assertIn("1 of 1 images are accepted by kitchen", text)
        self.assertIn('#define TINYCONTAINER_DEVICE_NAME "kitchen"', device)
        self.assertIn('#define TINYCONTAINER_DEVICE_CLASS "sensors"', device)
        self.assertIn("#define TINYCONTAINER_DEVICE_TRUST 1", device)
        self.assertNotIn("DEVICE_NOTE", device)
        self.assertIn('{ "sense", ', header)
        # Signed by another key than the store has.
        status, text, _, _ = self.make("./sense", **own | {"KEY": ""})
        self.assertEqual(status, 1)
        self.assertIn("sense: kitchen would refuse it", text)

    def test_an_image_that_needs_the_time_is_named(self):
        own = self.own()
        self.assertNotIn("tinycontainer_time", self.make("./sense", **own)[1])
        args = ["build", "sense", "--key", "me.key", "--issuer", "me", "--aud", "kitchen", "--exp", "1h", "-o", "sense.tci"]
        subprocess.run([self.ctl, *args], cwd=self.app, check=True, capture_output=True)
        status, text, _, _ = self.make("./sense.tci", **own)
        self.assertEqual(status, 0, text)
        self.assertIn("warning: sense: a token in it is valid for a limited time", text)

    def test_a_device_with_test_keys_says_so(self):
        status, text, device, _ = self.make("empty", "empty+tampered", "empty+unsigned")
        self.assertEqual(status, 0, text)
        self.assertIn('DEVICE_NOTE "TEST keys: anyone can sign for TEST-board"', device)
        self.assertIn("1 of 3 images are accepted", text)
        self.assertIn("is accepted by the device, and must not be", self.make("empty+refused")[1])

    def test_the_limits_of_the_device_hold(self):
        # An image takes a quarter of the memory at most.
        status, text, _, _ = self.make("empty", pool=800)
        self.assertEqual(status, 1)
        self.assertIn("empty: TEST-board would refuse it", text)


class Doctor(unittest.TestCase):
    def run_with(self, path, *args):
        env = dict(os.environ, PATH=path, RIOTBASE="/nowhere")
        return subprocess.run(["/bin/bash", os.path.join(TOOLS, "doctor"), *args], env=env, capture_output=True, text=True)

    def test_what_is_missing_is_named_with_the_command_that_installs_it(self):
        with tempfile.TemporaryDirectory() as folder:
            for tool in ("sort", "tr", "sed", "awk"):
                os.symlink(shutil.which(tool), os.path.join(folder, tool))
            done = self.run_with(folder)
            self.assertEqual(done.returncode, 1)
            for line in ("MISSING  build  RIOT in /nowhere", "MISSING  build  c2rust", "MISSING  flash  openocd",
                         "MISSING  test   qemu-system-arm"):
                self.assertIn(line, done.stdout)
            for command in ("sudo apt-get install", " openocd", "qemu-system-arm", "cargo install c2rust",
                            "rustup target add thumbv7em-none-eabihf"):
                self.assertIn(command, done.stdout.partition("Install what is missing")[2])
            short = self.run_with(folder, "--missing", "build")
            self.assertEqual(short.returncode, 1)
            self.assertIn("c2rust, ", short.stdout)
            self.assertNotIn("openocd", short.stdout)
            self.assertNotIn("qemu", short.stdout)


if __name__ == "__main__":
    unittest.main()
