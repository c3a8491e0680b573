#!/usr/bin/env bash
# Install what tests/slurm needs, where it is missing: Slurm and munge, as Debian and Ubuntu package them. Needs root.
# Nothing of it is configured, and services that the packages may start are not used: the tests bring a folder and ports.
set -euo pipefail

die() { printf 'error: %s\n' "$*" >&2; exit 2; }

PATH=$PATH:/usr/sbin
missing=()
for program in munged slurmctld slurmd sbatch srun; do
    command -v "$program" >/dev/null || missing+=("$program")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

command -v apt-get >/dev/null || die "not installed: ${missing[*]}; no apt-get here, install Slurm and munge by hand"
[[ $(id -u) -eq 0 ]] || die "not installed: ${missing[*]}; as root: apt-get install slurm-wlm munge"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends slurm-wlm munge
