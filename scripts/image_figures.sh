#!/usr/bin/env bash
# The worker's image beside one made in the obvious way from the same tree, both built here and now, without a cache;
# `make image-figures`. Sizes are those of the images as archives, plain and after gzip.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/engine.sh
. scripts/engine.sh

PYTHON=${PYTHON:-python3}

# What a first draft of the Dockerfile would be.
obvious_tree() {
    git archive HEAD | tar -x -C "$1"
    rm "$1/.dockerignore"
    cat >"$1/Dockerfile" <<'DOCKERFILE'
FROM docker.io/library/python:3.11-slim-bookworm
RUN apt-get update && apt-get install -y libgl1 libglib2.0-0 libegl1 libgles2
WORKDIR /app
COPY requirements_runpod.txt .
RUN pip install -r requirements_runpod.txt
COPY . .
RUN python -m posture.model fetch
CMD ["python", "-u", "runpod_handler.py"]
DOCKERFILE
}

seconds() {
    local start=$SECONDS
    "$@" >&2
    echo $((SECONDS - start))
}

archive() {
    case $ENGINE in
        buildah) buildah push --quiet "$1" "docker-archive:$2" ;;
        *) "$ENGINE" save --output "$2" "$1" ;;
    esac
}

megabytes() {
    echo $(($(wc -c) / 1048576))
}

# The median of three cold starts, from the start of the engine's command to the first measurement.
first_answer() {
    for _ in 1 2 3; do "$PYTHON" -m testing.image_worker "$@" python -u runpod_handler.py; done | sort -n | sed -n 2p
}

# figures IMAGE SECONDS: a column of the table.
figures() {
    archive "$1" "$folder/archive"
    enter "$1"
    echo "$2"
    # shellcheck disable=SC2016  # for the shell inside
    inside sh -c 'du -sm "$(python -c "import sysconfig; print(sysconfig.get_path(\"purelib\"))")" | cut -f 1'
    megabytes <"$folder/archive"
    gzip <"$folder/archive" | megabytes
    first_answer "${INSIDE[@]}"
    leave
    rm "$folder/archive"
}

find_engine
folder=$(mktemp -d)
trap 'leave; rm -rf "$folder"' EXIT
mkdir "$folder/tree"
obvious_tree "$folder/tree"
worker=$(seconds build_worker posture:check --no-cache)
obvious=$(seconds build_image posture:obvious "$folder/tree" --no-cache)
figures posture:check "$worker" >"$folder/worker"
figures posture:obvious "$obvious" >"$folder/obvious"

row='%-24s%12s%16s\n'
# shellcheck disable=SC2059  # the format of every line
printf "$row" '' 'this image' 'the obvious one'
for name in 'build, s' 'Python packages, MB' 'image, MB' 'image compressed, MB' 'first answer, s'; do
    read -r ours <&3
    read -r theirs <&4
    # shellcheck disable=SC2059
    printf "$row" "$name" "$ours" "$theirs"
done 3<"$folder/worker" 4<"$folder/obvious"
[ ! -x .venv/bin/python ] || printf 'first answer outside of an image, s: %s\n' "$(first_answer env PATH="$PWD/.venv/bin:$PATH")"
