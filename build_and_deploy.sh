#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")"

# Set these here or in the environment. This file is not in the image, so that what is changed in it needs no commit.
REGISTRY_URL=${REGISTRY_URL:-docker.io/your-dockerhub-username}
IMAGE_NAME=${IMAGE_NAME:-posture-measurement-api}
IMAGE_TAG=${IMAGE_TAG:-} # by default the git revision
BASE_IMAGE=${BASE_IMAGE:-} # by default the Dockerfile's
CONTAINER_ENGINE=${CONTAINER_ENGINE:-} # by default the first of docker, podman and buildah that works
PYTHON=${PYTHON:-.venv/bin/python} # for --deploy

# Names that nobody has filled in yet, as parts of REGISTRY_URL; deploy/config.py knows them too.
PLACEHOLDERS='(^|/)your-(registry|registry-url|username|dockerhub-username)([/:.]|$)'

# shellcheck source=scripts/engine.sh
. scripts/engine.sh

usage() {
    cat <<'TEXT'
Builds the worker's image, tries it, pushes it, and on demand creates or updates the endpoint.

    REGISTRY_URL=docker.io/you ./build_and_deploy.sh [--deploy] [--dry-run]

    --deploy    then put the image to work: python -m deploy deploy, which needs RUNPOD_API_KEY
    --dry-run   show every command and change nothing; needs no engine and no key
    --help      show this

Environment, or the lines at the top of the script:

    REGISTRY_URL      registry and account, for instance docker.io/you or ghcr.io/you
    IMAGE_NAME        by default posture-measurement-api
    IMAGE_TAG         by default the git revision, of a tree without changes but in this script
    BASE_IMAGE        another base than the Dockerfile's, for instance the same with its digest
    CONTAINER_ENGINE  docker, podman or buildah; by default the first of them that works
    PYTHON            for --deploy, by default that of `make setup`

It stops at the first failure. The last line printed is the image with its digest, by which it is deployed whatever its
tag is.
TEXT
}

read_options() {
    DEPLOY='' DRY_RUN=''
    for option in "$@"; do
        case $option in
            --deploy) DEPLOY=yes ;;
            --dry-run) DRY_RUN=yes ;;
            --help | -h) usage && exit ;;
            *) stop "There is no option $option." "See $0 --help." ;;
        esac
    done
}

name_image() {
    local commit
    if [ -z "$IMAGE_TAG" ]; then
        commit=$(revision)
        [ -n "$commit" ] || stop "There is no git revision to name the image after." "Set IMAGE_TAG."
        [ "$commit" = "${commit%-dirty}" ] ||
            stop "The tree has changes that are in no commit." "Commit them, or set IMAGE_TAG to name what is built."
        IMAGE_TAG=${commit:0:12}
    fi
    REPOSITORY=${REGISTRY_URL%/}/$IMAGE_NAME
    IMAGE=$REPOSITORY:$IMAGE_TAG
}

# All that can be known to be wrong before minutes are spent on a build.
check_settings() {
    [[ ! $REGISTRY_URL =~ $PLACEHOLDERS ]] ||
        stop "REGISTRY_URL still holds the placeholder your-${BASH_REMATCH[2]}." "Set it to a registry of yours."
    [[ $REGISTRY_URL != *@* ]] ||
        stop "REGISTRY_URL holds a name or a password, which is not shown here." "Log in instead: docker login."
    [[ $REPOSITORY =~ ^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$ ]] ||
        stop "$REPOSITORY cannot be an image's name." "REGISTRY_URL is like docker.io/you: small letters, no https://."
    [[ $IMAGE_TAG =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] ||
        stop "$IMAGE_TAG cannot be an image's tag." "IMAGE_TAG takes letters, digits, '_', '.' and '-'."
    [ -z "$DEPLOY" ] || check_deploy
}

check_deploy() {
    command -v "$PYTHON" >/dev/null || stop "There is no $PYTHON for --deploy." "Run 'make setup', or set PYTHON."
    [ -z "$DRY_RUN" ] || return 0
    [ -n "${RUNPOD_API_KEY:+set}" ] || # so that `bash -x` does not show it
        stop "RUNPOD_API_KEY is not set, which --deploy needs." "Create a key in RunPod's console and export it."
    rehearse >/dev/null
}

# Shows the requests of the deployment, which is one by digest; what that is, only a push tells.
rehearse() {
    DRY_RUN='' run "$PYTHON" -m deploy deploy --image "$REPOSITORY@sha256:told-by-the-push" --dry-run ||
        stop "The endpoint could not be deployed." "The lines above say why; nothing was changed."
}

check_engine() {
    find_engine
    [ -n "$DRY_RUN" ] || can_seal || stop "buildah can try the image only as root." "Run this as root, or install docker or podman."
}

build() {
    set --
    [ -z "$BASE_IMAGE" ] || set -- --build-arg "BASE=$BASE_IMAGE"
    build_worker "$IMAGE" "$@" ||
        stop "The image could not be built." "The lines above say at which step; nothing was pushed."
}

# The image measures its own test_input.json as it will run: as its user, and here without a network.
smoke_test() {
    run_sealed "$IMAGE" python -u runpod_handler.py ||
        stop "The image does not work: it failed its own test job." "The lines above say why; nothing was pushed."
}

push() {
    push_image "$IMAGE" ||
        stop "The image could not be pushed." "Where it is for the login: '$ENGINE login ${REGISTRY_URL%%/*}'."
    [ -n "$DRY_RUN" ] || [ -n "$DIGEST" ] ||
        stop "$IMAGE was pushed, but $ENGINE did not tell its digest." "Look it up at the registry before you deploy."
}

deploy() {
    if [ -n "$DRY_RUN" ]; then
        rehearse
        return
    fi
    run "$PYTHON" -m deploy deploy --image "$REPOSITORY@$DIGEST" ||
        stop "The image is pushed, but the endpoint was not updated." \
            "Repeat just this step with: $PYTHON -m deploy deploy --image $REPOSITORY@$DIGEST"
}

read_options "$@"
name_image
check_settings
check_engine
build
smoke_test
push
[ -z "$DEPLOY" ] || deploy
[ -n "$DRY_RUN" ] || echo "$REPOSITORY@$DIGEST"
