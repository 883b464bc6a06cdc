#!/bin/sh
# The Python that is deployed (requirements/deployed-python-version), in .tools/deployed: the packages of requirements/dev.txt,
# and the part of Azure's own worker code that lists functions. Where there is no such Python (named by DEPLOYED_PYTHON, on PATH,
# or of pyenv), says so and makes none; the tests that need it are skipped.
set -eu
cd "$(dirname "$0")/.."
version=$(cat requirements/deployed-python-version)
home=.tools/deployed uv=.tools/uv/bin/uv
if ! found=$(sh requirements/find-python.sh "$version" "${DEPLOYED_PYTHON:-}"); then
    rm -rf "$home"
    echo "No Python $version here: what is deployed is not tried on it (name one with DEPLOYED_PYTHON=/path/to/python$version)"
    exit 0
fi
# The worker of 3.12 is on no index. That of 3.13 says that it needs 3.13, and runs on 3.12: pip is told to let it.
worker=.tools/deployed-worker.txt
awk '/^[a-z]/ { wanted = /^azure-?functions-(runtime|extensions-base)==/ } wanted' requirements/worker.txt >"$worker"
if [ -e "$home/.ready" ] && [ "$home/.ready" -nt requirements/dev.txt ] && [ "$home/.ready" -nt requirements/worker.txt ] &&
    "$home/bin/python" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" 2>/dev/null; then
    exit 0
fi
rm -rf "$home"
if [ -x "$uv" ] && "$uv" venv --quiet --python "$found" "$home" &&
    "$uv" pip install --quiet --python "$home/bin/python" --require-hashes -r requirements/dev.txt; then :; else
    rm -rf "$home"
    "$found" -m venv "$home"
    "$home/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
fi
"$home/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python --require-hashes -r "$worker"
"$home/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
touch "$home/.ready"
