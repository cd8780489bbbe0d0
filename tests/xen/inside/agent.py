# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs commands for the test outside: in the admin domain over a virtio port, in a guest over its console.

A request is one line of JSON: {"id": n, "sh": text, "timeout": seconds, "guest": name or absent}. An answer is one line
{"id": n, "rc": n, "out": text}; on a guest's console it stands between "@@" marks, with a checksum, in base64, because the
kernel writes there too.
"""
import base64
import glob
import json
import os
import re
import subprocess
import sys
import threading
import time
import zlib

CONSOLE = "/var/log/xen/console/guest-%s.log"
lock = threading.Lock()


def run(request):
    try:
        done = subprocess.run(["bash", "-c", request["sh"]], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=request["timeout"], check=False)
        return {"rc": done.returncode, "out": done.stdout.decode(errors="replace")}
    except subprocess.TimeoutExpired as error:
        return {"rc": 124, "out": (error.stdout or b"").decode(errors="replace")}


def frame(message):
    text = base64.b64encode(json.dumps(message).encode())
    return b"\n@@" + b"%08x" % zlib.crc32(text) + text + b"@@\n"


def frames(data):
    for crc, text in re.findall(rb"@@([0-9a-f]{8})([A-Za-z0-9+/=]+)@@", data):
        if int(crc, 16) == zlib.crc32(text):
            yield json.loads(base64.b64decode(text))


class Guest:
    """A guest's console, seen from the admin domain."""

    def __init__(self, name):
        self.name = name
        self.offset = 0

    def wait(self, key, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                with open(CONSOLE % self.name, "rb") as log:
                    data = log.read()
            except FileNotFoundError:
                data = b""
            for message in frames(data):
                if message["id"] == key:
                    return message
            time.sleep(0.05)
        return {"id": key, "rc": 125, "out": f"no answer from guest {self.name} in {seconds} s"}

    def ask(self, request):
        if request["sh"] == "ready":
            return self.wait("ready", request["timeout"])
        domid = subprocess.run(["xl", "domid", self.name], capture_output=True, check=False).stdout.decode().strip()
        tty = subprocess.run(["xenstore-read", f"/local/domain/{domid}/console/tty"],
                             capture_output=True, check=False).stdout.decode().strip()
        if not tty:
            return {"rc": 126, "out": f"guest {self.name} has no console"}
        fd = os.open(tty, os.O_WRONLY | os.O_NOCTTY)
        with lock:
            os.write(fd, frame(request))
        os.close(fd)
        return self.wait(request["id"], request["timeout"] + 10)


def serve_admin():
    port = os.open(glob.glob("/dev/vport*p1")[0], os.O_RDWR)

    def answer(request):
        name = request.get("guest")
        message = {**(Guest(name).ask(request) if name else run(request)), "id": request["id"]}
        data = json.dumps(message).encode() + b"\n"
        with lock:
            while data:
                data = data[os.write(port, data):]

    os.write(port, b'{"id": 0, "rc": 0, "out": "ready"}\n')
    pending = b""
    while True:
        pending += os.read(port, 65536)
        *lines, pending = pending.split(b"\n")
        for line in lines:
            threading.Thread(target=answer, args=(json.loads(line),), daemon=True).start()


def serve_guest():
    console = os.open("/dev/hvc0", os.O_RDWR | os.O_NOCTTY)

    def say(message):
        data = frame(message)
        with lock:
            while data:
                data = data[os.write(console, data):]

    def answer(request):
        say({**run(request), "id": request["id"]})

    say({"id": "ready", "rc": 0, "out": ""})
    pending = b""
    while True:
        pending += os.read(console, 65536)
        *lines, pending = pending.split(b"\n")
        for line in lines:
            for request in frames(line):
                threading.Thread(target=answer, args=(request,), daemon=True).start()


if sys.argv[1] == "admin":
    serve_admin()
else:
    serve_guest()
