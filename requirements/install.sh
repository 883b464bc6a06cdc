#!/bin/sh
# Bring .venv to a lock: `sh requirements/install.sh PYTHON requirements/run.txt`. By uv, itself pinned, which takes seconds;
# where uv cannot be had or cannot reach the packages, by pip, which takes minutes. Packages that are there already stay.
# Bytecode is left to whoever imports a module first: compiling all 11,000 files takes longer than the rest.
set -eu
cd "$(dirname "$0")/.."
python=$1 lock=$2
pins=requirements/uv.txt uv=.tools/uv/bin/uv

"$python" -c 'import sys
if sys.version_info[:2] != (3, 11):
    found = sys.version.split()[0]
    sys.exit(f"Driftloop needs Python 3.11, found {found}: install it, or name it with make PYTHON=/path/to/python3.11")'

have_uv() {
    if [ ! -x "$uv" ] || [ "$pins" -nt "$uv" ]; then
        rm -rf .tools/uv
        "$python" -m pip install -qq --disable-pip-version-check --root-user-action ignore --require-hashes --target .tools/uv -r "$pins" && touch "$uv"
    fi
}

by_uv() {
    if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
        "$uv" venv --quiet --clear --python "$python" .venv || return 1
    fi
    "$uv" pip install --quiet --python .venv/bin/python --require-hashes -r "$lock" &&
        "$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .
}

by_pip() {
    "$python" -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
}

if ! have_uv; then
    echo "uv, in the version of $pins, cannot be installed for $python (the reason stands above): pip sets up .venv, in a few minutes"
    by_pip
elif ! by_uv; then
    echo "uv cannot install $lock (the reason stands above): pip tries it, in a few minutes"
    by_pip
fi
