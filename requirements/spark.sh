#!/bin/sh
# Spark, for the tests of `driftloop profile --engine spark`: .tools/spark with requirements/spark.txt, 900 MB. Where there is
# no Java 17 or newer, says so and makes none; the tests that need it are skipped.
set -eu
cd "$(dirname "$0")/.."
major=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -1)
if [ "${major:-0}" -lt 17 ]; then
    echo "No Java 17 here: profiles are not made on Spark (on Debian: apt-get install openjdk-17-jre-headless)"
    exit 0
fi
uv=.tools/uv/bin/uv
if [ ! -x .tools/spark/bin/python ] || [ requirements/spark.txt -nt .tools/spark/.ready ]; then
    "$uv" venv --quiet --clear --python .venv/bin/python .tools/spark
    # pyspark comes as source: the pinned setuptools builds it.
    "$uv" pip install --quiet --python .tools/spark/bin/python --require-hashes -r requirements/build.txt
    "$uv" pip install --quiet --python .tools/spark/bin/python --require-hashes --no-build-isolation -r requirements/spark.txt
    touch .tools/spark/.ready
fi
