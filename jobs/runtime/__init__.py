"""What every job has: its command line, the Spark session, progress, the lake as frames."""
