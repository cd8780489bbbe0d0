# SPDX-License-Identifier: GPL-2.0-or-later
"""The appliance: a disk image with Xen, the admin domain's desktop and domains (docs/appliance.md).

build   makes it, as an ordinary user (root: to make that user), and prints its path
run     boots it in QEMU without hardware help: slow, for looking at it only; what is done inside is gone afterwards, but with --keep
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import build
import emulator

OUTPUT = build.TOP / "build-appliance/bulkhead.img"


def do_build(args):
    begin = time.monotonic()
    conf = build.configuration()
    made = build.image(conf)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", made / "disk.img", args.output], check=True)
    subprocess.run(["cp", made / "manifest", args.output.with_suffix(".manifest")], check=True)
    used = args.output.stat().st_blocks * 512 >> 20
    print(f"{args.output}: {args.output.stat().st_size >> 20} MiB, {used} MiB of them used [{time.monotonic() - begin:.0f} s]")
    return 0


def do_run(args):
    if not args.output.exists():
        sys.exit(f"{args.output} is not there: first `scripts/appliance build`")
    shown = args.display or emulator.display()
    print(f"QEMU's display: {shown}; the hypervisor's console is on this terminal", flush=True)
    with tempfile.TemporaryDirectory() as work:
        argv = emulator.arguments(args.output, "uefi" if args.uefi else "bios", work, args.keep)
        return subprocess.run([*argv, "-display", shown, "-serial", "mon:stdio"], check=False).returncode


def main():
    parser = argparse.ArgumentParser(prog="scripts/appliance", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["build", "run"])
    parser.add_argument("--output", type=pathlib.Path, default=OUTPUT, help=f"the image (default {OUTPUT})")
    parser.add_argument("--uefi", action="store_true", help="run: by UEFI instead of BIOS")
    parser.add_argument("--keep", action="store_true", help="run: changes stay in the image")
    parser.add_argument("--display", help="run: as QEMU's -display (default: a window, without a display VNC)")
    args = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    return do_build(args) if args.what == "build" else do_run(args)


if __name__ == "__main__":
    sys.exit(main())
