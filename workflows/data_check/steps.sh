#!/usr/bin/env bash
# The two steps of the action `driftloop-check`: install what the engine needs, by hash and without building anything, and
# check. The engine itself is the action's own files, as they were tagged.
set -euo pipefail
environment=${RUNNER_TEMP:-${TMPDIR:-/tmp}}/driftloop-check-environment
inside() { if [ -d "$environment/Scripts" ]; then echo "$environment/Scripts/python"; else echo "$environment/bin/python"; fi; }

case $1 in
install)
    "$PYTHON" -c 'import sys
if sys.version_info < (3, 11):
    found = sys.version.split()[0]
    sys.exit(f"::error::driftloop needs Python 3.11 or newer, found {found}: use actions/setup-python before, or name one in the input python")'
    [ -x "$(inside)" ] || "$PYTHON" -m venv "$environment"
    "$(inside)" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes -r "$ACTION/requirements/engine.txt"
    ;;
check)
    # -P: no file of the checked repository is imported, whatever its name
    PYTHONPATH=$ACTION exec "$(inside)" -P -m workflows.data_check
    ;;
esac
