"""Raw text as typed columns, with the names of the rules that each row breaks.

Most rows are good, and reading them as what they should be is quick (:mod:`jobs.cleaning.typed`). What does not pass
there for certain is judged in Python (:mod:`jobs.cleaning.judge`): on the workers, where good rows are nulls, or of a
small snapshot in the job's own process, since starting the workers takes longer than judging it.
"""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.contract import TYPES, Entity
from jobs.cleaning import typed
from jobs.cleaning.forms import Context
from jobs.cleaning.judge import judged
from jobs.runtime.frames import frame
from lake.delta import ARROW_TYPES

SMALL = 20_000  # rows of a snapshot: up to here no Python worker is started for it

REASONS = ("array<string>", pa.list_(pa.string()))
Judging = Callable[[pa.Array], pa.Array]
ITEM_REASONS = ("array<array<string>>", pa.list_(pa.list_(pa.string())))


def checked(lines: DataFrame, entity: Entity, context: Context, small: bool = False) -> DataFrame:
    """The typed columns of the entity's table, ``reasons`` (array<string>) and ``value``.

    The items of a history row are array<bigint>, null for one that is bad; what each breaks is in
    ``item_reasons`` (array<array<string>>), null where all of them are good.

    Args:
        lines: ``value``, the text of a row.
        small: rows in doubt are few enough to be judged in this process.
    """
    added = types(entity)
    struct = ", ".join(f"{name} {spark}" for name, (spark, _) in added.items())
    judge, read = judging(entity, context), typed.read_typed(lines, entity, context)
    both = judged_here(read, judge) if small else judged_on_workers(read, judge, struct)
    quick = {field.target: F.col(f"typed_{field.name}") for field in entity.fields}
    quick["reasons"] = F.array().cast("array<string>")
    columns = [
        F.when(F.col("fine"), quick.get(name)).otherwise(F.col("careful").getField(name)).alias(name) for name in added
    ]
    return both.select(*columns, "value")


def judged_on_workers(read: DataFrame, judge: Judging, struct: str) -> DataFrame:
    """``read`` with ``careful``, what the rules say of a row that is not ``fine``."""
    careful = F.arrow_udf(judge, struct)  # type: ignore[call-overload]
    return read.withColumn("careful", careful(F.when(~F.col("fine"), F.col("value"))))


def judged_here(read: DataFrame, judge: Judging) -> DataFrame:
    """The same, with each text in doubt brought here and judged once, and joined to its rows by its bytes."""
    text = F.col("value").cast("binary")
    doubtful = read.filter(~F.col("fine")).select(text.alias("text")).distinct().toArrow()["text"].combine_chunks()
    found = pa.table({"text": doubtful, "careful": judge(doubtful)})
    return read.join(F.broadcast(frame(read.sparkSession, found)), text == F.col("text"), "left").drop("text")


def types(entity: Entity) -> dict[str, tuple[str, pa.DataType]]:
    """Name of each column that a row gets, and its type as Spark and as Arrow have it."""
    found = {field.target: (type_ := TYPES[field.kind], ARROW_TYPES[type_]) for field in entity.fields}
    items = {"item_reasons": ITEM_REASONS} if any(field.kind == "ids" for field in entity.fields) else {}
    return {**found, **items, "reasons": REASONS}


def judging(entity: Entity, context: Context) -> Judging:
    """Makes a struct of the columns of :func:`types` from each text, null from null."""
    fields = entity.fields
    types_ = [pa.field(name, arrow) for name, (_, arrow) in types(entity).items()]

    def judge(values: pa.Array) -> pa.Array:
        doubtful = values.is_valid()
        if not doubtful.true_count:
            return pa.nulls(len(values), pa.struct(types_))
        rows = [judged(text, fields, context) for text in texts(values.filter(doubtful))]
        found = {field.target: [row.values[field.name] for row in rows] for field in fields}
        found["item_reasons"] = [row.item_reasons for row in rows]
        found["reasons"] = [row.reasons for row in rows]
        columns = [pa.array(found[field.name], field.type) for field in types_]
        structs = pa.StructArray.from_arrays(columns, fields=types_)
        # A row's place among those that were judged; null of the others.
        places = pc.cumulative_sum(doubtful.cast(pa.int64()))
        return structs.take(pc.if_else(doubtful, pc.subtract(places, 1), None))

    return judge


def texts(values: pa.Array) -> list[str]:
    """The texts, of which the bytes need not be UTF-8."""
    return [text.decode(errors="replace") for text in values.cast(pa.binary()).to_pylist()]
