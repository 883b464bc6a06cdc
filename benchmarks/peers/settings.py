"""How each peer is asked whether a window has drifted. Runs in the peer's own environment: imports nothing of ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

Drifted = Callable[[pd.DataFrame, pd.DataFrame], bool]


def evidently(reference: pd.DataFrame, window: pd.DataFrame) -> bool:
    """Report with DataDriftPreset as it comes: drift when at least half of the columns drift."""
    from evidently import Report
    from evidently.presets import DataDriftPreset

    snapshot = Report([DataDriftPreset()]).run(window, reference).dict()
    counted = next(metric["value"] for metric in snapshot["metrics"] if "count" in str(metric["value"]))
    return bool(counted["share"] >= 0.5)


def evidently_any(reference: pd.DataFrame, window: pd.DataFrame) -> bool:
    """The same report: drift when any column drifts."""
    from evidently import Report
    from evidently.presets import DataDriftPreset

    snapshot = Report([DataDriftPreset()]).run(window, reference).dict()
    counted = next(metric["value"] for metric in snapshot["metrics"] if "count" in str(metric["value"]))
    return bool(counted["count"] >= 1)


def nannyml(reference: pd.DataFrame, window: pd.DataFrame) -> bool:
    """UnivariateDriftCalculator (Kolmogorov-Smirnov, chi-squared), the window as one chunk: any column alerts."""
    import nannyml as nml

    columns = list(reference.columns)
    categorical = [name for name in columns if reference[name].nunique() <= 3]
    calculator = nml.UnivariateDriftCalculator(
        column_names=columns,
        treat_as_categorical=categorical,
        continuous_methods=["kolmogorov_smirnov"],
        categorical_methods=["chi2"],
        chunk_size=len(window),
    )
    results = calculator.fit(reference).calculate(window).filter(period="analysis").to_df()
    alerts = results.loc[:, results.columns.get_level_values(-1) == "alert"]
    return bool(alerts.fillna(False).to_numpy(bool).any())


def alibi_detect(reference: pd.DataFrame, window: pd.DataFrame) -> bool:
    """TabularDrift: Kolmogorov-Smirnov and chi-squared, Bonferroni at 0.05."""
    from alibi_detect.cd import TabularDrift

    categorical = {place: None for place, name in enumerate(reference.columns) if reference[name].nunique() <= 3}
    detector = TabularDrift(reference.to_numpy(float), p_val=0.05, categories_per_feature=categorical)
    return bool(detector.predict(window.to_numpy(float))["data"]["is_drift"])


def whylogs(reference: pd.DataFrame, window: pd.DataFrame) -> bool:
    """Profiles compared by calculate_drift_scores with its defaults: any column of category DRIFT."""
    import whylogs as why
    from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

    one, two = (why.log(frame).view() for frame in (reference, window))
    scores = calculate_drift_scores(target_view=two, reference_view=one, with_thresholds=True)
    return any(score and score["drift_category"] == "DRIFT" for score in scores.values())


def river(reference: pd.DataFrame, window: pd.DataFrame) -> bool:
    """An ADWIN with its defaults on each column, fed with the reference, then the window: any change in the window."""
    from river.drift import ADWIN

    for name in reference.columns:
        detector = ADWIN()
        for value in reference[name].dropna().to_numpy(float):
            detector.update(value)
        for value in window[name].dropna().to_numpy(float):
            detector.update(value)
            if detector.drift_detected:
                return True
    return False


@dataclass(frozen=True)
class Recipe:
    """What pip installs for a peer, its own package first, and the ways of asking it."""

    requirements: tuple[str, ...]
    ways: tuple[Drifted, ...]


# The second requirements are what the packages need and do not say, or an older version that they still work with.
PEERS: dict[str, Recipe] = {
    "evidently": Recipe(("evidently", "pandas<3"), (evidently, evidently_any)),
    "nannyml": Recipe(("nannyml", "statsmodels", "pandas<3"), (nannyml,)),
    "alibi-detect": Recipe(("alibi-detect", "pandas<3"), (alibi_detect,)),
    "whylogs": Recipe(("whylogs[viz]", "numpy<2", "pandas<3", "scipy"), (whylogs,)),
    "river": Recipe(("river", "pandas"), (river,)),
}


def frames(path: str, names: list[str], rows: int) -> list[pd.DataFrame]:
    """A numpy file of many windows, cut into frames of `rows`."""
    whole = np.load(path)
    return [pd.DataFrame(whole[first : first + rows], columns=names) for first in range(0, len(whole), rows)]
