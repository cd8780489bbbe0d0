# SPDX-License-Identifier: GPL-2.0-or-later
"""The disks and the initramfs of the emulated machine, kept in a cache by the hash of what they are made from."""
import gzip
import hashlib
import lzma
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
MIRROR = os.environ.get("BULKHEAD_MIRROR", "http://deb.debian.org/debian")
SECURITY = os.environ.get("BULKHEAD_MIRROR_SECURITY", "http://deb.debian.org/debian-security")
# Debian's security suite too, so that the tools match the hypervisor.
SOURCES = (
    f"deb {MIRROR} bookworm main\ndeb {MIRROR} bookworm-updates main\n"
    f"deb {SECURITY} bookworm-security main\n"
)
ROOT_TIMEOUT = 1500


def cache_dir():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "bulkhead" / "xen"


def cached(name, inputs, make):
    """The directory NAME-HASH of the cache; made by make(directory) if it is not there. Half-built ones are never seen."""
    digest = hashlib.sha256()
    for item in inputs:
        data = item.read_bytes() if isinstance(item, pathlib.Path) else item.encode()
        digest.update(struct.pack("<Q", len(data)) + data)
    final = cache_dir() / f"{name}-{digest.hexdigest()[:16]}"
    if final.is_dir():
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix=f".{name}-", dir=final.parent))
    try:
        work.chmod(0o777)  # without root mmdebstrap writes as a subordinate user
        make(work)
        work.chmod(0o755)
        work.rename(final)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return final


def packages():
    lines = (HERE / "image/packages").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def root_image():
    """root.img (shared by the admin domain and all guests), xen.gz, vmlinuz, busybox, modules/."""
    hook = HERE / "image/customize"

    def make(work):
        with open(work / "log", "w") as log:
            done = subprocess.run(
                ["mmdebstrap", "--variant=minbase", "--include=" + ",".join(packages()),
                 "--aptopt=APT::Install-Recommends \"false\"",
                 f"--customize-hook='{hook}' '{work}' \"$1\"", "bookworm", "/dev/null", "-"],
                input=SOURCES.encode(), stdout=log, stderr=log, timeout=ROOT_TIMEOUT, check=False)
        if done.returncode:
            raise RuntimeError("mmdebstrap failed:\n" + (work / "log").read_text()[-3000:])

    return cached("root", [HERE / "image/packages", hook, SOURCES], make)


def cpio_newc(entries):
    """An archive for the kernel; entries are (name, mode, bytes, rdev)."""
    out = bytearray()
    for number, (name, mode, data, rdev) in enumerate([*entries, ("TRAILER!!!", 0, b"", (0, 0))], 1):
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *rdev, len(name) + 1, 0)
        out += b"070701" + b"".join(b"%08X" % f for f in fields) + name.encode() + b"\0"
        out += b"\0" * (-len(out) % 4) + data
        out += b"\0" * (-len(out) % 4)
    return bytes(out)


def initramfs(root):
    entries = [(d, 0o040755, b"", (0, 0)) for d in ("bin", "dev", "modules", "proc", "root", "sys", "tmpfs")]
    entries.append(("dev/console", 0o020600, b"", (5, 1)))
    entries.append(("bin/busybox", 0o100755, (root / "busybox").read_bytes(), (0, 0)))
    entries.append(("init", 0o100755, (HERE / "image/initramfs-init").read_bytes(), (0, 0)))
    for module in sorted((root / "modules").iterdir()):
        entries.append((f"modules/{module.name}", 0o100644, module.read_bytes(), (0, 0)))
    return gzip.compress(cpio_newc(entries), 6, mtime=0)


def vmlinux(bzimage):
    """The ELF file inside, so that a PVH guest need not unpack it under emulation; None if it is not packed with xz."""
    setup = (bzimage[0x1f1] or 4) + 1
    offset, length = struct.unpack_from("<II", bzimage, 0x248)
    payload = bzimage[setup * 512 + offset:][:length]
    if not payload.startswith(b"\xfd7zXZ"):
        return None
    return lzma.LZMADecompressor().decompress(payload)


def boot_image(root):
    """xen, vmlinuz, initrd.gz for QEMU; boot.img: a disk with the guests' kernels and initrd."""

    def make(work):
        (work / "xen").write_bytes(gzip.decompress((root / "xen.gz").read_bytes()))
        shutil.copy(root / "vmlinuz", work / "vmlinuz")
        (work / "initrd.gz").write_bytes(initramfs(root))
        with tempfile.TemporaryDirectory(dir=work) as tree:
            for name in ("vmlinuz", "initrd.gz"):
                shutil.copy(work / name, tree)
            elf = vmlinux((root / "vmlinuz").read_bytes())
            (pathlib.Path(tree) / "vmlinux").write_bytes(elf or (root / "vmlinuz").read_bytes())
            make_disk(tree, work / "boot.img")

    return cached("boot", [str(root), HERE / "image/initramfs-init", HERE / "images.py"], make)


def make_disk(tree, image):
    """An ext4 image of the directory; nothing gets mounted."""
    size = sum(p.lstat().st_size + 4096 for p in pathlib.Path(tree).rglob("*"))
    pathlib.Path(image).unlink(missing_ok=True)
    subprocess.run(["truncate", "-s", str(size * 5 // 4 + (16 << 20)), image], check=True)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-d", tree, image],
                   check=True, timeout=120)
