-- One row per trial that was judged; `run` is its run.
SELECT
    run AS eval,
    seq,
    time,
    told."case" AS case_id,
    told.trial,
    told.run,
    told.outcome,
    told.exit_code,
    told.cost_usd,
    told.duration_ms,
    told.tools,
    told.detail
FROM of_evals
WHERE type = 'eval.trial_judged'
