"""What is declared of a table. Types are Spark SQL's names; timestamps are UTC."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Column:
    name: str
    type: str
    comment: str = ""


@dataclasses.dataclass(frozen=True)
class Table:
    """``key`` names the columns that tell rows apart."""

    name: str
    comment: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    partition_by: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def ddl(self) -> str:
        """``name type, …`` as Spark reads it."""
        return ", ".join(f"{column.name} {column.type}" for column in self.columns)
