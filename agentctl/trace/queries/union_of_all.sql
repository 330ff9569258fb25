-- As `union.sql`, for what is shown of everybody: {table}, by {journal}.
CREATE VIEW {table} AS
SELECT {columns} FROM indexed.main.{table} WHERE {journal} NOT IN (SELECT run FROM fresh.outdated)
UNION ALL
SELECT {columns} FROM fresh.{table};
