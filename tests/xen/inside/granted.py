# SPDX-License-Identifier: GPL-2.0-or-later
"""Prints how many pages the programs of this guest have granted, exactly: the kernel refuses one more when they are as many as
its limit, so the limit is moved until one page is just refused. Nothing else may grant meanwhile."""
import fcntl
import os
import struct

LIMIT = "/sys/module/xen_gntalloc/parameters/limit"
ALLOC, FREE = 0x184705, 0x104706  # IOCTL_GNTALLOC_ALLOC_GREF, _DEALLOC_GREF (xen/sys/gntalloc.h)


def write(limit):
    with open(LIMIT, "w", encoding="ascii") as f:
        f.write(str(limit))


def one_more(device):
    """Does the kernel grant one page more?"""
    request = bytearray(struct.pack("<HHIQII", 0, 0, 1, 0, 0, 0))  # domain, flags, count, index, reference
    try:
        fcntl.ioctl(device, ALLOC, request)
    except OSError:
        return False
    index = struct.unpack_from("<Q", request, 8)[0]
    fcntl.ioctl(device, FREE, bytearray(struct.pack("<QII", index, 1, 0)))
    return True


def main():
    with open(LIMIT, encoding="ascii") as f:
        before = int(f.read())
    device = os.open("/dev/xen/gntalloc", os.O_RDWR)
    refused, granting = 0, before
    try:
        while granting - refused > 1:
            middle = (refused + granting) // 2
            write(middle)
            if one_more(device):
                granting = middle
            else:
                refused = middle
    finally:
        write(before)
    print(granting - 1)


main()
