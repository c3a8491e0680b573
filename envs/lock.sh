#!/usr/bin/env bash
# Compile every lock and conda environment from the *.in files: envs/lock.sh [--upgrade]     (`make lock` calls this)
#
# Without --upgrade the versions that are there stay wherever the *.in files allow it. cpu.lock and tools.lock hold for
# every platform; test.lock and gpu.lock for Linux x86_64, where vLLM's builds are, and glibc 2.31. torch's CPU build and
# its companions are left out: see install.sh. The conda environments list the same versions, one file per tool family.
# Compiled for Python 3.11: what 3.12 and 3.13 need beside it stands in the *.in files. At the end, wheels.sh.
set -euo pipefail
unset CDPATH
cd "$(dirname "$0")"
. ./settings.sh
uv=${UV:-../.venv/bin/uv}
compile=("$uv" pip compile --quiet --python-version 3.11 --no-header --no-annotate "$@")
linux=(--python-platform x86_64-manylinux_2_31)
no_torch=(--no-emit-package torch --no-emit-package torchvision --no-emit-package torchaudio --no-emit-package torchcodec)

# torch's CPU build: out of the wheel folder where one is named, else from PyTorch's own index.
find_links=${UV_FIND_LINKS:-${PIP_FIND_LINKS:-}}
unset UV_FIND_LINKS
if [[ -n $find_links ]]; then cpu_torch=(--find-links "$find_links"); else cpu_torch=(--torch-backend cpu); fi

"${compile[@]}" --generate-hashes --universal installer.in -o installer.lock
"${compile[@]}" --generate-hashes --universal viewers.in -o viewers.lock
"${compile[@]}" --generate-hashes --universal docs.in -o docs.lock
"${compile[@]}" --generate-hashes "${linux[@]}" "${cpu_torch[@]}" "${no_torch[@]}" test.in -o test.lock
"${compile[@]}" --generate-hashes --universal "${cpu_torch[@]}" "${no_torch[@]}" -c test.lock cpu.in -o cpu.lock
"${compile[@]}" --generate-hashes --universal -c test.lock tools.in -o tools.lock
[[ -s gpu.lock ]] || cp test.lock gpu.lock # the versions to start from
"${compile[@]}" --generate-hashes "${linux[@]}" -c cpu.lock -c tools.lock gpu.in -o gpu.lock

# A hash with every pin, as conda hands the pip section to pip: one requirements file, where one hash asks for all.
for family in data train merge sample plot; do
    {
        cat <<HEADER
# Made by \`make lock\` from $family.in, at the versions and hashes of gpu.lock: change those, not this.
# Linux x86_64, NVIDIA GPU. Older pips do not see that a pinned pydantic is pydantic[email] too (their issue 12345).
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip>=23.3
  - pip:
HEADER
        "${compile[@]}" --generate-hashes "${linux[@]}" -c gpu.lock "$family.in" |
            sed -E 's/ \\$//; s/^ +--hash/        --hash/; s/^([^ ])/      - \1/'
    } >".$family.yaml"
    mv ".$family.yaml" "$family.yaml"
done

UV=$uv bash wheels.sh
