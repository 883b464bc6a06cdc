#!/bin/sh
# Pins with hashes, in files that name no registry host. The function app, training and the loop are subsets of dev, at the same versions.
set -eu
cd "$(dirname "$0")/.."
compile() { uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links -q "$@"; }
compile pyproject.toml --extra function --extra training --extra loopback --extra engine-tests --extra dev -o requirements/dev.txt
compile pyproject.toml --extra function --extra training --extra loopback -c requirements/dev.txt -o requirements/run.txt
compile pyproject.toml --extra function -c requirements/dev.txt -o requirements.txt
compile pyproject.toml --extra training -c requirements/dev.txt -o requirements/training.txt
echo uv | compile - -o requirements/uv.txt
# Azure's own worker code needs Python 3.13 and a newer azure-functions; all else is what the function app has.
grep -E '^[a-z].*==' requirements.txt | sed 's/ ;.*//' | grep -v '^azure-functions==' >.tools/worker-constraints.txt
echo azure-functions-runtime >.tools/worker.in
uv pip compile --python-version 3.13 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links -q \
    pyproject.toml .tools/worker.in --extra function -c .tools/worker-constraints.txt -o requirements/worker.txt

# Spark for its tests alone, at the engine's versions.
grep -E '^(click|jinja2|markupsafe|msgspec|numpy|pyarrow|scipy)==' requirements/dev.txt | sed 's/ .*//' >.tools/spark-constraints.txt
uv pip compile --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links -q \
    pyproject.toml --extra spark -c .tools/spark-constraints.txt -o requirements/spark.txt

# The engine by itself, for every Python that it supports, at the same versions on the one of the files above. From another
# folder, since pyproject's `tool.uv.environments` are those of the files above.
root=$PWD
cd "$(mktemp -d)"
compile "$root/pyproject.toml" -c "$root/requirements/dev.txt" -o "$root/requirements/engine.txt"
compile "$root/pyproject.toml" --extra engine-tests -c "$root/requirements/dev.txt" -o "$root/requirements/engine-tests.txt"
# What builds it, without isolation: nothing unpinned runs
echo setuptools | compile - -c "$root/requirements/dev.txt" -o "$root/requirements/build.txt"
# The smallest versions that pyproject.toml allows
uv pip compile "$root/pyproject.toml" --resolution lowest-direct --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links -q -o "$root/requirements/engine-oldest.txt"
