#!/usr/bin/env bash
# Look up whether every package of the locks has a wheel for each Python and platform that docs/setup.md promises; no
# package is installed: envs/wheels.sh     (lock.sh calls this)
#
# connection-pool, pure Python, is the one package without wheels. torch's CPU build for Linux is on its own index.
set -euo pipefail
unset CDPATH
cd "$(dirname "$0")"
. ./settings.sh

uv=${UV:-../.venv/bin/uv}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export MACOSX_DEPLOYMENT_TARGET=14.0
missing=0

# look_up PLATFORM REQUIREMENT...
look_up() {
    local platform=$1 python
    shift
    for python in 3.11 3.12 3.13; do
        if "$uv" pip install --dry-run --quiet --no-deps --only-binary :all: --no-binary connection-pool \
            --target "$folder" --python-version "$python" --python-platform "$platform" "$@"; then
            printf 'wheels: Python %s, %s: %s\n' "$python" "$platform" "${*: -1}"
        else
            missing=1
        fi
    done
}

for platform in x86_64-manylinux_2_28 aarch64-manylinux_2_28 aarch64-apple-darwin; do
    for lock in cpu tools; do look_up "$platform" --require-hashes -r "$lock.lock"; done
done
for lock in test gpu; do look_up x86_64-manylinux_2_31 --require-hashes -r "$lock.lock"; done
torch=$(grep -E '^torch==' cpu.in)
look_up aarch64-apple-darwin "${torch%+cpu}"
exit "$missing"
