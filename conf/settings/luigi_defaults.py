"""What Luigi is told where no file says otherwise, so that a run is the same from every working folder."""

# By itself Luigi ends with 0 after a step that failed.
RETCODES = {
    "already_running": (10, "another run is under way"),
    "missing_data": (20, "a step needs something from outside that is not there"),
    "not_run": (25, "a step did not get its turn"),
    "task_failed": (30, "a step failed"),
    "scheduling_error": (35, "a step could not say what it needs, or whether it is complete"),
    "unhandled_exception": (40, "the program has an error"),
}
OTHERS = {
    ("core", "no_configure_logging"): (
        "true",
        "the project prints a line a step itself; Luigi's log is left to warnings",
    ),
    ("worker", "check_complete_on_run"): ("true", "a step that ran and left nothing is a failure"),
}
# By section and key: the value, and what it means.
LUIGI_DEFAULTS: dict[tuple[str, str], tuple[str, str]] = {
    **OTHERS,
    **{("retcode", name): (str(code), f"the run's exit code where {why}") for name, (code, why) in RETCODES.items()},
}
