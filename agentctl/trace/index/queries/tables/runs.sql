-- One row per run whose journal holds its beginning.
WITH written AS (
    SELECT
        run,
        min(time) AS started_at,
        max(time) AS last_event_at,
        count(*) AS records,
        count(*) FILTER (type = 'tool.proposed') AS tool_calls,
        count(*) FILTER (type = 'tool.refused') AS refused_calls
    FROM loaded
    GROUP BY run
),
begun AS (
    SELECT * FROM of_runs
    WHERE type = 'run.started'
    QUALIFY row_number() OVER (PARTITION BY run ORDER BY seq) = 1
),
lived AS (
    SELECT
        run,
        arg_max(type, seq) AS type,
        arg_max({reason: coalesce(status, reason), answer: answer}, seq) AS last,
        max(time) FILTER (type = 'run.finished') AS ended_at
    FROM of_runs
    GROUP BY run
),
limited AS (
    SELECT run, arg_max(max_cost_usd, seq) AS max_cost_usd
    FROM (
        SELECT run, seq, limits.max_cost_usd FROM of_runs WHERE type = 'run.resumed'
        UNION ALL
        SELECT run, seq, limits.max_cost_usd FROM of_budgets WHERE type = 'budget.raised'
    )
    GROUP BY run
),
modelled AS (
    SELECT
        run,
        max(step) FILTER (type = 'model.asked') AS last_step,
        count(*) FILTER (type = 'model.asked') AS calls,
        list_sort(list_distinct(list(model) FILTER (type = 'model.asked'))) AS models,
        count(*) FILTER (type = 'model.asked' AND attempt > 1) AS retries,
        count(*) FILTER (type = 'model.failed') AS errors,
        -- Of every deployment that a step asked after its first one.
        len(list_distinct(list(concat_ws(' ', review, step, deployment)) FILTER (type = 'model.asked')))
            - len(list_distinct(list(concat_ws(' ', review, step)) FILTER (type = 'model.asked'))) AS fallbacks,
        sum(settlement.input_tokens) AS input_tokens,
        sum(settlement.output_tokens) AS output_tokens,
        sum(settlement.cost_usd) AS cost_usd,
        sum(latency_ms) AS latency_ms
    FROM of_models
    GROUP BY run
),
tooled AS (
    SELECT
        run,
        count(*) FILTER (type = 'tool.intent' AND attempt > 1) AS retries,
        count(*) FILTER (type = 'tool.unknown' OR (type = 'tool.result' AND outcome = 'error')) AS errors,
        sum(settlement.cost_usd) FILTER (type = 'tool.result') AS cost_usd,
        sum(latency_ms) FILTER (type IN ('tool.result', 'tool.unknown')) AS latency_ms
    FROM of_tools
    GROUP BY run
),
judged AS (
    -- A replay goes as far as the run that it replays, to no end perhaps; it is over when it was judged.
    SELECT run, arg_max(fidelity, seq) AS fidelity, max(time) AS time FROM of_replays GROUP BY run
),
answered AS (
    SELECT DISTINCT run FROM of_approvals WHERE type = 'approval.answered' AND reviewer.kind = 'person'
)
SELECT
    begun.run,
    envelope.kind,
    envelope.parent_run,
    envelope.conversation AS gen_ai_conversation_id,
    envelope.agent AS gen_ai_agent_name,
    envelope.owner,
    envelope.version,
    envelope.version_tag,
    envelope.environment,
    envelope.environment_kind,
    envelope.principal.id AS principal,
    envelope.principal.assurance AS principal_assurance,
    envelope.on_behalf_of,
    begun.input,
    CASE
        WHEN judged.run IS NOT NULL OR lived.type = 'run.finished' THEN 'finished'
        WHEN lived.type = 'run.suspended' THEN 'suspended'
        ELSE 'running'
    END AS status,
    coalesce(judged.fidelity, lived.last.reason) AS reason,
    CASE coalesce(judged.fidelity, lived.last.reason)
        WHEN 'exact' THEN 0 WHEN 'drift' THEN 0 WHEN 'bounded' THEN 1 WHEN 'diverged' THEN 1
        WHEN 'answered' THEN 0 WHEN 'denied' THEN 3 WHEN 'approval' THEN 4 WHEN 'in_doubt' THEN 5
        WHEN 'budget' THEN 6 WHEN 'loop' THEN 6 WHEN 'provider_failed' THEN 11 WHEN 'interrupted' THEN 130
    END AS exit_code,
    CASE lived.type WHEN 'run.finished' THEN lived.last.answer END AS answer,
    written.started_at,
    coalesce(judged.time, lived.ended_at) AS ended_at,
    written.last_event_at,
    coalesce(TRY(modelled.last_step + 1), 0) AS steps,
    coalesce(modelled.calls, 0) AS model_calls,
    written.tool_calls,
    written.refused_calls,
    coalesce(TRY_CAST(modelled.input_tokens AS BIGINT), 0) AS gen_ai_usage_input_tokens,
    coalesce(TRY_CAST(modelled.output_tokens AS BIGINT), 0) AS gen_ai_usage_output_tokens,
    coalesce(modelled.cost_usd, 0) + coalesce(tooled.cost_usd, 0) AS cost_usd,
    coalesce(limited.max_cost_usd, envelope.limits.max_cost_usd) AS max_cost_usd,
    answered.run IS NOT NULL AS overridden,
    written.records,
    modelled.models,
    coalesce(modelled.retries, 0) + coalesce(tooled.retries, 0) AS retries,
    coalesce(modelled.errors, 0) + coalesce(tooled.errors, 0) AS errors,
    coalesce(modelled.fallbacks, 0) AS fallbacks,
    coalesce(modelled.latency_ms, 0) AS model_latency_ms,
    coalesce(tooled.latency_ms, 0) AS tool_latency_ms,
    epoch_ms(written.last_event_at) - epoch_ms(written.started_at) AS duration_ms,
    split_part(envelope.traceparent, '-', 2) AS trace_id,
    split_part(envelope.traceparent, '-', 3) AS span_id
FROM begun
JOIN written ON written.run = begun.run
JOIN lived ON lived.run = begun.run
LEFT JOIN limited ON limited.run = begun.run
LEFT JOIN modelled ON modelled.run = begun.run
LEFT JOIN tooled ON tooled.run = begun.run
LEFT JOIN judged ON judged.run = begun.run
LEFT JOIN answered ON answered.run = begun.run
ORDER BY begun.place
