from jobs.runtime.session import MANY, profile


def test_many_rows_get_compiled_code_and_a_partition_for_each_hundred_thousand():
    assert profile(MANY - 1, {}) == {}
    assert profile(1_000_000, {}) == {
        "spark.sql.codegen.wholeStage": "true",
        "spark.sql.codegen.factoryMode": "FALLBACK",
        "spark.sql.shuffle.partitions": "10",
    }


def test_partitions_that_a_person_set_stay():
    assert "spark.sql.shuffle.partitions" not in profile(1_000_000, {"spark.sql.shuffle.partitions": "400"})
