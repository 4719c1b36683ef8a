"""Sections of the model: how it is trained, held against plays, replaced, asked for lists, and registered."""

import dataclasses

from conf.settings.keys import holds_password, key


@dataclasses.dataclass(frozen=True)
class AlsSettings:
    rank: int = key(64, "number of latent factors", low=1, high=1024)
    reg: float = key(3.0, "regularisation, scaled as reg_exponent says", low=0)
    reg_exponent: float = key(
        0.75, "reg is times the number of a user's or track's pairs to this power; 0 is plain", low=0, high=1
    )
    alpha: float = key(5.0, "confidence is 1 + alpha x weight of the plays", low=0)
    weighting: str = key(
        "once", "weight of a pair: its plays, log(1 + plays), or 1 at most", choices=("plays", "log", "once")
    )
    half_life_days: float = key(0.0, "days after which a play weighs half; 0 is never", low=0)
    min_user_tracks: int = key(1, "tracks that a user needs to be trained on", low=1)
    min_track_users: int = key(1, "users that a track needs to be trained on", low=1)
    iterations: int = key(8, "alternations of the two half steps", low=1, high=200)
    solver: str = key("auto", "what solves the factors", choices=("auto", "local", "blocks", "mllib"))
    local_mb: int = key(4096, "memory up to which auto solves in the job's own process, in MB", low=1)
    seed: int = key(42, "seed of the initial factors", low=0, high=2**31 - 1)
    tune: str = key(
        "when-retraining",
        "when rank, reg, alpha and the like are chosen anew by holdout NDCG",
        choices=("never", "when-retraining", "weekly"),
    )
    tune_seconds: float = key(300.0, "time that choosing them may take", low=1, high=86_400)


@dataclasses.dataclass(frozen=True)
class EvaluateSettings:
    k: int = key(10, "length of list that decisions look at", low=1, high=1000)
    holdout_days: int = key(7, "the most days that are held out", low=1, high=365)
    window_days: int = key(7, "days of live figures that are averaged", low=1, high=365)
    min_users: int = key(100, "users needed before a figure decides anything", low=1)


@dataclasses.dataclass(frozen=True)
class RetrainSettings:
    min_ratio: float = key(
        0.8, "retrain when live NDCG falls below this share of the champion's reference", low=0, high=1
    )
    min_lift: float = key(1.0, "retrain when live NDCG falls below this many times popularity's", low=0)
    max_age_days: int = key(30, "retrain when the champion is older", low=1)
    max_unknown_play_share: float = key(
        0.3, "retrain when more of the plays are of tracks without a factor", low=0, high=1
    )
    cooldown_days: int = key(7, "days between trainings; doubles after a refused challenger", low=0)


@dataclasses.dataclass(frozen=True)
class PromoteSettings:
    min_gain: float = key(1.0, "promote when the challenger's NDCG is at least this many times the champion's", low=0)


@dataclasses.dataclass(frozen=True)
class RecommendSettings:
    k: int = key(20, "tracks recommended to each user", low=1, high=1000)
    min_plays: int = key(3, "plays below which a user gets popular tracks", low=1)
    popular_days: int = key(7, "days that popularity is counted over", low=1)
    min_genre_tracks: int = key(
        100, "tracks of a genre played in popular_days for popularity within a user's favourite genre", low=1
    )
    similar_k: int = key(20, "similar tracks listed for each track of a new model; 0 is none", low=0, high=1000)
    exclude_heard_days: int = key(0, "leave out what was heard in this many days; 0 is ever", low=0)


@dataclasses.dataclass(frozen=True)
class RegistrySettings:
    uri: str = key(
        "sqlite:///data/mlflow.db",
        "MLflow tracking and registry URI",
        path=True,
        pattern=r"\S+",
        check=lambda uri: not holds_password(uri),
        shape="a URI such as sqlite:///mlflow.db or http://host:5000, without a password: that comes by "
        "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, of a database by PGPASSWORD or ~/.pgpass",
    )
    keep_versions: int = key(20, "versions of the model that are kept beside those with an alias; 0 is all", low=0)
