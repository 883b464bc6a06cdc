"""What a check's result offers to people and programs: look-up by column, tables, pages, and a stop on drift."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftloop.errors import ConfigError, DriftError, InputError
from driftloop.report.shown import Shown
from driftloop.validation import file_path, nearest, with_article
from driftloop.wording.counts import count_of
from driftloop.wording.number_formats import format_rarity

if TYPE_CHECKING:
    from driftloop.column_results import FeatureRow
    from driftloop.report.context import PastCheck, ReportContext
    from driftloop.subgroups.found import Subgroups

SHOWN = 5
"""Reasons in a repr: enough to see what moved, few enough for a log."""


class Result(Shown):
    """The presentations of a check; `driftloop.Check` is its only kind."""

    def to_dict(self, *, where: Subgroups | None = None) -> dict[str, Any]:
        """Plain values, ready for JSON (docs/schemas/check.json); the evidence's state is left out.

        Parameters
        ----------
        where
            What `driftloop.Check.where` found, to be told with it.
        """
        from driftloop.report.document import to_document

        return to_document(self, where)

    def __getitem__(self, column: str) -> FeatureRow:
        """What the check says of one column. Raises KeyError, which says why a column was not compared."""
        for row in self.features:
            if row.name == column:
                return row
        for name, reason in self.columns_not_compared:
            if name == column:
                raise KeyError(f"{column!r} was not compared: {reason}")
        raise KeyError(f"no column {column!r}{nearest(str(column), (row.name for row in self.features))}")

    def __contains__(self, column: object) -> bool:
        return any(row.name == column for row in self.features)

    def __iter__(self) -> Iterator[FeatureRow]:
        return iter(self.features)

    def __len__(self) -> int:
        return len(self.features)

    def __bool__(self) -> bool:
        """Always true: ask for `drift` or `verdict`, not for the result itself."""
        return True

    def to_json(self, *, where: Subgroups | None = None) -> str:
        """The result as indented JSON; otherwise as `to_dict`."""
        import msgspec

        return msgspec.json.format(msgspec.json.encode(self.to_dict(where=where))).decode()

    def to_html(
        self,
        path: str | Path | None = None,
        *,
        context: ReportContext | None = None,
        history: Iterable[PastCheck] = (),
        language: str | None = None,
        where: Subgroups | None = None,
    ) -> str:
        """The report with a picture of each column, as one page that needs nothing else.

        Parameters
        ----------
        path
            Where to write it: beside the file first, then renamed, so that no half report is ever there.
        context
            What the check does not know: the model's name, names of files, what was started, ...
        history
            The checks before this one and this one, oldest first, where `context` does not hold them.
        language
            "en" or "ja"; when left out, that of the environment (LANG).
        where
            What `driftloop.Check.where` found, to be shown with it.

        Raises
        ------
        InputError
            When the file cannot be written, or the result was made without its two sides.
        ConfigError
            For another language.
        """
        from driftloop.files.written import write_whole
        from driftloop.report.html import render
        from driftloop.report.words.language import choose_language

        if self.baseline is None or self.window is None:
            raise InputError("this result holds no baseline and window to draw: make it with driftloop.check")
        told = _with_history(context, history)
        page = render(self, self.baseline, self.window, told, choose_language(language), where=where)
        if path is not None:
            write_whole(file_path(path), page.encode())
        return page

    def to_markdown(
        self,
        *,
        context: ReportContext | None = None,
        language: str | None = None,
        where: Subgroups | None = None,
    ) -> str:
        """The result as Markdown without pictures, e.g. for GitHub's step summary; otherwise as `to_html`."""
        from driftloop.report.context import ReportContext
        from driftloop.report.markdown import render_markdown
        from driftloop.report.words.language import choose_language

        return render_markdown(self, context or ReportContext(), choose_language(language), where=where)

    def to_frame(self, library: str | None = None) -> Any:
        """A data frame with a row for each compared column.

        Parameters
        ----------
        library
            "pandas" or "polars"; when left out, the one that the program uses already, else the one that is installed.

        Raises
        ------
        InputError
            When neither is installed.
        """
        from driftloop.report.frames import frame_of

        rows = [row.to_dict() for row in self.features]
        return frame_of(rows, tuple(rows[0]) if rows else (), library)

    def raise_for_drift(self, on: Iterable[str] = ("drift", "incident")) -> None:
        """Stop a pipeline whose data must not have moved.

        Parameters
        ----------
        on
            The verdicts that stop. An incident does by default, because a broken feed is no sign of health.

        Raises
        ------
        DriftError
            When the verdict is one of these; its text is the verdict and the reasons.
        """
        if not isinstance(on, Iterable):
            raise ConfigError(f"raise_for_drift: {with_article(on)} was given: pass verdicts, such as ['drift']")
        stops = {on} if isinstance(on, str) else {str(each) for each in on}
        known = [each.value for each in type(self.verdict)]
        for name in sorted(stops - set(known)):
            raise ConfigError(f"raise_for_drift: no verdict {name!r}{nearest(name, known)}")
        if self.verdict.value in stops:
            raise DriftError(f"{self.verdict.value}: {'; '.join(self.reasons)}", self)

    def __repr__(self) -> str:
        chance = "" if self.chance is None else f", seen without drift in {format_rarity(self.chance)}"
        lines = [f"<Check {self.verdict.value}: {count_of(self.rows, 'row')} against {self.baseline_rows:,}{chance}"]
        lines += [f"  {reason}" for reason in self.reasons[:SHOWN]]
        if len(self.reasons) > SHOWN:
            lines.append(f"  and {len(self.reasons) - SHOWN} more")
        if self.columns_not_compared:
            lines.append("  not compared: " + ", ".join(f"{name} ({why})" for name, why in self.columns_not_compared))
        return "\n".join(lines) + ">"

    def _repr_html_(self) -> str:
        """What a notebook shows: verdict, reasons, and a table of the columns."""
        from driftloop.report.html import render_fragment

        return render_fragment(self)


def _with_history(context: ReportContext | None, history: Iterable[PastCheck]) -> ReportContext:
    from msgspec.structs import replace

    from driftloop.report.context import ReportContext

    context, passed = context or ReportContext(), tuple(history)
    return replace(context, history=passed) if passed else context
