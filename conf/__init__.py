"""Values and declarations that tasks and jobs both read. Imports neither luigi nor pyspark."""
