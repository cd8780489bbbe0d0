# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the appliance's image from appliance.conf: Debian's packages, ours, the templates, a bootable disk."""
import configparser
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import cache
import disk

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent
MIRROR = os.environ.get("BULKHEAD_MIRROR", "http://deb.debian.org/debian")
SECURITY = os.environ.get("BULKHEAD_MIRROR_SECURITY", "http://deb.debian.org/debian-security")
# What the packages are built from; tests that are only run, documents and this recipe do not make them new.
SOURCE_FOLDERS = ("appvm-templates", "common", "debian", "docs/man", "domains", "gui-agent", "gui-daemon", "network", "policy", "po", "proto", "qrexec",
                  "scripts/in-domain", "tray", "vchan")
# What the initramfs is made of beside Debian's packages; making it is slow, so it is kept with them.
EARLY_FILES = ("etc/initramfs-tools/conf.d/bulkhead", "etc/initramfs-tools/hooks/bulkhead", "etc/modprobe.d/bulkhead-no-network.conf",
               "etc/udev/rules.d/10-bulkhead-no-network.rules")
SOURCE_FILES = ("meson.build", "meson_options.txt")
SHARE = "/usr/share/bulkhead"


def configuration():
    conf = configparser.ConfigParser(interpolation=None)
    conf.read_string((HERE / "appliance.conf").read_text())
    return conf


def files(folder):
    return sorted(p for p in folder.rglob("*") if p.is_file())


def command(argv, log, **more):
    with open(log, "ab") as out:
        done = subprocess.run([str(a) for a in argv], stdout=out, stderr=out, check=False, **more)
    if done.returncode:
        raise RuntimeError(f"{pathlib.Path(argv[0]).name} failed; the end of {log}:\n"
                           + pathlib.Path(log).read_text(errors="replace")[-3000:])


def dependencies(debs):
    """Names of Debian's packages that ours depend on; of alternatives the first."""
    names = set()
    for deb in debs.glob("*.deb"):
        field = subprocess.run(["dpkg-deb", "--field", deb, "Depends"], stdout=subprocess.PIPE, check=True, text=True).stdout
        names.update(re.match(r"[\w.+-]+", item.strip())[0] for item in field.split(",") if item.strip())
    return sorted(names - {deb.name.split("_")[0] for deb in debs.glob("*.deb")})


def debian_root(conf, debs):
    """base.tar: Debian with the packages of the configuration and what ours need, nothing of ours."""
    suite, components = conf["debian"]["suite"], conf["debian"]["components"]
    # Debian's security suite too: the packages ask for the Xen libraries that they were built with.
    sources = (f"deb {MIRROR} {suite} {components}\ndeb {MIRROR} {suite}-updates {components}\n"
               f"deb {SECURITY} {suite}-security {components}\n")
    packages = sorted({*conf["debian"]["packages"].split(), *dependencies(debs)})

    early = [HERE / "root" / name for name in EARLY_FILES]

    def make(work):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder).chmod(0o755)
            for path in early:
                copy = folder / path.relative_to(HERE / "root")
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copy)
            command(["mmdebstrap", "--variant=minbase", "--include=" + ",".join(packages),
                     "--aptopt=APT::Install-Recommends \"false\"", "--dpkgopt=force-unsafe-io", f"--customize-hook=copy-in {folder}/etc /",
                     "--customize-hook=chroot \"$1\" update-initramfs -c -k \"$(ls \"$1/lib/modules\")\"",
                     suite, work / "base.tar", "-"],
                    work / "log", input=sources.encode(), env={**os.environ, "INITRD": "No"})  # once, when all of it is there

    return cache.cached("base", [sources, *packages, *early], make)


def our_packages():
    """*.deb of this tree."""
    sources = [p for name in SOURCE_FOLDERS for p in files(TOP / name)] + [TOP / name for name in SOURCE_FILES]

    def make(work):
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "source"
            shutil.copytree(TOP, source, symlinks=True, ignore=lambda where, names: [
                n for n in names if n in (".git", ".cache", "__pycache__") or pathlib.Path(where) == TOP and n.startswith("build")])
            env = {**os.environ, "CC": "gcc", "DEB_BUILD_OPTIONS": f"nocheck noautodbgsym parallel={os.cpu_count()}"}
            command(["dpkg-buildpackage", "-us", "-uc", "-b"], work / "log", cwd=source, env=env)
            for deb in pathlib.Path(folder).glob("*.deb"):
                shutil.copy(deb, work)

    return cache.cached("packages", sources, make)


def template(recipe, debs):
    """A guest's disk, built by our packages as they will be installed; its folder."""
    agent = next(debs.glob("bulkhead-agent_*.deb"))

    def make(work):
        with tempfile.TemporaryDirectory() as folder:
            for deb in debs.glob("*.deb"):
                command(["dpkg-deb", "--extract", deb, folder], work / "log")
            command([f"{folder}/usr/bin/bulkhead", "template", "build", recipe, "--for", "xen", "--package", agent, "--to", work], work / "log",
                    env={**os.environ, "BULKHEAD_LIBEXEC": f"{folder}/usr/libexec/bulkhead:{folder}/usr/share/bulkhead"})
        # Where these are in the image, so that an update there finds them.
        conf = work / recipe / "template.conf"
        conf.write_text(re.sub("(?m)^packages=.*$", f"packages={SHARE}/bulkhead-agent.deb;",
                               re.sub("(?m)^recipe=.*$", f"recipe={recipe}", conf.read_text())))

    recipes = files(TOP / "appvm-templates")
    return cache.cached(f"template-{recipe}", [agent, MIRROR, SECURITY, *recipes], make) / recipe


def in_namespace(argv, log):
    """As root of a mount namespace; as an ordinary user, of a user namespace too."""
    prefix = ["unshare", "--mount", "--"] if os.geteuid() == 0 else ["mmdebstrap", "--unshare-helper"]
    command([*prefix, *argv], log)


def collect(conf, folder, debs, templates):
    """What `finish` puts into the image, in one folder that every user may read."""
    shutil.copytree(HERE / "root", folder / "root")
    shutil.copytree(HERE / "domains", folder / "domains")
    shutil.copytree(debs, folder / "debs", ignore=shutil.ignore_patterns("log"))
    share = folder / "root" / SHARE[1:]
    share.mkdir(parents=True, exist_ok=True)
    shutil.copy(next(debs.glob("bulkhead-agent_*.deb")), share / "bulkhead-agent.deb")
    (folder / "templates").mkdir()
    for template in templates:
        (folder / "templates" / template.name).symlink_to(template)
    (folder / "password").write_text(conf["person"]["password"])
    grub = folder / "root/boot/grub"
    grub.mkdir(parents=True)
    (grub / "grub.cfg").write_text((HERE / "grub.cfg").read_text().replace("@XEN_OPTIONS@", conf["hypervisor"]["options"]))
    folder.chmod(0o755)


def image(conf):
    """disk.img, and the versions of all its packages in manifest."""
    debs = our_packages()
    base = debian_root(conf, debs)
    templates = [template(recipe, debs) for recipe in conf["templates"]["recipes"].split()]
    templates += [pathlib.Path(folder).expanduser() for folder in conf["templates"]["folders"].split()]
    size = conf["image"].getint("size_mib")
    inputs = [str(base), str(debs), *(p for t in templates for p in files(t)), HERE / "appliance.conf", HERE / "build.py", HERE / "disk.py", HERE / "finish",
              HERE / "grub.cfg", *(item for p in files(HERE / "root") + files(HERE / "domains") for item in (str(p.relative_to(HERE)), p))]

    def make(work):
        with tempfile.TemporaryDirectory(dir=work) as folder:
            given = pathlib.Path(folder)
            collect(conf, given, debs, templates)
            root = work / "root.img"
            root.touch()
            root.chmod(0o666)
            os.truncate(root, disk.root_mib(size) << 20)
            in_namespace([HERE / "finish", base / "base.tar", given, root, conf["person"]["name"], conf["image"]["hostname"]], work / "log")
        disk.make(root, size, work / "disk.img")
        root.unlink()

    return cache.cached("image", inputs, make)

