"""The Spark component: as Azure ML's loader reads it, and as Spark runs it here."""

import re
from pathlib import Path

import pytest
from azure.ai.ml import Input, Output, load_component
from azure.ai.ml.dsl import pipeline
from azure.ai.ml.entities import SparkResourceConfiguration

from driftloop import Profile, Schema
from driftloop.profile.saving.parquet_format import profile_to_bytes
from tests.driftloop.parts.tables import write_parquet
from tests.driftloop.parts.test_spark import needs_spark, run
from training import models, profile_spark

FILE = Path(profile_spark.__file__).with_name("profile_spark.yaml")
__all__ = ["run"]


def test_the_component_loads_and_fits_into_a_pipeline() -> None:
    component = load_component(FILE)
    assert component._validate().passed, component._validate().error_messages
    assert component.type == "spark"
    named = set(re.findall(r"\$\{\{(inputs|outputs)\.(\w+)\}\}", component.args))
    assert named == {("inputs", name) for name in component.inputs} | {("outputs", name) for name in component.outputs}
    assert (Path(profile_spark.__file__).parents[1] / component.entry.entry).is_file()

    @pipeline()
    def profiled(data: Input) -> dict[str, Output]:
        step = component(data=data)
        step.resources = SparkResourceConfiguration(instance_type="standard_e4s_v3", runtime_version="3.5")
        return {"profile": step.outputs.profile}

    job = profiled(
        data=Input(type="uri_folder", path="azureml://datastores/workspaceblobstore/paths/days/", mode="direct")
    )
    assert job._validate().passed, job._validate().error_messages


@needs_spark
@pytest.mark.parametrize("model", [None, "diabetes-progression"])
def test_what_spark_writes_is_the_profile_of_one_machine(run, tmp_path, model) -> None:
    import pyarrow as pa
    from sklearn.datasets import load_diabetes

    data = load_diabetes(scaled=False)
    table = pa.table({name: data.data[:, place] for place, name in enumerate(data.feature_names)})
    path = write_parquet(table, tmp_path / "data" / "a.parquet", row_group=50)
    named = [] if model is None else ["--model-name", model]
    out = tmp_path / "out"
    done = run(profile_spark.__file__, "--data", str(path.parent), *named, "--profile", out.as_uri())
    assert done.returncode == 0, done.stderr[-3000:]
    schema = Schema.infer(table) if model is None else models.find(model).schema()
    expected = profile_to_bytes(Profile.build(table, schema))
    assert (out / profile_spark.FILE).read_bytes() == expected
