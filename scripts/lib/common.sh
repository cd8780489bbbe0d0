# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Shared by the scripts a person types: packages, the ordinary user, the build. Root installs packages and nothing else.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { printf '%s\n' "$*"; }
die() {
    printf 'bulkhead: %s\n' "$*" >&2
    exit 1
}

packages_build="gcc meson ninja-build pkg-config libglib2.0-dev libgtk-3-dev libx11-dev libx11-xcb-dev libxcb1-dev
    libxcb-shm0-dev libxcb-composite0-dev libxcb-damage0-dev libxcb-xfixes0-dev libxcb-randr0-dev libxcb-xtest0-dev libxcb-xinput-dev
    libxcb-xkb-dev libxcb-shape0-dev libxcb-render0-dev libxext-dev libxrandr-dev libxfixes-dev libxtst-dev libxkbfile-dev
    libxcursor-dev libseccomp-dev libjson-glib-dev libssl-dev zlib1g-dev
    libcap-dev libxen-dev libdeflate-dev gettext"
packages_run="bubblewrap passt nftables uidmap xserver-xorg-core xserver-xorg-video-dummy xvfb xkb-data x11-xkb-utils
    python3 python3-xlib openbox xserver-xephyr xauth dbus-daemon fonts-dejavu-core adwaita-icon-theme librsvg2-common xterm pcmanfm util-linux procps dunst"
packages_test="clang clang-format libclang-rt-14-dev python3-pytest python3-gi gir1.2-gtk-3.0 xdotool xclip x11-utils x11-xserver-utils
    strace git python3-pyqt5 iproute2 iputils-ping iputils-arping zenity dbus tint2 xfce4-panel xfwm4 xfconf at-spi2-core gir1.2-atspi-2.0 socat systemd libglib2.0-bin qemu-system-x86 mmdebstrap squashfs-tools e2fsprogs
    debhelper lintian dpkg-dev fakeroot"
packages_appliance="mmdebstrap uidmap squashfs-tools debhelper dpkg-dev fakeroot fdisk dosfstools mtools e2fsprogs grub-common
    grub-pc-bin grub-efi-amd64-bin"
# Of each list the first that can be had is taken.
packages_browser="firefox-esr chromium"

missing_packages() {
    local p
    for p in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed || printf '%s ' "$p"
    done
}

# install_packages NAME...: those that are missing, by apt, as root or through sudo.
install_packages() {
    local missing sudo=
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || die "these Debian packages are missing: $missing
Install them as root (apt-get install $missing) and start again."
        sudo=sudo
    fi
    say "Installing Debian packages: $missing"
    local log
    log=$(mktemp)
    # shellcheck disable=SC2086
    if ! { $sudo apt-get update && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } \
        >"$log" 2>&1 </dev/null; then
        tail -20 "$log" >&2
        die "apt-get could not install the packages (its messages are above, all of them in $log)."
    fi
    rm -f "$log"
}

have_browser() {
    local b
    for b in $packages_browser; do command -v "$b" >/dev/null && return 0; done
    return 1
}

install_browser() {
    local b
    have_browser && return 0
    for b in $packages_browser; do
        if apt-cache show "$b" >/dev/null 2>&1; then
            install_packages "$b"
            return 0
        fi
    done
    # Before the first apt-get update the lists are empty.
    install_packages firefox-esr
}

# The ordinary user everything of ours runs as: the one who typed sudo, else a dedicated one (made if missing), else ourselves.
ordinary_user() {
    if [ "$(id -u)" != 0 ]; then
        id -un
    elif [ -n "${SUDO_USER:-}" ] && [ "$SUDO_USER" != root ]; then
        printf '%s\n' "$SUDO_USER"
    else
        id bulkhead >/dev/null 2>&1 || useradd --create-home --shell /usr/sbin/nologin --comment Bulkhead bulkhead ||
            die "the user 'bulkhead' could not be made; start this as an ordinary user instead."
        printf 'bulkhead\n'
    fi
}

# as_user USER COMMAND...: with a clean environment of that user; what stands in keep_env goes along.
# Debian's own programs, whatever else this shell finds first (a python of another kind lacks python3-xlib).
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
hash -r
keep_env=(DISPLAY WAYLAND_DISPLAY LANG TERM PATH CI)
as_user() { (exec_as_user "$@"); }

# The same in place of this shell: its process id is the command's.
exec_as_user() {
    local user=$1 e=() v home
    shift
    home=$(getent passwd "$user" | cut -d: -f6)
    for v in "${keep_env[@]}"; do [ -n "${!v:-}" ] && e+=("$v=${!v}"); done
    if [ "$(id -un)" = "$user" ]; then
        exec "$@"
    else
        exec setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups \
            env -i HOME="$home" USER="$user" LOGNAME="$user" "${e[@]}" "$@"
    fi
}

# Where that user finds the source: here, or a copy in its home if it cannot read this folder or may not write into it.
user_source() {
    local user=$1 home copy
    if as_user "$user" test -w "$top" -a -r "$top/meson.build"; then
        printf '%s\n' "$top"
        return
    fi
    home=$(getent passwd "$user" | cut -d: -f6)
    copy=$home/.cache/bulkhead/source
    as_user "$user" mkdir -p "$copy"
    # What the tree holds, without what was built here; files that went away go there too.
    (cd "$top" && tar --exclude=./build* --exclude=./.cache -cf - .) |
        as_user "$user" bash -c 'cd "$1" && find . -mindepth 1 -maxdepth 1 ! -name "build*" -exec rm -rf {} + && tar -xf - --no-same-owner' - "$copy" ||
        die "the source could not be copied to $copy."
    printf '%s\n' "$copy"
}

# build_tree USER SOURCE BUILD [MESON-OPTION...]
build_tree() {
    local user=$1 src=$2 build=$3 log
    shift 3
    log=$(mktemp)
    chmod 666 "$log"
    if ! as_user "$user" bash -c 'cd "$1" || exit 1; b=$2; shift 2
        if [ -f "$b/build.ninja" ]; then meson configure "$b" "$@"; else meson setup "$b" "$@"; fi && ninja -C "$b"' \
        - "$src" "$build" "$@" >"$log" 2>&1; then
        tail -40 "$log" >&2
        die "the build failed (its messages are above, all of them in $log)."
    fi
    rm -f "$log"
}
