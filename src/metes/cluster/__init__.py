"""Apache Spark: rules over data that outgrow one machine."""
