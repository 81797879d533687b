#!/bin/sh
# What set-up needs of the system: system_packages.sh PYTHON
#
# Looks at what that Python lacks and installs it with apt where that needs no password; otherwise says which command
# does it, and fails. Wants Python 3.10 or later, the modules that `python -m venv` needs (Debian and Ubuntu pack them
# apart), and on Linux the two libraries that libmediapipe.so is linked against.
set -eu
python=$1

if ! version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null); then
    echo "There is no $python here. Install Python 3.10 or later, or name it: make setup PYTHON=python3.11" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
    echo "$python is Python $version; 3.10 or later is needed. Name one: make setup PYTHON=python3.11" >&2
    exit 1
fi

missing() {
    "$python" - "python$version-venv" <<'PYTHON'
import ctypes, sys

try:
    import ensurepip, venv
except ImportError:
    print(sys.argv[1])
if sys.platform == "linux":
    for library, package in (("libEGL.so.1", "libegl1"), ("libGLESv2.so.2", "libgles2")):
        try:
            ctypes.CDLL(library)
        except OSError:
            print(package)
PYTHON
}

packages=$(missing | tr '\n' ' ' | sed 's/ $//')
[ -n "$packages" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "Set-up needs what Debian calls: $packages. Install it with this system's package manager." >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "Set-up needs the system packages $packages. Install them, then call make again:" >&2
    if command -v sudo >/dev/null; then
        echo "    sudo apt-get update && sudo apt-get install -y --no-install-recommends $packages" >&2
    else
        echo "    su -c 'apt-get update && apt-get install -y --no-install-recommends $packages'" >&2
    fi
    exit 1
fi

echo "Installing the system packages $packages"
# shellcheck disable=SC2086  # each is a word, and as_root may be none
{
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    $as_root apt-get update -qq
    $as_root apt-get install -y -qq --no-install-recommends $packages >/dev/null
}
still=$(missing | tr '\n' ' ')
if [ -n "$still" ]; then
    echo "apt installed $packages, but $python still lacks $still" >&2
    exit 1
fi
