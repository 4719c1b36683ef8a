"""The pipeline under Airflow (2.10 or 3): one task a date, which calls the nightly wrapper.

Luigi goes on deciding what runs within the day, so Airflow only says when, and shows how it went. Put this file into
Airflow's folder of DAGs and name the project's folder by the variable ``MOOVITAMIX_HOME`` of its workers.
"""

import datetime
import os

try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.operators.bash import BashOperator

HOME = os.environ.get("MOOVITAMIX_HOME", "/opt/moovitamix")

with DAG(
    dag_id="moovitamix_daily",
    description="Fetch, clean, evaluate, retrain where needed, recommend, report",
    schedule="20 0 * * *",  # UTC; the run's date is the day that has just ended
    start_date=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
    catchup=False,  # the wrapper knows the missed days of its lake
    max_active_runs=1,  # each day stands on those before
    default_args={"retries": 3, "retry_delay": datetime.timedelta(minutes=20)},
    tags=["moovitamix"],
) as dag:
    # Code 10: another run holds the lock. Airflow shows that as skipped, and it is not a failure.
    BashOperator(
        task_id="day",
        bash_command=f"{HOME}/bin/daily --date {{{{ ds }}}}",
        skip_on_exit_code=10,
        append_env=True,
        execution_timeout=datetime.timedelta(hours=6),
    )
