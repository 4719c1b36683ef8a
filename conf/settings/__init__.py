"""Every setting, declared once: section, key, type, default, limits and meaning, in the three ``…_sections``.

A value comes from the first of these that has it:

1. a flag: ``[api] base_url`` is ``--api-base-url``; secrets have none,
2. of a secret, the environment: its variable, else the file that the variable with ``_FILE`` behind it names,
3. the files that Luigi reads, the last one first (:mod:`conf.settings.config_files`),
4. the default.

Luigi, the jobs, the nightly run and the application all parse with :func:`parse`, so a value means the same, and a wrong
one reads the same, wherever it was given.
"""

from conf.settings.config_files import Given, found_files, read_file, read_given
from conf.settings.data_sections import ApiSettings, CleanSettings, LakeSettings, SparkSettings
from conf.settings.flags import add_flags, as_flags, flag, from_flags, given_flags, refuse_passwords
from conf.settings.keys import describe, holds_password, parse_value
from conf.settings.model_sections import (
    AlsSettings,
    EvaluateSettings,
    PromoteSettings,
    RecommendSettings,
    RegistrySettings,
    RetrainSettings,
)
from conf.settings.parsing import LOOPBACK, VARIABLE_OF_KEY, parse, secret, suppression_key
from conf.settings.running_sections import (
    WEEKDAYS,
    AppSettings,
    DailySettings,
    HealthSettings,
    LogsSettings,
    MailSettings,
    MetricsSettings,
    PostgresSettings,
    ReportSettings,
)
from conf.settings.sections import LUIGI_KEYS, SECTIONS, Settings, settings_of

__all__ = [
    "LOOPBACK",
    "LUIGI_KEYS",
    "SECTIONS",
    "VARIABLE_OF_KEY",
    "WEEKDAYS",
    "AlsSettings",
    "ApiSettings",
    "AppSettings",
    "CleanSettings",
    "DailySettings",
    "EvaluateSettings",
    "Given",
    "HealthSettings",
    "LakeSettings",
    "LogsSettings",
    "MailSettings",
    "MetricsSettings",
    "PostgresSettings",
    "PromoteSettings",
    "RecommendSettings",
    "RegistrySettings",
    "ReportSettings",
    "RetrainSettings",
    "Settings",
    "SparkSettings",
    "add_flags",
    "as_flags",
    "describe",
    "flag",
    "found_files",
    "from_flags",
    "given_flags",
    "holds_password",
    "parse",
    "parse_value",
    "read_file",
    "read_given",
    "refuse_passwords",
    "secret",
    "settings_of",
    "suppression_key",
]
