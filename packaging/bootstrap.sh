# Sourced by ../techo when something is missing: finds a Python that is new enough and lets packaging/launcher do the
# rest. Expects $root and $venv, and the functions stamp_key and ready.

# new_enough PYTHON: 3.11 or newer.
new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# find_python: sets $python to a Python that is new enough, or to nothing.
find_python() {
    python=
    if [ -n "${TECHO_PYTHON-}" ]; then
        new_enough "$TECHO_PYTHON" && python=$TECHO_PYTHON
        return 0
    fi
    for candidate in "$venv/bin/python" python3 python3.13 python3.12 python3.11 python3.14 python; do
        new_enough "$candidate" && { python=$candidate; return 0; }
    done
    return 0
}

# os_family: the first word we know of /etc/os-release's ID and ID_LIKE.
os_family() {
    [ "$(uname -s)" = Darwin ] && { echo macos; return; }
    names=$( ( . /etc/os-release; echo "${ID-} ${ID_LIKE-}" ) 2>/dev/null )
    for name in $names; do
        case $name in
            debian | ubuntu) echo debian; return ;;
            fedora | rhel | centos) echo fedora; return ;;
            suse | opensuse*) echo suse; return ;;
            arch) echo arch; return ;;
        esac
    done
    echo other
}

# install_python: as root on Debian, Python and its venv module.
install_python() {
    [ "$(os_family)" = debian ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 0
    echo "Python 3.11 or newer is missing; installing it with apt-get." >&2
    log=$(mktemp "${TMPDIR:-/tmp}/techo-apt.XXXXXX")
    {
        DEBIAN_FRONTEND=noninteractive
        export DEBIAN_FRONTEND
        apt-get -q update
        apt-get -q -y --no-install-recommends install python3 python3-venv
        find_python
        for version in 3.13 3.12 3.11; do
            [ -n "$python" ] && break
            apt-get -q -y --no-install-recommends install "python$version" "python$version-venv"
            find_python
        done
    } >"$log" 2>&1 </dev/null
    if [ -n "$python" ]; then
        rm -f "$log"
    else
        echo "That did not work; the log is $log." >&2
    fi
}

# no_python: says what is missing and how to get it; ends.
no_python() {
    echo >&2
    if [ -n "${TECHO_PYTHON-}" ]; then
        echo "TECHO_PYTHON is $TECHO_PYTHON, which is no Python 3.11 or newer." >&2
        exit 4
    fi
    found=$(python3 --version 2>/dev/null)
    echo "Techo needs Python 3.11 or newer${found:+; found $found}." >&2
    case $(os_family) in
        debian) how="sudo apt-get install python3 python3-venv     (older systems: python3.11 python3.11-venv)" ;;
        fedora) how="sudo dnf install python3.12" ;;
        suse) how="sudo zypper install python312" ;;
        arch) how="sudo pacman -S python" ;;
        macos) how="brew install python@3.12" ;;
        *) how="(with your system's package manager) python3.12" ;;
    esac
    echo >&2
    echo "Install it with:  $how" >&2
    echo "Or name one:      TECHO_PYTHON=/path/to/python3.12 ./techo" >&2
    exit 4
}

# set_up GOAL...: sets up, then stamps the goals that were reached. Ends when they were not.
set_up() {
    find_python
    [ -n "$python" ] || [ -n "${TECHO_PYTHON-}" ] || install_python
    [ -n "$python" ] || no_python
    PYTHONPATH=$root/packaging "$python" -P -B -m launcher "$root" "$@" || exit
    key=$(stamp_key)
    for goal in $(cat "$venv/.techo/reached"); do
        printf '%s\n' "$key" > "$venv/.techo/$goal.new" && mv -f "$venv/.techo/$goal.new" "$venv/.techo/$goal.stamp"
    done
}
