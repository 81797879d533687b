#!/bin/sh
# What set-up needs of the system: system_packages.sh PYTHON
#
# Installs what that Python lacks, or says how: see apt.sh. Wants Python 3.10 or later, the modules that `python -m venv`
# needs (Debian and Ubuntu pack them apart), and on Linux the two libraries that libmediapipe.so is linked against.
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

# shellcheck source=scripts/apt.sh
. "$(dirname "$0")/apt.sh"
install_missing
