# Sourced by install.sh and lock.sh: the user's settings of Python, pip and uv do not change what a lock installs.
#
# What says where packages come from, and how to get there, is kept: indexes, wheel folders, certificates, proxies,
# timeouts, caches. All else goes (PIP_USER, `user = true` in pip.conf, UV_REQUIRE_HASHES, PYTHONHOME, ...). What may
# pass is listed, not what may not: other options come with every version of pip and uv.
unset CDPATH # else `cd` may go elsewhere

for name in ${!PYTHON@}; do unset "$name"; done
for name in ${!UV_@}; do
    case $name in
        UV_DEFAULT_INDEX | UV_INDEX | UV_INDEX_* | UV_EXTRA_INDEX_URL | UV_FIND_LINKS | UV_NO_INDEX | UV_OFFLINE) ;;
        UV_NATIVE_TLS | UV_SYSTEM_CERTS | UV_INSECURE_HOST | UV_KEYRING_PROVIDER | UV_CREDENTIALS_DIR | UV_HTTP_*) ;;
        UV_REQUEST_TIMEOUT | UV_CONCURRENT_* | UV_CACHE_DIR | UV_NO_CACHE | UV_LINK_MODE | UV_NO_PROGRESS) ;;
        *) unset "$name" ;;
    esac
done
export UV_NO_CONFIG=1

pip_options='index-url extra-index-url find-links no-index trusted-host cert client-cert proxy timeout default-timeout
    retries cache-dir no-cache-dir keyring-provider use-feature use-deprecated'

pip_variable() { printf 'PIP_%s' "$1" | tr 'a-z-' 'A-Z_'; }

is_true() { [[ ${1:-} =~ ^(1|[Tt]rue|[Yy]es|[Oo]n|y|t)$ ]]; }

# keep_pip_settings PYTHON: put what pip's files say of these options into the environment, where it does not say it
# already. The section of a command goes before [global]. From then on pip reads no file.
keep_pip_settings() {
    local wanted=' PIP_CONFIG_FILE ' files option name section value
    for option in $pip_options; do wanted+="$(pip_variable "$option") "; done
    for name in ${!PIP_@}; do [[ $wanted == *" $name "* ]] || unset "$name"; done
    files=$("$1" -m pip -vvv config list) || return 1 # -vvv: a `quiet` in a file would hide them
    for option in $pip_options; do
        name=$(pip_variable "$option")
        [[ -z ${!name:-} ]] || continue
        for section in global install; do
            value=$(sed -n "s/^$section\.$option=['\"]\(.*\)['\"]\$/\1/p" <<<"$files")
            [[ -z $value ]] || export "$name=${value//\\n/ }"
        done
    done
    export PIP_CONFIG_FILE=/dev/null
}

# uv does not read pip's settings: tell it of them, where its own variables say nothing.
tell_uv() {
    local certificates name
    export UV_HTTP_TIMEOUT=${UV_HTTP_TIMEOUT:-300}
    for certificates in "${SSL_CERT_FILE:-}" "${PIP_CERT:-}" "${REQUESTS_CA_BUNDLE:-}" "${CURL_CA_BUNDLE:-}"; do
        if [[ -f $certificates ]]; then export SSL_CERT_FILE=$certificates; break; fi
    done
    [[ -z ${PIP_CLIENT_CERT:-} ]] || export SSL_CLIENT_CERT=${SSL_CLIENT_CERT:-$PIP_CLIENT_CERT}
    for name in HTTP_PROXY HTTPS_PROXY http_proxy https_proxy; do
        [[ -z ${PIP_PROXY:-} ]] || export "$name=$PIP_PROXY"
    done
    [[ -z ${PIP_TRUSTED_HOST:-} ]] || export UV_INSECURE_HOST=${UV_INSECURE_HOST:-$PIP_TRUSTED_HOST}
    [[ -z ${PIP_RETRIES:-} ]] || export UV_HTTP_RETRIES=${UV_HTTP_RETRIES:-$PIP_RETRIES}
    [[ ${PIP_KEYRING_PROVIDER:-} != subprocess ]] || export UV_KEYRING_PROVIDER=${UV_KEYRING_PROVIDER:-subprocess}
    [[ -z ${PIP_CACHE_DIR:-} ]] || export UV_CACHE_DIR=${UV_CACHE_DIR:-$PIP_CACHE_DIR/uv}
    ! is_true "${PIP_NO_CACHE_DIR:-}" || export UV_NO_CACHE=1
    [[ -z ${PIP_INDEX_URL:-} || -n ${UV_INDEX_URL:-} ]] || export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$PIP_INDEX_URL}
    if [[ -n ${PIP_EXTRA_INDEX_URL:-} && -z ${UV_INDEX:-}${UV_EXTRA_INDEX_URL:-} ]]; then
        # As pip has it: every index is looked at, not only the first that knows the package. The hashes guard it.
        export UV_INDEX=$PIP_EXTRA_INDEX_URL UV_INDEX_STRATEGY=${UV_INDEX_STRATEGY:-unsafe-best-match}
    fi
}
