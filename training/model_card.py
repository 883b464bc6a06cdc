"""The model's card: what it learned from, how well it predicts for whom, what it is for, and its limits.

Sections follow Mitchell et al. (2019), "Model Cards for Model Reporting".
"""

from pathlib import Path

import jinja2

from driftloop.data.schema import Schema
from training.metrics import Metrics

TEMPLATE = Path(__file__).with_name("model_card.md.jinja")


def render(name: str, schema: Schema, metrics: Metrics) -> str:
    """The card as Markdown. Errors are in the target's unit."""
    target = schema.role("target")
    best = {(score.regressor, score.older_weight): score for score in reversed(metrics.cross_validated)}
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  Markdown for a file in the model's folder, never served as HTML
    )
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        name=name,
        target=target,
        unit=f" {target.unit}" if target is not None and target.unit else "",
        features=[column for column in schema.columns if column.role == "feature"],
        metrics=metrics,
        parameters=", ".join(f"{key} {value}" for key, value in metrics.parameters.items()),
        best=sorted(best.values(), key=lambda score: score.rmse),
        data=metrics.data,
        rows=metrics.data.rows,
    )
