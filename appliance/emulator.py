# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU without hardware help, for the appliance's image."""
import os
import pathlib
import shutil

# What the emulator gets wrong under Xen: tests/xen/machine.py tells.
CPU = "max,-smap,-rdtscp,-xsave"
OVMF = pathlib.Path("/usr/share/OVMF")


def arguments(image, firmware, work, keep=False, memory_mib=4096):
    """Of the machine, without display, serial port and monitor. work: a folder for UEFI's variables."""
    argv = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", CPU, "-smp", "2", "-m", str(memory_mib),
            "-nodefaults", "-vga", "std", "-device", "virtio-tablet-pci",
            "-netdev", "user,id=net,restrict=on", "-device", "e1000e,netdev=net", "-rtc", "base=utc",
            "-drive", f"file={image},if=none,format=raw,id=disk,snapshot={'off' if keep else 'on'}", "-device", "virtio-blk-pci,drive=disk"]
    if firmware == "uefi":
        variables = pathlib.Path(work) / "uefi-variables.fd"
        shutil.copy(OVMF / "OVMF_VARS_4M.fd", variables)
        argv += ["-drive", f"if=pflash,format=raw,readonly=on,file={OVMF}/OVMF_CODE_4M.fd",
                 "-drive", f"if=pflash,format=raw,file={variables}"]
    return argv


def display():
    """A window where there is a display and a QEMU that can show one; else VNC, for this machine only."""
    modules = pathlib.Path("/usr/lib/x86_64-linux-gnu/qemu")
    if os.environ.get("DISPLAY") and (modules / "ui-gtk.so").exists():
        return "gtk"
    return "vnc=127.0.0.1:7"
