SELECT path, records, lines
FROM journals
WHERE run = $run;
