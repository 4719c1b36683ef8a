import pytest

from conf.errors import Refused
from jobs.model.stored import load
from jobs.registry import versions
from lake.layout import model_folder
from tests.jobs.factor_models import factor_model, tags


@pytest.mark.slow
def test_a_copy_that_is_missing_or_broken_is_made_again_from_the_registry(uri, tmp_path):
    version = versions.register(uri, factor_model(), tags(1), {})
    folder = model_folder(tmp_path, version)
    factors = folder / "factors.npz"
    for _ in range(2):
        assert load(folder, version, uri).equals(factor_model())
        factors.write_bytes(factors.read_bytes()[:-40])
    with pytest.raises(Refused, match=r"model 1: the lake's copy .* is not whole .* models --repair fetches it"):
        load(folder, version)


def test_a_copy_that_nobody_has_is_one_line(uri, tmp_path):
    with pytest.raises(
        Refused, match=r"model 9: the lake's copy .* is not whole, and cannot be fetched again: model 9"
    ):
        load(tmp_path / "version=9", "9", uri)
