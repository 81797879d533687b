#!/bin/sh
# What tests that look at pages need of the system: browser.sh PYTHON, which has this project's packages
set -eu
python=$1

missing() {
    "$python" -m testing.browser
}

# shellcheck source=scripts/apt.sh
. "$(dirname "$0")/apt.sh"
install_missing
