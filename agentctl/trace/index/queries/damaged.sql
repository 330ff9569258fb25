SELECT run, path, records, lines
FROM journals
WHERE lines IS NULL OR records < lines
ORDER BY run;
