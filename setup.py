"""Package metadata. The ranges stand here; requirements.txt is the lock that is installed."""

from setuptools import setup

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
]
DEMO = ["fastapi>=0.115,<1", "uvicorn>=0.34,<1"]
DEV = [
    "pytest>=9,<10",
    "pytest-cov>=7,<8",
    "chispa==0.12.0",
    "hypothesis>=6.150,<7",
    "scikit-learn>=1.6,<2",
    "polars>=1.30,<3",
    "implicit==0.7.3",
    "pytrec-eval-terrier>=0.5.10,<0.6",
    "ruff==0.17.6",
    "mypy==2.4.1",
    "types-requests>=2.32,<3",
    "pip-tools>=7.6,<8",
]

setup(
    name="moovitamix-recommender",
    version="0.1.0",
    description="Daily music recommendations: Luigi, Spark, Delta Lake, ALS and MLflow",
    python_requires=">=3.11,<3.12",
    packages=["tasks", "jobs", "conf", "demo_api"],
    install_requires=RUN,
    extras_require={"demo": DEMO, "dev": DEMO + DEV},
)
