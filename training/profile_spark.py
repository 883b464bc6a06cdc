"""A component of Azure ML's serverless Spark: the profile of a table, written as `baseline.parquet` into its output.

Spark reads and writes, because both places are known to it alone (`mode: direct`).
"""

import argparse
import sys
from pathlib import Path
from typing import Any

FILE = "baseline.parquet"


def main(arguments: list[str] | None = None) -> None:
    """Read the table, write its profile."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # Spark starts the file, not the package
    from driftloop.parts.spark import profile_frame, spark_session
    from driftloop.profile.saving.parquet_format import profile_to_bytes

    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--format", default="parquet", choices=("parquet", "delta", "csv", "json", "orc"))
    parser.add_argument("--model-name")
    parser.add_argument("--profile", required=True)
    said = parser.parse_args(arguments)
    spark = spark_session()
    reader = spark.read.format(said.format)
    frame = (reader.option("header", "true") if said.format == "csv" else reader).load(said.data)
    schema = None if said.model_name is None else _schema(said.model_name)
    write(spark, f"{said.profile.rstrip('/')}/{FILE}", profile_to_bytes(profile_frame(frame, schema)))


def _schema(model: str) -> Any:
    """That of a model's folder, which the snapshot of the code holds."""
    from training import models

    return models.find(model).schema()


def write(spark: Any, path: str, content: bytes) -> None:
    """Write a file wherever Spark can, through Hadoop's file systems."""
    hadoop = spark.sparkContext._jvm.org.apache.hadoop.fs.Path(path)
    system = hadoop.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
    stream = system.create(hadoop, True)
    try:
        stream.write(bytearray(content))
    finally:
        stream.close()


if __name__ == "__main__":
    main()
