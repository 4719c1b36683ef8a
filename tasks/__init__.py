"""What runs, for which date, after what. Luigi and the API client; never pyspark."""
