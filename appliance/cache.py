# SPDX-License-Identifier: GPL-2.0-or-later
"""What takes long, kept in ~/.cache/bulkhead/appliance by the hash of what it is made from."""
import hashlib
import os
import pathlib
import shutil
import struct
import tempfile


def directory():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "bulkhead" / "appliance"


def digest(items):
    """Of texts and of files; of a file the mode counts too."""
    total = hashlib.sha256()
    for item in items:
        data = item.encode() if isinstance(item, str) else item.read_bytes() + b"%o" % item.stat().st_mode
        total.update(struct.pack("<Q", len(data)) + data)
    return total.hexdigest()[:16]


def cached(name, items, make):
    """The directory NAME-HASH, made by make(directory) if it is not there; others of that name go. Never half-built."""
    final = directory() / f"{name}-{digest(items)}"
    if final.is_dir():
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix=f".{name}-", dir=final.parent))
    try:
        work.chmod(0o777)  # without root, mmdebstrap writes as a subordinate user
        make(work)
        work.chmod(0o755)
        work.rename(final)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    for old in final.parent.glob(f"{name}-*"):
        if old != final:
            shutil.rmtree(old, ignore_errors=True)
    return final
