"""Parameters and metrics to MLflow, where the job provides a tracking server; nothing otherwise.

Only numbers and names: the model itself is saved by the step, because Azure ML's server does not answer newer versions
of `log_model`.
"""

import os
from collections.abc import Mapping

Value = str | int | float


def log(parameters: Mapping[str, Value], metrics: Mapping[str, float]) -> bool:
    """Log to the server named by MLFLOW_TRACKING_URI, into the job's own run; answers whether there was one."""
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        return False
    import mlflow

    with mlflow.start_run():  # continues MLFLOW_RUN_ID, which Azure ML sets to the job
        mlflow.log_params(dict(parameters))
        mlflow.log_metrics(dict(metrics))
    return True
