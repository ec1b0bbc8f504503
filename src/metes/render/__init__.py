"""What leaves Metes as a file: CSV, Excel, Parquet."""
