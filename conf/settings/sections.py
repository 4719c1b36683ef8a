"""All sections, together."""

import dataclasses

from conf.settings.data_sections import ApiSettings, CleanSettings, LakeSettings, SparkSettings
from conf.settings.model_sections import (
    AlsSettings,
    EvaluateSettings,
    PromoteSettings,
    RecommendSettings,
    RegistrySettings,
    RetrainSettings,
)
from conf.settings.running_sections import (
    AppSettings,
    DailySettings,
    HealthSettings,
    LogsSettings,
    MailSettings,
    MetricsSettings,
    PostgresSettings,
    ReportSettings,
)


@dataclasses.dataclass(frozen=True)
class Settings:
    """All sections; each is a frozen dataclass of typed values."""

    api: ApiSettings = dataclasses.field(default_factory=ApiSettings)
    lake: LakeSettings = dataclasses.field(default_factory=LakeSettings)
    spark: SparkSettings = dataclasses.field(default_factory=SparkSettings)
    clean: CleanSettings = dataclasses.field(default_factory=CleanSettings)
    als: AlsSettings = dataclasses.field(default_factory=AlsSettings)
    evaluate: EvaluateSettings = dataclasses.field(default_factory=EvaluateSettings)
    retrain: RetrainSettings = dataclasses.field(default_factory=RetrainSettings)
    promote: PromoteSettings = dataclasses.field(default_factory=PromoteSettings)
    recommend: RecommendSettings = dataclasses.field(default_factory=RecommendSettings)
    health: HealthSettings = dataclasses.field(default_factory=HealthSettings)
    registry: RegistrySettings = dataclasses.field(default_factory=RegistrySettings)
    mail: MailSettings = dataclasses.field(default_factory=MailSettings)
    report: ReportSettings = dataclasses.field(default_factory=ReportSettings)
    logs: LogsSettings = dataclasses.field(default_factory=LogsSettings)
    daily: DailySettings = dataclasses.field(default_factory=DailySettings)
    metrics: MetricsSettings = dataclasses.field(default_factory=MetricsSettings)
    postgres: PostgresSettings = dataclasses.field(default_factory=PostgresSettings)
    app: AppSettings = dataclasses.field(default_factory=AppSettings)


SECTIONS: dict[str, type] = {section.name: section.type for section in dataclasses.fields(Settings)}  # type: ignore[misc]

# Keys of ``[spark]`` that Luigi's own Spark support reads.
LUIGI_KEYS = {"spark": {"spark-submit", "spark_submit", "deploy-mode", "deploy_mode"}}


def settings_of(section: str) -> dict[str, dataclasses.Field]:
    """The settings of a section by name."""
    return {field.name: field for field in dataclasses.fields(SECTIONS[section])}
