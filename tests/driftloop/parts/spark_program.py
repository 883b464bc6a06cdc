"""Run by Spark's own Python: profiles of frames whose tasks are lost, repeated or uneven; prints what came out."""

import json
import os
import sys
from hashlib import sha256
from pathlib import Path

from pyspark import TaskContext
from pyspark.sql import SparkSession, functions

from driftloop import Schema
from driftloop.parts.spark import profile_frame
from driftloop.profile.saving.parquet_format import profile_to_bytes


def dying(batches):
    """Each partition's Python process is lost in the middle of its first try, where it holds rows at all."""
    context = TaskContext.get()
    for number, batch in enumerate(batches):
        if context.attemptNumber() == 0 and context.partitionId() % 3 == 1 and number == 0:
            Path(os.environ["LOST"], f"{context.stageId()}-{context.partitionId()}").write_text("")
            os._exit(137)
        yield batch


def main(data: str, schema_file: str) -> None:
    spark = SparkSession.builder.getOrCreate()
    frame = spark.read.parquet(data)
    schema = Schema.load(schema_file)
    lost = frame.repartition(9, "id").mapInArrow(dying, frame.schema)
    # Nearly all rows in one of eight partitions, and some partitions without any.
    skewed = frame.repartition(8, functions.when(functions.col("size") > 30, 0).otherwise(1))
    found = {
        name: sha256(profile_to_bytes(profile_frame(each, schema))).hexdigest()
        for name, each in {"lost": lost, "skewed": skewed}.items()
    }
    sizes = [row[1] for row in skewed.groupBy(functions.spark_partition_id()).count().collect()]
    sys.stdout.write(json.dumps({"found": found, "sizes": sizes, "inferred": profile_frame(frame).rows}))


if __name__ == "__main__":
    main(*sys.argv[1:])
