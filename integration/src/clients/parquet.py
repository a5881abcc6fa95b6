"""Reads every Parquet file of a folder by pyarrow and by DuckDB, which must agree; prints the rows as lines of JSON."""
import glob, json, sys
import duckdb, pyarrow.parquet

pattern = sys.argv[1] + "/**/*.parquet"
rows = [row for file in glob.glob(pattern, recursive=True) for row in pyarrow.parquet.read_table(file).to_pylist()]
counted = duckdb.sql(f"SELECT count(*), count(DISTINCT userKey) FROM read_parquet('{pattern}')").fetchone()
expected = (len(rows), len({row["userKey"] for row in rows}))
assert counted == expected, f"DuckDB finds {counted}, pyarrow {expected}"
for row in rows:
    maps = {name: dict(value) for name, value in row.items() if isinstance(value, list)}
    print(json.dumps({**row, **maps}))
