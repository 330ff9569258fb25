-- One row per eval: what was tried, and what it came to; without a verdict it is under way, or was interrupted.
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
    begun.told.max_cost_usd,
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
LEFT JOIN of_evals AS ended ON ended.run = begun.run AND ended.type = 'eval.finished'
WHERE begun.type = 'eval.started'
