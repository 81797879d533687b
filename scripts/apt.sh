# Sourced by what needs packages of the system and defines `missing`, which prints Debian's names of them, one a line.
#
# install_missing: with apt where that needs no password; otherwise says which command does it, and fails.
# shellcheck shell=sh

install_missing() {
    packages=$(missing)
    [ -n "$packages" ] || return 0
    packages=$(printf %s "$packages" | tr '\n' ' ')

    if ! command -v apt-get >/dev/null; then
        echo "Set-up needs what Debian calls: $packages. Install it with this system's package manager." >&2
        return 1
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
        return 1
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
        echo "apt installed $packages, but these are still missing: $still" >&2
        return 1
    fi
}
