-- The index and what is not in it yet, as one. `fresh` holds the journals that changed since they were indexed;
-- `left_out` are runs that nobody asked about. Put in are: {{table}}, its name; {{columns}}, all of them; {{journal}}, the one that
-- says from which journal a row comes.
CREATE VIEW {table} AS
SELECT {columns} FROM indexed.main.{table}
WHERE {journal} NOT IN (SELECT run FROM fresh.outdated) AND {journal} NOT IN (SELECT run FROM fresh.left_out)
UNION ALL
SELECT {columns} FROM fresh.{table}
WHERE {journal} NOT IN (SELECT run FROM fresh.left_out);
