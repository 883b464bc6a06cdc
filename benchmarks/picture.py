"""The results as one SVG picture: detection beside plain tests, and false alarms against what was promised."""

from __future__ import annotations

from html import escape

from benchmarks.results import Results

WIDTH, LEFT, BAR, ROW = 860, 340, 9, 32
SPAN = WIDTH - LEFT - 60
OURS, PLAIN, GOAL = "#0b6e4f", "#b8c4cc", "#c1121f"
PROMISED = 0.05
ALARM_SCALE = 0.20  # the right edge of the false-alarm part


def svg(results: Results) -> str:
    """Bars of the detection rates with a mark for what was asked, then the false alarms with their intervals."""
    parts: list[str] = []
    top = _heading(parts, 24, "Found, of windows with a change (grey: KS + chi² per column; red: asked)")
    for found in results.detection:
        _label(parts, top, f"{found.case}, n={found.rows}")
        _bar(parts, top - 10, found.driftloop.value, OURS)
        _bar(parts, top, found.plain.value, PLAIN)
        x = LEFT + SPAN * found.goal
        _line(parts, x, top - 12, x, top + 11, GOAL)
        _text(parts, WIDTH - 52, top + 3, f"{100 * found.driftloop.value:.0f} %")
        top += ROW
    top = _heading(
        parts, top + 24, "False alarms of one check, of windows without drift (95 % intervals; red: promised 5 %)"
    )
    for alarm in results.false_alarms:
        low, high = (min(limit, ALARM_SCALE) / ALARM_SCALE for limit in alarm.driftloop.interval)
        _label(parts, top, f"{alarm.table}, n={alarm.rows:,}")
        _line(parts, LEFT + SPAN * low, top - 1, LEFT + SPAN * high, top - 1, OURS)
        x = LEFT + SPAN * min(1.0, alarm.driftloop.value / ALARM_SCALE)
        parts.append(f'<circle cx="{x:.0f}" cy="{top - 1}" r="4" fill="{OURS}"/>')
        promised = LEFT + SPAN * PROMISED / ALARM_SCALE
        _line(parts, promised, top - 10, promised, top + 10, GOAL)
        _text(parts, WIDTH - 52, top + 3, f"{100 * alarm.driftloop.value:.1f} %")
        top += 20
    height = top + 10
    style = "font-family:system-ui,sans-serif;font-size:12px"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" style="{style}">'
    return head + '<rect width="100%" height="100%" fill="white"/>' + "".join(parts) + "</svg>\n"


def _heading(parts: list[str], top: int, words: str) -> int:
    parts.append(f'<text x="10" y="{top}" font-weight="bold">{escape(words)}</text>')
    return top + 30


def _label(parts: list[str], top: int, words: str) -> None:
    parts.append(f'<text x="{LEFT - 10}" y="{top + 3}" text-anchor="end">{escape(words)}</text>')


def _text(parts: list[str], x: int, top: int, words: str) -> None:
    parts.append(f'<text x="{x}" y="{top}">{escape(words)}</text>')


def _bar(parts: list[str], top: int, share: float, colour: str) -> None:
    parts.append(f'<rect x="{LEFT}" y="{top}" width="{SPAN * share:.1f}" height="{BAR}" fill="{colour}"/>')


def _line(parts: list[str], x1: float, y1: float, x2: float, y2: float, colour: str) -> None:
    ends = f'x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}"'
    parts.append(f'<line {ends} stroke="{colour}" stroke-width="2"/>')
