#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The recordings of a folder as lines that a C test reads: F file protocol, S kind name, D direction hex, Z direction (end)."""
import json
import pathlib
import sys

for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
    record = json.loads(path.read_text())
    print("F", path.stem, record["protocol"])
    for stream in record["streams"]:
        print("S", stream["kind"], stream["name"].replace(" ", "_"))
        for direction in ("server->client", "client->server"):
            events = [e for e in stream["events"] if e["dir"] == direction]
            data = "".join(e["hex"] for e in events)
            print("D", direction[0], data or "-")
