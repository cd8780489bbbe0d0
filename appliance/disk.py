# SPDX-License-Identifier: GPL-2.0-or-later
"""The disk's image: GPT, GRUB for BIOS and for UEFI, the root file system. Nothing is mounted and no loop device used."""
import pathlib
import struct
import subprocess
import tempfile

SECTOR = 512
MIB = 1 << 20
GRUB = pathlib.Path("/usr/lib/grub")
# Partitions: first sector and length in MiB; the root takes the rest but what the second table at the disk's end needs.
BIOS_AT, BIOS_MIB = 1, 2
ESP_AT, ESP_MIB = 4, 64
ROOT_AT = ESP_AT + ESP_MIB
MODULES = ["part_gpt", "ext2", "search", "search_label", "normal", "configfile", "multiboot2", "gzio", "zstd", "all_video", "gfxterm",
           "smbios", "echo", "test", "reboot", "halt", "ls", "cat", "minicmd"]
EARLY = "search --no-floppy --label bulkhead-root --set=root\nset prefix=($root)/boot/grub\n"
# In boot.img: where the sector of the core is written, and the jump that is needed on floppy disks only (grub's i386-pc/boot.h).
KERNEL_SECTOR, DRIVE_CHECK = 0x5C, 0x66
# At the end of the core's first sector: its other sectors (first sector, how many, segment).
BLOCK_LIST, BLOCK_LIST_SEGMENT = 0x1F4, 0x820


def root_mib(size_mib):
    return size_mib - ROOT_AT - 1


def run(argv, **more):
    done = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **more)
    if done.returncode:
        raise RuntimeError(f"{argv[0]} failed:\n" + done.stdout.decode(errors="replace")[-2000:])


def partition(image, size_mib):
    with open(image, "wb") as f:
        f.truncate(size_mib * MIB)
    table = (f"label: gpt\n"
             f"start={BIOS_AT}MiB, size={BIOS_MIB}MiB, type=21686148-6449-6E6F-744E-656564454649, name=bios-boot\n"
             f"start={ESP_AT}MiB, size={ESP_MIB}MiB, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=efi\n"
             f"start={ROOT_AT}MiB, size={root_mib(size_mib)}MiB, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=bulkhead-root\n")
    run(["sfdisk", "--quiet", image], input=table.encode())


def write_at(image, offset, data):
    with open(image, "r+b") as f:
        f.seek(offset)
        f.write(data)


def make_core(work, target, output, extra):
    early = work / "early.cfg"
    early.write_text(EARLY)
    run(["grub-mkimage", "-O", target, "-o", output, "-c", early, "-p", "/boot/grub", *MODULES, *extra])


def boot_by_bios(image, work):
    core = work / "core.img"
    make_core(work, "i386-pc", core, ["biosdisk", "vbe", "vga"])
    body = bytearray(core.read_bytes())
    sectors = -(-len(body) // SECTOR)
    if sectors * SECTOR > BIOS_MIB * MIB:
        raise RuntimeError("GRUB's core does not fit into its partition")
    first = BIOS_AT * MIB // SECTOR
    struct.pack_into("<QHH", body, BLOCK_LIST, first + 1, sectors - 1, BLOCK_LIST_SEGMENT)
    write_at(image, BIOS_AT * MIB, body)
    boot = bytearray((GRUB / "i386-pc/boot.img").read_bytes())
    struct.pack_into("<Q", boot, KERNEL_SECTOR, first)
    boot[DRIVE_CHECK:DRIVE_CHECK + 2] = b"\x90\x90"
    write_at(image, 0, boot[:440])  # behind it lies the partition table


def boot_by_uefi(image, work):
    program, esp = work / "BOOTX64.EFI", work / "esp.img"
    make_core(work, "x86_64-efi", program, ["efi_gop", "efi_uga"])
    with open(esp, "wb") as f:
        f.truncate(ESP_MIB * MIB)
    run(["mkfs.fat", "-F", "32", "-n", "BULKHEADEFI", esp])
    run(["mmd", "-i", esp, "::/EFI", "::/EFI/BOOT"])
    run(["mcopy", "-i", esp, program, "::/EFI/BOOT/"])
    copy_to(esp, image, ESP_AT)


def copy_to(source, image, at_mib):
    run(["dd", f"if={source}", f"of={image}", "bs=1M", f"seek={at_mib}", "conv=sparse,notrunc"])


def make(root_image, size_mib, image):
    """root_image must have root_mib(size_mib) MiB."""
    with tempfile.TemporaryDirectory(dir=image.parent) as folder:
        work = pathlib.Path(folder)
        partition(image, size_mib)
        boot_by_bios(image, work)
        boot_by_uefi(image, work)
        copy_to(root_image, image, ROOT_AT)
