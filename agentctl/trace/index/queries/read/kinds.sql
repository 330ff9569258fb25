-- Of which kind each run is, as its beginning says.
CREATE OR REPLACE TEMP TABLE of_kinds AS
SELECT run, arg_min(envelope.kind, seq) AS run_kind
FROM of_runs
WHERE type = 'run.started'
GROUP BY run;
