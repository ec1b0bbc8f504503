"""Tests of Apache Spark, with real executors of their own."""
