#!/usr/bin/env bash
# Install one environment into .venv: envs/install.sh cpu|test|gpu     (`make setup`, `make setup-test` call this);
# VENV=.venv-viewers envs/install.sh viewers: one beside it, without torch (`make export FORMAT=inspect` calls it); and
# VENV=.venv-docs envs/install.sh docs (`make docs`)
#
# A lock is complete, so nothing is resolved: uv (itself pinned by hash) fetches what the lock names, --no-deps, checked
# against the lock's hashes. torch's CPU build is in no lock: it is not on the package index but in a wheel folder, if
# PIP_FIND_LINKS or UV_FIND_LINKS names one that holds it, or on PyTorch's own CPU index. It is pinned by its version.
set -euo pipefail
unset CDPATH
cd "$(dirname "$0")/.."

variant=${1:?usage: envs/install.sh cpu|test|gpu|viewers|docs}
venv=${VENV:-.venv}
named=${PYTHON:-}
python=${named:-python3}
torch_index=https://download.pytorch.org/whl/cpu
torch=$(grep -E '^torch==' envs/cpu.in) # torch==<version>+cpu
platform="$(uname -s) $(uname -m)"
. envs/settings.sh

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 2; }

# --- what is refused before anything is downloaded ---

case $variant in cpu | test | gpu | viewers | docs) ;; *) die "$variant: not one of cpu, test, gpu, viewers, docs" ;; esac

glibc=99 # the y of glibc 2.y; of no matter where it is not known
case $platform in
    'Linux x86_64' | 'Linux aarch64')
        libc=$(getconf GNU_LIBC_VERSION 2>/dev/null || ldd --version 2>&1 | head -n 1) || true
        [[ $libc != *musl* ]] || die "this Linux has the C library musl; the packages have wheels for glibc alone"
        [[ ! ${libc##* } =~ ^2\.([0-9]+) ]] || glibc=${BASH_REMATCH[1]}
        ((glibc >= 28)) || die "this Linux has glibc 2.$glibc; the packages' wheels need 2.28 or newer" ;;
    'Darwin arm64')
        macos=$(sw_vers -productVersion 2>/dev/null) || macos=99
        ((${macos%%.*} >= 14)) || die "this is macOS $macos; torch's wheel needs macOS 14 or newer" ;;
    'Darwin x86_64')
        die "macOS on Intel: the packages have no wheels for it (on Apple silicon, this shell runs under Rosetta)" ;;
    *) die "$platform: the packages have wheels for Linux (x86_64, aarch64; WSL is Linux) and macOS on Apple silicon" ;;
esac

# vLLM, in test.lock and gpu.lock, is for Linux x86_64; a library of it needs glibc 2.31.
vllm=false
if [[ $platform == 'Linux x86_64' ]] && ((glibc >= 31)); then vllm=true; fi
case $variant in
    cpu | viewers | docs) locks=("envs/$variant.lock") ;;
    test) if $vllm; then locks=(envs/test.lock); else locks=(envs/cpu.lock envs/tools.lock); fi ;;
    gpu) [[ $platform == 'Linux x86_64' ]] ||
             die "the CUDA build is for Linux x86_64, this is $platform: make setup TORCH=cpu"
         $vllm || die "this Linux has glibc 2.$glibc, and vLLM needs 2.31 or newer: use a container" \
                      "(envs/container.def), or make setup TORCH=cpu"
         locks=(envs/gpu.lock) ;;
esac

kind_of='import platform, sys, sysconfig
print("%s %d.%d%s%s" % ((platform.python_implementation(),) + tuple(sys.version_info[:2]) + (
    "" if sys.maxsize > 2**32 else " (32-bit)",
    " (free-threaded)" if sysconfig.get_config_var("Py_GIL_DISABLED") else "")))'

# What a python is, such as "CPython 3.11"; one that the locks have no wheels for is refused.
kind() {
    local said
    said=$("$1" -c "$kind_of" 2>&1) || die "$1 does not run: ${said##*$'\n'}"
    said=${said##*$'\n'}
    case $said in
        'CPython 3.11' | 'CPython 3.12' | 'CPython 3.13') printf %s "$said" ;;
        *) die "$1 is $said; the packages have wheels for CPython 3.11, 3.12 and 3.13:${2:-} name one of these:" \
               "make setup PYTHON=python3.11" ;;
    esac
}

works() { [[ -x $venv/bin/python ]] && "$venv/bin/python" -m pip --version >/dev/null 2>&1; }

interpreter=$python remove=
if [[ -z $named ]] && works; then interpreter=$venv/bin/python remove=" remove $venv, and"; fi
command -v "$interpreter" >/dev/null || die "$interpreter: not found; name a Python 3.11: make setup PYTHON=python3.11"
wanted=$(kind "$interpreter" "$remove")

# --- the virtual environment ---

[[ ! -d $venv || -e $venv/pyvenv.cfg || -z $(find "$venv/" -mindepth 1 ! -name .setup.lock | head -n 1) ]] ||
    die "$venv is a folder with something else in it, not a virtual environment: name another: make setup VENV=folder"
why=$({ mkdir -p "$venv" && : >>"$venv/.setup.lock"; } 2>&1) ||
    die "cannot write to $venv (${why##*: }): copy the project to a folder of yours, or name another place:" \
        "make setup VENV=folder"

exec 9>>"$venv/.setup.lock"
"$interpreter" -c '
import fcntl, sys
try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held until this script, which has the file open, ends
except BlockingIOError:
    print("setup: waiting for another one to end", file=sys.stderr)
    fcntl.flock(9, fcntl.LOCK_EX)
except OSError:  # a file system without locks
    pass
'

if works; then
    found=$(kind "$venv/bin/python" " remove $venv, and")
    [[ $found == "$wanted" ]] ||
        die "$venv has $found, and $named is $wanted: remove $venv to have it made again, or leave PYTHON= out"
else
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        die "$python has no venv or ensurepip (Debian and Ubuntu keep them in the package python3-venv)"
    say "creating $venv with $wanted ($(command -v "$python"))"
    # One without pip is an installation cut short, completed here; what has no such Python is stale and goes.
    [[ -x $venv/bin/python && $("$venv/bin/python" -c "$kind_of" 2>&1) == "$wanted" ]] ||
        find "$venv/" -mindepth 1 -maxdepth 1 ! -name .setup.lock -exec rm -rf {} +
    "$python" -m venv "$venv" || die "$python -m venv $venv failed, see above"
fi
rm -f "$venv"/*.installed # until this one is whole, none is

# --- what the lock names ---

keep_pip_settings "$venv/bin/python" || die "pip cannot read its settings, see above"
tell_uv

uv=$(grep -oE '^uv==[^ ]+' envs/installer.lock)
pip_install=("$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps)
[[ uv==$("$venv/bin/uv" --version 2>/dev/null | cut -d' ' -f2) == "$uv" ]] ||
    "${pip_install[@]}" --require-hashes -r envs/installer.lock
# Each job is a Python of its own. Where no bytecode may be written (PYTHONDONTWRITEBYTECODE, a read-only folder), it would
# compile all that it imports anew: 14 s instead of 6 for a model.
uv_install=("$venv/bin/uv" pip install --python "$venv/bin/python" --no-deps --compile-bytecode)
[[ -t 2 ]] || uv_install+=(--quiet) # progress is for a terminal
no_index=() # uv has no variable for it
if is_true "${PIP_NO_INDEX:-}" || is_true "${UV_NO_INDEX:-}"; then no_index=(--no-index); fi
read -r -d '' -a folders <<<"${PIP_FIND_LINKS:-} $(tr , " " <<<"${UV_FIND_LINKS:-}")" || true
unset UV_FIND_LINKS
for folder in ${folders[@]+"${folders[@]}"}; do uv_install+=(--find-links "$folder"); done

for lock in "${locks[@]}"; do
    say "installing $lock"
    "${uv_install[@]}" ${no_index[@]+"${no_index[@]}"} --require-hashes --build-constraints envs/installer.lock \
        -r "$lock"
done

if [[ $variant == cpu || $variant == test ]]; then
    if [[ $platform == Darwin* ]]; then torch=${torch%+cpu}; fi # macOS has one build, without the +cpu
    if [[ ${#folders[@]} -gt 0 ]] && why=$("${uv_install[@]}" --no-index "$torch" 2>&1); then
        say "$torch from the wheel folder"
    else
        [[ ${#folders[@]} -eq 0 ]] || printf 'setup: %s is not in %s:\n%s\n' "$torch" "${folders[*]}" "$why" >&2
        [[ ${#no_index[@]} -eq 0 ]] || die "no $torch for $platform, $wanted in a wheel folder; no index may be asked"
        say "$torch from $torch_index"
        "${uv_install[@]}" --default-index "$torch_index" "$torch" ||
            die "no $torch for $platform, $wanted; where that index is out of reach, put the wheel into a folder and" \
                "name it: PIP_FIND_LINKS=folder"
    fi
fi

# Later calls of make keep to this build of torch.
case $variant in cpu | test) echo cpu >"$venv/torch" ;; gpu) echo cuda >"$venv/torch" ;; esac
touch "$venv/$variant.installed"
say "$venv is ready ($(du -sh "$venv" | cut -f1))"
