#!/usr/bin/env bash
# Builds the worker's image and proves inside it that it works; `make image-check`. IMAGE is what it is called.
#
# Needs docker, podman or buildah, and Python 3.10 or later for the queue that the worker takes its jobs from.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/engine.sh
. scripts/engine.sh

IMAGE=${IMAGE:-posture:check}
PYTHON=${PYTHON:-python3}
PACKAGES_MB=560 # the most that the Python packages may take, their bytecode included

# check WHAT COMMAND...: says whether it succeeds, and where it does not, what it printed.
check() {
    local what=$1 said
    shift
    said=$("$@" 2>&1) || {
        printf '%s\n' "$said" >&2
        stop "It does not hold that $what." "The lines above say what came instead."
    }
    printf 'ok      %s\n' "$what"
}

test_job() {
    inside python -u runpod_handler.py
}

agreement() {
    local known='mediapipe * requires opencv-contrib-python, which is not installed.' said
    said=$(inside /usr/local/bin/pip --disable-pip-version-check --python /opt/venv/bin/python check 2>/dev/null) || true
    echo "$said"
    # shellcheck disable=SC2053  # a pattern
    [[ $said == $known && $(wc -l <<<"$said") -eq 1 ]]
}

size() {
    local megabytes
    megabytes=$(inside du -sm /opt/venv | cut -f 1)
    echo "        they take $megabytes MB" >&3
    [ "$megabytes" -le "$PACKAGES_MB" ]
}

user() {
    inside sh -c 'id && [ -w /tmp ] && ! [ -w /app ] && ! [ -w /opt/venv ]'
}

bytecode() {
    local loaded
    loaded=$(inside python -v runpod_handler.py 2>&1 | grep 'code object from')
    ! grep -v "\.pyc'" <<<"$loaded"
}

revision_label() {
    local said commit
    said=$(label "$IMAGE" org.opencontainers.image.revision)
    commit=$(revision)
    echo "it is '$said'"
    [ "$said" = "${commit:-unknown}" ]
}

queue() {
    local seconds
    seconds=$("$PYTHON" -m testing.image_worker "${INSIDE[@]}" python -u runpod_handler.py) || return
    echo "        it gave the first answer after $seconds s" >&3
}

exec 3>&1 # for figures, which are shown in any case
find_engine
build_worker "$IMAGE" || stop "The image could not be built." "The lines above say at which step."
enter "$IMAGE"
trap leave EXIT
check "the image is labelled with the revision that it was built from" revision_label
check "the image measures its own test_input.json" test_job
check "pip finds nothing amiss but the opencv-contrib-python that is left out" agreement
check "the Python packages take at most $PACKAGES_MB MB" size
check "it runs as a user who is not root and owns neither the code nor the packages" user
check "all modules are loaded from baked bytecode" bytecode
check "the worker answers the jobs of a queue" queue
if can_seal; then
    check "it works without network and with nothing writable but /tmp" run_sealed "$IMAGE" python -u runpod_handler.py
else
    printf 'left out: without network and with nothing writable but /tmp; buildah can do that only as root\n'
fi
