"""What metrics and losses are called where people read them, in the order of a table; names as in `Task.measures`."""

from driftloop.wording.measures import LOSS_MEASURES, SUMMARIES
from driftloop.wording.number_formats import format_error

__all__ = ["LOSSES", "LOSS_MEASURES", "SUMMARIES", "TITLES", "number"]

TITLES = {
    "rmse": "RMSE",
    "mae": "mean absolute error",
    "r2": "R²",
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier score",
    "accuracy": "accuracy",
    "f1": "F1",
}
LOSSES = {"squared": "squared error", "absolute": "absolute error", "log": "log loss", "brier": "Brier score"}
"""Of each loss, that of one record."""


def number(value: float | None) -> str:
    """Three digits that count, and all before the point; a dash for what is not defined.

    Examples
    --------
    >>> number(1234.5), number(54.321), number(0.08765), number(None)
    ('1,234', '54.3', '0.0877', '-')
    """
    return "-" if value is None else format_error(value)
