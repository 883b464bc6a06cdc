"""docs/costs.md: its arithmetic, and that it counts what the template deploys."""

from __future__ import annotations

import re

import pytest

from tests.infra.deployed import INFRA, full, small

PAGE = (INFRA.parent / "docs" / "costs.md").read_text()
Row = tuple[str, str, str, str, str]


def tables() -> list[list[Row]]:
    found: list[list[Row]] = []
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if len(cells) != 5:
            continue
        if cells[0] == "what":
            found.append([])
        elif set(cells[0]) - set("-"):
            found[-1].append((cells[0], cells[1], cells[2], cells[3], cells[4]))
    return found


# numbers in a product or sum, each perhaps with its unit, and what the text says it comes to
NUMBER = r"\(?\d[\d,.]*(?: (?:s|GB))?\)?"
SUM = re.compile(rf"({NUMBER}(?: [×+−] {NUMBER})+) = (\d[\d,.]*\d)")


def sums(page: str) -> list[tuple[str, str]]:
    """(expression, result) of every calculation outside the tables."""
    text = " ".join(line for line in page.splitlines() if not line.startswith("|"))
    return [(found[1], found[2]) for found in SUM.finditer(text)]


def value(expression: str) -> float:
    """Of numbers, brackets, +, − and ×."""
    python = re.sub(r" (s|GB)\b|,", "", expression).translate(str.maketrans({"×": "*", "−": "-"}))
    assert re.fullmatch(r"[\d.()*+ -]+", python)
    return float(eval(python, {"__builtins__": {}}))


def quantity(start: str) -> float:
    return next(float(row[1]) for table in tables() for row in table if row[0].startswith(start))


def test_there_are_an_idle_month_isolation_and_a_retrain() -> None:
    assert [len(table) > 3 for table in tables()] == [True, True, True]


@pytest.mark.parametrize("table", tables(), ids=["idle month", "isolation", "retrain"])
def test_every_row_is_quantity_times_price_and_every_sum_adds_up(table: list[Row]) -> None:
    total = 0.0
    for what, count, _, price, amount in table:
        if what.startswith("**Sum"):
            assert float(amount.strip("*")) == pytest.approx(total, abs=0.005), what
            continue
        assert float(amount) == pytest.approx(float(count) * float(price), abs=0.0051), what
        total += float(amount)
    assert table[-1][0].startswith("**Sum")


def test_what_is_counted_is_what_the_template_deploys() -> None:
    idle, isolated = small(), full()
    assert quantity("Alert rules, evaluated") == len(idle.of("Microsoft.Insights/scheduledQueryRules"))
    assert quantity("Alert rules on a metric") == len(idle.of("Microsoft.Insights/metricAlerts"))
    assert quantity("Private endpoints of this template") == 730 * len(
        isolated.of("Microsoft.Network/privateEndpoints")
    )
    assert quantity("Private DNS zones") == len(isolated.of("Microsoft.Network/privateDnsZones"))
    assert "three accounts" in PAGE
    assert len(idle.of("Microsoft.Storage/storageAccounts")) == 3
    (cluster,) = idle.of("Microsoft.MachineLearningServices/workspaces/computes")
    assert f"hours of {cluster.body['properties']['properties']['vmSize']}" in PAGE
    sizes = [run.of("Microsoft.ContainerRegistry/registries")[0].body["sku"]["name"] for run in (idle, isolated)]
    assert sizes == ["Basic", "Premium"]


def test_the_endpoint_is_priced_at_the_size_that_deploy_asks_for() -> None:
    from workflows.settings import deploy

    environment = {name: str(value) for name, value in small().outputs.items()}
    asked = deploy(environment, "diabetes-progression")
    assert f"hours of {asked.instance_type}" in PAGE
    assert asked.instance_count == 1


def test_the_summary_line_says_what_the_tables_say() -> None:
    idle, _, retrain = tables()
    summary = re.search(
        r"about (\d+) \$ a month .*?, (\d+) \$ more .*? about ([\d.]+) \$ for a retrain", PAGE, re.DOTALL
    )
    assert summary
    without, endpoint = float(idle[-3][4].strip("*")), float(idle[-2][4])
    assert float(summary[1]) == round(without)
    assert float(summary[2]) == round(endpoint)
    assert float(summary[3]) == pytest.approx(float(retrain[-1][4].strip("*")), abs=0.05)


def test_every_calculation_in_the_text_comes_to_what_it_says() -> None:
    found = sums(PAGE)
    text = "".join(line for line in PAGE.splitlines() if not line.startswith("|"))
    assert len(found) == len(re.findall(r"\d\)? = \d|GB\)? = \d|s\)? = \d", text)) == 7
    for expression, result in found:
        digits = len(result.partition(".")[2])
        assert value(expression) == pytest.approx(float(result.replace(",", "")), abs=0.51 * 10**-digits), expression


def test_a_calculation_that_is_wrong_is_found() -> None:
    ((expression, result),) = sums("at worst (30.4 − 5) × 2.30 = 58.43 $")
    assert abs(value(expression) - float(result)) > 0.0051


def test_the_page_says_where_and_when_its_prices_held() -> None:
    head = PAGE.partition("## ")[0]
    assert re.search(r"region East US\b", head)
    assert re.search(r"collected from public pages in 20\d\d\b", head)
