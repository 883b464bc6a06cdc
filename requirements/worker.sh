#!/bin/sh
# The environment of Azure's own worker code: Python 3.13 with azure-functions-runtime, in .tools/worker. Where there is no
# Python 3.13 (named by PYTHON313, on PATH, or of pyenv), says so and makes none; the tests that need it are skipped.
set -eu
cd "$(dirname "$0")/.."
if ! found=$(sh requirements/find-python.sh 3.13 "${PYTHON313:-}"); then
    echo "No Python 3.13 here: the app is not driven through azure-functions-runtime (name one with PYTHON313=/path/to/python3.13)"
    exit 0
fi
uv=.tools/uv/bin/uv
if [ -x "$uv" ] && "$uv" venv --quiet --clear --python "$found" .tools/worker &&
    "$uv" pip install --quiet --python .tools/worker/bin/python --require-hashes -r requirements/worker.txt; then
    exit 0
fi
rm -rf .tools/worker
"$found" -m venv .tools/worker
.tools/worker/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/worker.txt
