"""Package metadata. The ranges stand here; requirements.txt and requirements-dev.txt are the locks that are installed."""

import pathlib
import shutil

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

PACKAGES = ("app", "cli", "conf", "demo_api", "jobs", "lake", "tasks")
# Files of the checkout's top that an installed package needs as well; conf/checkout.py says where they lie.
BESIDE = ("luigi.cfg", "bin/postgres-here", "bin/secrets")
DATA = {
    "app.web": ["static/**", "templates/**"],
    "conf": ["deploy/**"],
    "jobs.health": ["templates/**"],
    "jobs.mart": ["migrations/*.py", "migrations/*.mako", "migrations/versions/*.py"],
}

RUN = [
    "luigi>=3.8.1,<3.9",
    "pyspark[connect]==4.2.0",
    "delta-spark==4.4.0",
    "deltalake>=1.6,<2",
    "pyarrow>=18",
    "pandas>=2.2,<3",
    "numpy>=2.0,<3",
    "mlflow==3.17.2",
    "requests>=2.32,<3",
    "psutil>=7,<8",
    "jinja2>=3.1.6,<4",
    "threadpoolctl>=3.5,<4",
    "scipy>=1.15,<2",
    "numba>=0.68,<0.69",
    "matplotlib>=3.10,<4",
    "prometheus-client>=0.22,<1",
    "supervisor>=4.2.5,<5",
    "psycopg[binary]>=3.2,<4",
    "adbc-driver-postgresql>=1.5,<2",
    "alembic>=1.15,<2",
    "fastapi>=0.115,<1",
    "uvicorn[standard]>=0.34,<1",
    "orjson>=3.10,<4",
    "prompt-toolkit>=3.0.50,<4",
    "pygments>=2.19,<3",
    "universal-pathlib>=0.3.10,<0.4",
    "obstore>=0.12,<0.13",
    "click>=8.3,<9",
    "pydantic-settings>=2.10,<3",
]
DEV = [
    "pytest>=9,<10",
    "pytest-cov>=7,<8",
    "pytest-xdist>=3.8,<4",
    "chispa==0.12.0",
    "hypothesis>=6.150,<7",
    "scikit-learn>=1.6,<2",
    "polars>=1.30,<3",
    "implicit==0.7.3",
    "pytrec-eval-terrier>=0.5.10,<0.6",
    "ruff==0.17.6",
    "mypy==2.4.1",
    "types-requests>=2.32,<3",
    "uv>=0.9,<1",
    "aiosmtpd>=1.4.6,<2",
    "playwright>=1.50,<2",
    "schemathesis>=4,<5",
    "duckdb>=1.3,<2",
    "nbclient>=0.10,<1",
    "ipykernel>=6.29,<8",
    "moto[s3]>=5.1,<6",
    "check-jsonschema>=0.31,<1",
    "mkdocs-material>=9.6,<10",
    "pre-commit>=4,<5",
]
# What setup itself is built with: no Python above 3.11 has it by itself.
BUILD = ["setuptools>=77,<90"]


class WithFilesBeside(build_py):
    """A build that has the files of the checkout's top too, in ``conf/installed``."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        folder = pathlib.Path(self.build_lib, "conf", "installed")
        for name in BESIDE:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(name, folder / name)


setup(
    name="moovitamix-recommender",
    version="0.2.0",
    description="Daily music recommendations: Luigi, Spark, Delta Lake, ALS and MLflow",
    python_requires=">=3.11,<3.14",
    classifiers=[
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
    ],
    packages=find_packages(include=[name for package in PACKAGES for name in (package, f"{package}.*")]),
    package_data=DATA,
    entry_points={"console_scripts": ["moovitamix = cli.entry:main"]},
    license_expression="Apache-2.0",
    install_requires=RUN,
    extras_require={"dev": DEV, "build": BUILD},
    cmdclass={"build_py": WithFilesBeside},
)
