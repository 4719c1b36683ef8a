"""The lake without Spark and without Luigi, for tasks, jobs and the application alike: files, tables, what stands."""
