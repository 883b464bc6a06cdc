#!/bin/sh
# `sh requirements/find-python.sh 3.13 [PYTHON]`: prints an interpreter of that version, the named one first, else one on PATH
# or of pyenv. Prints nothing, and fails, where there is none.
set -eu
version=$1 named=${2:-}
for python in $named "python$version" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python; do
    if "$python" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" 2>/dev/null; then
        echo "$python"
        exit 0
    fi
done
exit 1
