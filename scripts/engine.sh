# shellcheck shell=bash
# Images by docker, podman or buildah, whichever works. Sourced by the scripts that build one.
#
# find_engine sets ENGINE. With DRY_RUN set, a command that `run` is given is shown and not run.

PLATFORM=linux/amd64
WORKER_UID=1000 # as in the Dockerfile
CONTAINER=posture-inside-$$

# stop PROBLEM ADVICE: ends the script with what is wrong and what to do about it.
stop() {
    printf '%s: %s %s\n' "${0##*/}" "$1" "$2" >&2
    exit 1
}

# run COMMAND...: shows it, then runs it.
run() {
    printf '+'
    printf ' %q' "$@"
    printf '\n'
    [ -n "${DRY_RUN:-}" ] || "$@"
}

# A docker client without its daemon does not work, so each is asked. CONTAINER_ENGINE names one. A dry run needs none:
# it then shows the commands of the first.
find_engine() {
    local engines=${CONTAINER_ENGINE:-docker podman buildah} none
    for ENGINE in $engines; do
        "$ENGINE" info >/dev/null 2>&1 && return
    done
    ENGINE=${engines%% *} none="None of these works here: $engines."
    [ -n "${DRY_RUN:-}" ] || stop "$none" "Install one or start its service, until '$ENGINE info' succeeds."
    echo "$none The commands are shown as for $ENGINE." >&2
}

# build_image IMAGE FOLDER [OPTION...]
build_image() {
    local image=$1 folder=$2
    shift 2
    [ "$ENGINE" != buildah ] || set -- --layers "$@" # a cache, which the others keep unasked
    run "$ENGINE" build --platform "$PLATFORM" "$@" --tag "$image" "$folder"
}

# The commit that is built, marked where the tree holds changes that are in no commit; nothing outside of git.
#
# build_and_deploy.sh does not count: settings are written into it, and .dockerignore leaves it out of the image, which
# is the same with and without them.
revision() {
    local commit
    commit=$(git rev-parse HEAD 2>/dev/null) || return 0
    [ -z "$(git --no-optional-locks status --porcelain -- ':(exclude)build_and_deploy.sh')" ] || commit+=-dirty
    echo "$commit"
}

# build_worker IMAGE [OPTION...]: the worker's image, labelled with what it was built from.
build_worker() {
    local image=$1 commit version
    shift
    commit=$(revision)
    version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' posture/__init__.py)
    build_image "$image" . --build-arg "VERSION=$version" --build-arg "REVISION=${commit:-unknown}" "$@"
}

# label IMAGE NAME: the value of an image's label.
label() {
    case $ENGINE in
        buildah) buildah inspect --type image --format "{{index .OCIv1.Config.Labels \"$2\"}}" "$1" ;;
        *) "$ENGINE" image inspect --format "{{index .Config.Labels \"$2\"}}" "$1" ;;
    esac
}

# enter IMAGE: sets INSIDE, the words that run a command in the image as it is run, with this machine's network.
# testing/image_worker.py puts the options of its environment in the place of the word ENVIRONMENT.
enter() {
    INSIDE=("$ENGINE" run --rm --name "$CONTAINER" --network host ENVIRONMENT "$1")
    if [ "$ENGINE" = buildah ]; then
        buildah from --quiet --name "$CONTAINER" "$1" >/dev/null
        INSIDE=(buildah run ENVIRONMENT "$CONTAINER" --)
    fi
}

inside() {
    local word words=()
    for word in "${INSIDE[@]}"; do [ "$word" = ENVIRONMENT ] || words+=("$word"); done
    "${words[@]}" "$@"
}

# Buildah's container stays until here; that of the others only where --rm could not do its work.
leave() {
    local force=--force
    [ "$ENGINE" != buildah ] || force=--
    "$ENGINE" rm "$force" "$CONTAINER" >/dev/null 2>&1 || true
}

# Whether run_sealed can do what it says.
can_seal() {
    [ "$ENGINE" != buildah ] || unshare --net true 2>/dev/null
}

# run_sealed IMAGE COMMAND...: without network, and with nothing writable but /tmp.
run_sealed() {
    local image=$1
    shift
    case $ENGINE in
        buildah) run_buildah "$image" "$@" ;;
        *) run "$ENGINE" run --rm --platform "$PLATFORM" --network none --read-only --tmpfs /tmp "$image" "$@" ;;
    esac
}

# `buildah run` knows no such options: a network of its own comes from unshare, and the rest is mounted inside, /tmp as
# docker does it.
run_buildah() {
    local image=$1 container=posture-$$ status=0
    shift
    # shellcheck disable=SC2016  # for the shell inside
    local seal='mount -o remount,bind,ro / && mount -t tmpfs -o nosuid,nodev,noexec tmpfs /tmp && shift && exec setpriv "$@"'
    run buildah from --quiet --name "$container" "$image"
    run unshare --net buildah run --user 0 --cap-add CAP_SYS_ADMIN "$container" -- \
        sh -c "$seal" sh -- --reuid "$WORKER_UID" --regid "$WORKER_UID" --clear-groups -- "$@" || status=$?
    run buildah rm "$container"
    return "$status"
}

# push_image IMAGE: pushes it and sets DIGEST.
push_image() {
    local image=$1 said
    said=$(mktemp)
    case $ENGINE in
        docker) run docker push "$image" | tee "$said" ;;
        *) run "$ENGINE" push --digestfile "$said" "$image" ;;
    esac || { rm "$said"; return 1; }
    # shellcheck disable=SC2034  # for the caller
    DIGEST=$(grep -oE 'sha256:[0-9a-f]{64}' "$said" | tail -n 1)
    rm "$said"
}
