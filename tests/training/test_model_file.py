import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from driftloop.errors import InputError
from tests.training.conftest import Trained
from training import model_file


def test_a_registered_model_is_found_with_or_without_its_folders_name(first: Trained, tmp_path: Path) -> None:
    (tmp_path / "mount").mkdir()
    (tmp_path / "mount" / "model").symlink_to(first.model)
    (tmp_path / "copy").mkdir()
    for path in first.model.iterdir():
        (tmp_path / "copy" / path.name).write_bytes(path.read_bytes())
    assert model_file.find(first.model, "model.skops").exists()
    assert model_file.find(tmp_path / "copy", "model.skops").exists()


def test_a_type_that_no_training_step_saves_is_refused(tmp_path: Path) -> None:
    import skops.io
    from sklearn.preprocessing import FunctionTransformer

    (tmp_path / "schema.json").write_text("{}")
    skops.io.dump(FunctionTransformer(np.linalg.norm), tmp_path / "model.skops")
    with pytest.raises(InputError, match=r"is not loaded.*write trusted = \[\"numpy\.linalg.*\] in model\.toml"):
        model_file.load(tmp_path)


class Bomb:
    """Unpickling it would leave a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.trace,)


def test_a_pickle_under_the_models_name_is_never_run(tmp_path: Path) -> None:
    trace = tmp_path / "exploded"
    (tmp_path / "model.skops").write_bytes(pickle.dumps(Bomb(trace)))
    with pytest.raises(InputError, match="cannot be loaded"):
        model_file.load(tmp_path)
    assert not trace.exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 truncated"])
def test_a_damaged_file_is_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.skops").write_bytes(content)
    with pytest.raises(InputError, match=r"model\.skops"):
        model_file.load(tmp_path)


def test_a_zip_without_a_model_is_an_error_that_names_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.skops", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(InputError, match=r"model\.skops"):
        model_file.load(tmp_path)


def test_an_empty_folder_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no model\.skops"):
        model_file.load(tmp_path)
