"""A model's factors as the lake keeps them, and from the registry where the lake's copy is not whole."""

import pathlib
import tempfile

from conf.errors import Refused
from jobs.model.factors import FactorModel
from jobs.model.registry_access import BROKEN, NAME, RegistryFailed, connected, without_credentials


class NotWhole(RegistryFailed):
    """The registry has no such version, or its files are not all there."""


def load(folder: pathlib.Path, version: str, uri: str = "") -> FactorModel:
    """The model from the lake's copy; where that is not whole it is made again from the registry at ``uri``.

    Raises:
        Refused: there is no whole copy.
    """
    try:
        return FactorModel.load(folder)
    except BROKEN as error:
        if not uri:
            raise Refused(
                f"model {version}: the lake's copy {folder} is not whole ({error}); "
                "python -m jobs models --repair fetches it from the registry"
            ) from error
    try:
        model = fetch(uri, version)
    except Refused as refusal:
        raise Refused(
            f"model {version}: the lake's copy {folder} is not whole, and cannot be fetched again: {refusal.message}; "
            "restore that folder, or put another model in production: make rollback VERSION=…"
        ) from refusal
    model.save(folder)
    return model


def fetch(uri: str, version: str) -> FactorModel:
    """A registered model's factors.

    Raises:
        RegistryFailed: the registry cannot be used.
        NotWhole: it does not have them.
    """
    import mlflow

    with connected(uri), tempfile.TemporaryDirectory() as folder:
        try:
            found = mlflow.artifacts.download_artifacts(f"models:/{NAME}/{version}", dst_path=folder)
            return FactorModel.load(pathlib.Path(found) / "artifacts" / "model")
        except (*BROKEN, mlflow.exceptions.MlflowException) as error:
            raise NotWhole(
                f"model {version}: the registry at {without_credentials(uri)} does not have it whole: "
                f"{without_credentials(uri, str(error))}"
            ) from error
