-- The index and what is not in it yet, as one: `fresh` holds the journals that changed since they were indexed. Put in are:
-- {{table}}, its name; {{columns}}, those that are shown; {{journal}}, the one that says from which journal a row comes; {{outdated}}, the
-- runs of which the index holds something that does not count any more; {{shown}}, a condition on its rows.
CREATE OR REPLACE VIEW {table} AS
SELECT {columns} FROM indexed.main.{table}
WHERE {journal} NOT IN {outdated} AND {shown}
UNION ALL
SELECT {columns} FROM fresh.{table}
WHERE {shown};
