"""The command line's settings: one parser for its own small TOML and for `driftloop.toml`."""

from __future__ import annotations

from pathlib import Path

import pytest

from driftloop.config.settings import CheckSettings, load_settings, schema_of
from driftloop.errors import ConfigError

TWO = '[defaults]\npolicy = {alpha = 0.02}\n[[model]]\nname = "a"\n[[model]]\nname = "b"\npolicy = {budget = 9}\n'


def settings(folder: Path, text: str, model: str | None = None, **environ: str) -> CheckSettings:
    path = folder / "some.toml"
    path.write_text(text)
    return load_settings(path, model, environ)


def test_no_file_is_all_defaults() -> None:
    assert load_settings(None).policy.alpha == 0.05
    assert schema_of(load_settings(None), None) is None


def test_a_model_is_chosen_by_name_and_has_its_own_and_the_shared_policy(tmp_path: Path) -> None:
    policy = settings(tmp_path, TWO, "b").policy
    assert (policy.alpha, policy.budget) == (0.02, 9)


def test_the_only_model_needs_no_name(tmp_path: Path) -> None:
    assert settings(tmp_path, '[[model]]\nname = "a"\npolicy = {alpha = 0.2}\n').policy.alpha == 0.2


@pytest.mark.parametrize(
    ("text", "model", "says"),
    [
        (TWO, None, "2 models: choose one by --model: a, b"),
        (TWO, "c", "model 'c' is not in driftloop.toml"),
        ("[policy]\nalpha = 0.1\n", "a", "no [[model]] in it"),
        ("[policy]\nalhpa = 0.1\n", None, "unknown entry 'alhpa' in policy: did you mean 'alpha'?"),
        ("polcy = 1\n", None, "unknown entry 'polcy': did you mean 'policy'?"),
        ('[[columns]]\nname = "a"\nknd = "numeric"\n', None, "unknown entry 'knd' in columns[0]: did you mean 'kind'?"),
        ('[[columns]]\nname = "a"\nkind = "numerc"\n', None, "columns[0].kind = 'numerc': did you mean 'numeric'?"),
        ('[[model]]\nname = "a"\nlabel = "x"\n', None, "unknown entry 'label': did you mean 'labels'?"),
        ('schema = "${WHERE}"\n', None, "${WHERE} is not set: set the environment variable WHERE"),
        ('schema = "s.toml"\n[[columns]]\nname = "a"\n', None, "keep one of them"),
        ('missing = ["?"]\n', None, "missing without [[columns]]"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_write(tmp_path: Path, text: str, model: str | None, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, text, model)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_variables_are_filled_in_either_kind_of_file(tmp_path: Path) -> None:
    assert settings(tmp_path, 'schema = "${WHERE}"\n', WHERE="s.toml").schema == "s.toml"
    assert settings(tmp_path, '[[model]]\nname = "a"\nschema = "${WHERE:-t.toml}"\n').schema == "t.toml"


def test_what_a_drift_starts_may_stay_open_where_nothing_is_ever_sent(tmp_path: Path) -> None:
    dispatch = '[[model]]\nname = "a"\n[model.dispatch]\ntarget = "github"\nrepository = "${REPOSITORY}"\n'
    assert settings(tmp_path, dispatch).policy.alpha == 0.05
    with pytest.raises(ConfigError, match="did you mean 'repository'"):
        settings(tmp_path, dispatch.replace("repository", "repositry"))


def test_columns_in_the_file_are_the_schema(tmp_path: Path) -> None:
    found = schema_of(settings(tmp_path, 'missing = ["?"]\n[[columns]]\nname = "a"\n'), tmp_path / "some.toml")
    assert found is not None
    assert (found.missing, [column.name for column in found.columns]) == (("?",), ["a"])
