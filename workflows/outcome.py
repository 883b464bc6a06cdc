"""How a training run ended: what is handed to the function app, to the next job, and to a person."""

from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from driftloop.events import Outcome
from driftloop.times import format_time
from driftloop.wording.counts import count_of
from driftloop.wording.number_formats import with_p
from training.cloud.blobs import Blobs
from training.tasks.titles import LOSSES, SUMMARIES, TITLES, number
from workflows.reporting import Report, link, plain, table

Ending = Literal["promoted", "rejected", "failed"]


class Result(msgspec.Struct, frozen=True):
    """A run's ending, with the model version that it registered and the gate's numbers, where it came so far."""

    ending: Ending
    version: str | None = None
    job: str | None = None
    gate: dict[str, Any] | None = None
    studio: str | None = None
    error: str | None = None


def publish(blobs: Blobs, drift_id: str, model: str, result: Result, run_url: str | None) -> None:
    """Write `outcomes/<drift_id>.json`, from which the function app closes the drift.

    Parameters
    ----------
    drift_id : str
        It names the file.
    result : Result
        How the run ended.
    run_url : str | None
        Where a person looks at the run.

    Raises
    ------
    AzureError
        It was not written: the run must say so.
    """
    outcome = Outcome(
        drift_id=drift_id,
        outcome=result.ending,
        model=model,
        at=format_time(datetime.now(UTC)),
        model_version=result.version,
        job=result.job,
        run_url=run_url,
        gate=result.gate,
    )
    blobs.write("outcomes", f"{drift_id}.json", msgspec.json.encode(outcome))


def report(to: Report, model: str, drift_id: str | None, result: Result) -> None:
    """Outputs for the jobs that follow, and the summary page."""
    to.output(
        promoted="true" if result.ending == "promoted" else "false",
        model_version=result.version or "",
        job_name=result.job or "",
    )
    to.summary(summary(model, drift_id, result))


def summary(model: str, drift_id: str | None, result: Result) -> str:
    """The page as Markdown: what was decided, on which numbers, and where to look further."""
    said = {
        "promoted": f"version {plain(result.version or '')} is registered",
        "rejected": "the champion stays: " + "; ".join(map(plain, (result.gate or {}).get("reasons", []))),
        "failed": plain(result.error or "the run failed"),
    }[result.ending]
    parts = [f"## {plain(model)}: {result.ending}", said]
    if result.gate:
        parts.append(_gate(result.gate))
    facts = [("drift", drift_id), ("job", link(result.job, result.studio) if result.job else None)]
    parts.append("\n".join(f"- {name}: {value}" for name, value in facts if value))
    return "\n\n".join(parts)


def _gate(gate: dict[str, Any]) -> str:
    lines = [_measures(gate), _comparison(gate)]
    loss = SUMMARIES[gate["loss"]]
    if gate["forgetting"]:
        old = gate["forgetting"]
        lines.append(
            f"Regime before, {count_of(old['n'], 'record')}: {loss} {number(old['champion'])} to "
            f"{number(old['challenger'])}."
        )
    known = [group for group in gate["subgroups"] if group["n"]]
    if known:
        lines.append(_subgroups(known, loss))
    if drawn := gate.get("sample"):
        lines.append(
            f"Learnt from a sample: {drawn['kept']:,} of {count_of(drawn['learnable'], 'record')}, drawn by a hash of "
            f"their id; the newest {drawn['newest']:,} and all that judge are whole (`max_rows` in `model.toml`)."
        )
    if gate["trusted"]:
        lines.append("Types that `model.toml` trusts: " + ", ".join(plain(each) for each in gate["trusted"]))
    return "\n\n".join(lines)


def _measures(gate: dict[str, Any]) -> str:
    """Each model's measures on the recent holdout, as a table."""
    models = [("champion", "champion"), ("challenger", "challenger"), ("a constant answer", "constant")]
    measures = [name for name in TITLES if name in gate["challenger"]]
    rows = [(title, *(number(gate[key][name]) for name in measures)) for title, key in models if gate[key]]
    return table(("recent holdout", *(TITLES[name] for name in measures)), rows)


def _comparison(gate: dict[str, Any]) -> str:
    """By how much the challenger is better than the champion, or than a constant answer where there is none."""
    is_first = not gate["over_champion"]
    against, over = (
        ("a constant answer", gate["over_constant"]) if is_first else ("the champion", gate["over_champion"])
    )
    return (
        f"Challenger over {against}, {count_of(gate['n'], 'record')}: mean {LOSSES[gate['loss']]} lower by "
        f"{number(over['loss'])} (at least {number(over['lower'])}), {with_p(over['p_value'])} at level "
        f"{gate['level']:g}."
    )


def _subgroups(groups: list[dict[str, Any]], loss: str) -> str:
    """The error of each subgroup before and after, as a table."""
    headings = ("subgroup", "records", f"{loss} before", f"{loss} after", "harmed")
    rows = [
        (plain(g["name"]), str(g["n"]), number(g["reference"]), number(g["challenger"]), _harm(g["harmed"]))
        for g in groups
    ]
    return table(headings, rows)


def _harm(harmed: bool | None) -> str:
    return {True: "yes", False: "no", None: "too few"}[harmed]
