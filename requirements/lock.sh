#!/bin/sh
# Pins with hashes, in files that name no registry host. The function app and training are subsets of dev, at the same versions.
set -eu
cd "$(dirname "$0")/.."
compile() { uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links -q "$@"; }
compile --extra function --extra training --extra dev -o requirements/dev.txt
compile --extra function -c requirements/dev.txt -o requirements.txt
compile --extra training -c requirements/dev.txt -o requirements/training.txt
