# The worker's image, for linux/amd64. build_and_deploy.sh builds, tries and pushes it; `make image-check` checks it.
# A digest pins the base: --build-arg BASE=docker.io/library/python:3.11-slim-bookworm@sha256:...
ARG BASE=docker.io/library/python:3.11-slim-bookworm

FROM ${BASE} AS build
ENV PATH=/opt/venv/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    POSTURE_MODEL=/opt/model/pose_landmarker_full.task \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /build
COPY requirements_runpod.lock .
# Bytecode follows below, for what the worker imports: for all packages it would be 86 MB. Of the 400 services that
# botocore describes (28 MB), the SDK knows S3 alone.
RUN python -m venv /opt/venv \
    && pip install --no-compile --no-deps --require-hashes -r requirements_runpod.lock \
    && find /opt/venv/lib/python*/site-packages/botocore/data -mindepth 1 -maxdepth 1 -type d ! -name s3 \
        -exec rm -r {} +
COPY posture/__init__.py posture/model.py posture/
COPY posture/models/__init__.py posture/models/derived.py posture/models/files.py posture/models/
# Of the pose model a worker loads the two that are derived from the published one. The face model lies beside it.
RUN python -m posture.model fetch \
    && ls /opt/model/*_lean.task /opt/model/*_marker.task /opt/model/face_landmarker.task \
    && rm "$POSTURE_MODEL" \
    && pip uninstall --yes pip setuptools

FROM ${BASE}
# The libraries that MediaPipe is linked against. They are not pinned: Debian keeps no version but the last.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libegl1 libgles2 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
    && useradd --uid 1000 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin posture
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/model /opt/model
# RUNPOD_MIN_MEMORY_GB is the free memory without which the SDK ends a worker that starts: 4 where it is not told. Ours
# takes up to 0.5 on two cores with 32 jobs in hand, and 1.0 with the largest photos that are taken: bench/README.md.
ENV PATH=/opt/venv/bin:$PATH \
    MPLCONFIGDIR=/opt/matplotlib \
    POSTURE_MODEL=/opt/model/pose_landmarker_full.task \
    PYTHONUNBUFFERED=1 \
    RUNPOD_LOG_LEVEL=INFO \
    RUNPOD_MIN_MEMORY_GB=1
WORKDIR /app
COPY LICENSE runpod_handler.py test_input.json ./
COPY docs/THIRD_PARTY.md docs/
COPY posture posture
# The first run leaves the bytecode of all that it imports, also of the standard library, for which the base has none,
# and Matplotlib's font cache; what fetches photos, as that run does not, is imported before it. Matplotlib uses its
# cache only where it may also write. The files of a checkout may be its owner's alone to read.
RUN python -c "import mediapipe, runpod, posture.worker.fetch, anyio._backends._asyncio" \
    && python runpod_handler.py \
    && chmod -R go+rX . \
    && chown -R posture: "$MPLCONFIGDIR"
ENV PYTHONDONTWRITEBYTECODE=1

ARG VERSION=unknown
ARG REVISION=unknown
# Podman and buildah take a LABEL of an earlier build from their cache, whatever the arguments are now, unless a command
# before it has them too.
RUN : "${VERSION}" "${REVISION}"
LABEL org.opencontainers.image.title="Posture worker" \
    org.opencontainers.image.description="RunPod serverless worker: posture angles from a front and a side photograph" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
USER 1000
CMD ["python", "-u", "runpod_handler.py"]
