#!/usr/bin/env bash
# Remove a study's results and figures (`make clean STUDY=mini`), or those of all studies (STUDY=all).
set -euo pipefail
study=${1-}
mkdir -p results figures
there=$(find results figures -mindepth 1 -maxdepth 1 -type d ! -name '.*' -printf '%f\n' | sort -u | paste -sd ' ')

die() { printf 'error: %s; there are: %s (or all of them: STUDY=all)\n' "$1" "${there:-none}" >&2; exit 2; }

[[ $study ]] || die "STUDY: say which study's results are to go"
if [[ $study == all ]]; then
    find results figures -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +
elif [[ " $there " == *" $study "* && $study != *' '* ]]; then
    rm -rf "results/$study" "figures/$study"
else
    die "STUDY=$study: no such results"
fi
printf 'removed: results and figures of %s\n' "$study"
