"""The model's card: what it learned from, how well it predicts for whom, what it is for, and its limits.

Sections follow Mitchell et al. (2019), "Model Cards for Model Reporting".
"""

from pathlib import Path

import jinja2

from training.metrics import Metrics
from training.model_file import SavedModel
from training.tasks.titles import SUMMARIES, TITLES, number

TEMPLATE = Path(__file__).with_name("model_card.md.jinja")


def render(name: str, model: SavedModel, metrics: Metrics) -> str:
    """The card as Markdown. Errors are in the target's unit where they have one."""
    target = model.schema.role("target")
    best = {(score.estimator, score.older_weight): score for score in reversed(metrics.cross_validated)}
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  Markdown for a file in the model's folder, never served as HTML
    )
    environment.filters["number"] = number
    unit = f" {target.unit}" if target is not None and target.unit else ""
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        name=name,
        target=target,
        unit=unit,
        loss=SUMMARIES[metrics.loss],
        loss_unit=unit if metrics.task == "regression" else "",
        titles=TITLES,
        features=[column for column in model.schema.columns if column.role == "feature"],
        metrics=metrics,
        answer=model.answer,
        classes=model.answer.classes,
        parameters=", ".join(f"{key} {value}" for key, value in metrics.parameters.items()) or "as it is",
        best=sorted(best.values(), key=lambda score: score.error),
        data=metrics.data,
        rows=metrics.data.rows,
    )
