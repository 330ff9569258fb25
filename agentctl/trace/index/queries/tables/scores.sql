-- One row per assertion of a trial that was judged; `run` is the trial's run.
WITH judged AS (
    SELECT run AS eval, seq, time, told."case" AS case_id, told.trial, told.run AS tried, unnest(told.scores) AS score
    FROM of_evals
    WHERE type = 'eval.trial_judged'
)
SELECT
    eval,
    seq,
    time,
    case_id,
    trial,
    tried AS run,
    score.type,
    score.passed,
    score.hard,
    score.value,
    score.detail,
    score.metric,
    TRY_CAST(score.weight AS DECIMAL(28, 12)) AS weight
FROM judged
