#!/usr/bin/env bash
# Install what tests/browser needs, where it is missing: Playwright and axe into a folder of their own, by their hashes,
# and Chromium as Debian and Ubuntu package it (needs root). Playwright's own browsers are not downloaded.
set -euo pipefail

die() { printf 'error: %s\n' "$*" >&2; exit 2; }

python=$1 folder=$2
here=$(dirname "$0")
wanted=$(sha256sum <"$here/requirements.txt")
if [[ ! -e $folder/installed || $(<"$folder/installed") != "$wanted" ]]; then
    rm -rf "$folder"
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --target "$folder" \
        -r "$here/requirements.txt" || die "$here/requirements.txt: pip could not install it, see above"
    printf '%s\n' "$wanted" >"$folder/installed"
fi

command -v chromium >/dev/null || command -v google-chrome >/dev/null && exit 0
command -v apt-get >/dev/null || die "chromium: not installed, and no apt-get here; install Chromium by hand"
[[ $(id -u) -eq 0 ]] || die "chromium: not installed; as root: apt-get install chromium"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium
