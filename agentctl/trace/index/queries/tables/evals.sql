-- One row per eval: what was tried, and what it came to; without a verdict it is under way, or was interrupted. Where a cap was
-- raised the last one counts, and what it came to after that.
WITH raised AS (
    SELECT run, arg_max(told.max_cost_usd, seq) AS max_cost_usd, max(seq) AS seq
    FROM of_evals
    WHERE type = 'eval.cap_raised'
    GROUP BY run
),
ended AS (
    SELECT run, arg_max(time, seq) AS time, arg_max(told, seq) AS told, max(seq) AS seq
    FROM of_evals
    WHERE type = 'eval.finished'
    GROUP BY run
)
SELECT
    begun.run AS eval,
    begun.told.agent AS gen_ai_agent_name,
    begun.told.golden_set,
    begun.told.golden_set_digest,
    begun.told.version,
    begun.told.version_tag,
    begun.told.environment,
    begun.told.trials,
    begun.told.seed,
    coalesce(raised.max_cost_usd, begun.told.max_cost_usd) AS max_cost_usd,
    begun.told.baseline,
    begun.told.by.id AS principal,
    begun.time AS started_at,
    ended.time AS ended_at,
    ended.told.verdict,
    ended.told.reasons,
    ended.told.passed,
    ended.told.failed,
    ended.told.unjudged,
    ended.told.regressions,
    ended.told.cost_usd
FROM of_evals AS begun
LEFT JOIN raised ON raised.run = begun.run
LEFT JOIN ended ON ended.run = begun.run AND ended.seq > coalesce(raised.seq, begun.seq)
WHERE begun.type = 'eval.started'
