"""The commands of ``moovitamix``: what each is called, and the module that does it."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Entry:
    """A command: its module, run as ``python -m`` would, with these words before those of the user."""

    module: str
    words: tuple[str, ...] = ()
    about: str = ""  # where the module's first sentence does not say it


GROUPS: dict[str, dict[str, Entry]] = {
    "Run": {
        "demo": Entry("tasks.run.demo"),
        "day": Entry("tasks.run.run_day"),
        "backfill": Entry("tasks.run.run_backfill"),
        "nightly": Entry("tasks.run.nightly"),
    },
    "Look": {
        "status": Entry("jobs.health.status"),
        "summary": Entry("jobs.health.summary"),
        "health": Entry("jobs.health.health"),
        "report": Entry("jobs.health.report"),
        "trend": Entry("jobs.health.trend"),
        "sql": Entry("tasks.run.sql_prompt"),
    },
    "Models": {
        "models": Entry("jobs.registry.models"),
        "rollback": Entry("jobs.training.rollback"),
        "mlflow": Entry("jobs.registry.mlflow_page"),
    },
    "Serve": {
        "app": Entry("app.__main__"),
        "metrics": Entry("jobs.health.exporter"),
        "services": Entry("tasks.run.services"),
        "demo-api": Entry("demo_api.__main__"),
    },
    "Keep in order": {
        "settings": Entry("tasks.run.show_settings"),
        "check": Entry("jobs.upkeep.check"),
        "migrate": Entry("jobs.upkeep.migrate"),
        "forget": Entry("jobs.privacy.forget"),
        "mail": Entry("jobs.health.notify"),
    },
    "Show what can go wrong": {
        "demo-drift": Entry("tasks.run.demo_drift"),
        "demo-health": Entry("tasks.run.demo_health"),
    },
}
COMMANDS: dict[str, Entry] = {name: entry for group in GROUPS.values() for name, entry in group.items()}
