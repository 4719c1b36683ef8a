"""What starts things: the nightly run, Spark's JVMs and servers, services, demos."""
