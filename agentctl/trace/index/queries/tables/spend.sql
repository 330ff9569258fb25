-- What attempts used, and every stop or overrun of a ceiling; a loop is a ceiling too, of repeats.
WITH settled AS (
    SELECT run, seq, time, type, 'model/' || step AS spender, attempt, settlement
    FROM of_models
    WHERE type <> 'model.asked'
    UNION ALL
    SELECT run, seq, time, type, call, attempt, settlement
    FROM of_tools
    WHERE type = 'tool.result'
),
spent AS (
    SELECT
        run,
        seq,
        time,
        type,
        spender,
        attempt,
        settlement.tool_calls,
        settlement.input_tokens AS gen_ai_usage_input_tokens,
        settlement.output_tokens AS gen_ai_usage_output_tokens,
        settlement.cost_usd,
        NULL::VARCHAR AS meter,
        NULL::DECIMAL(28, 12) AS allowed,
        NULL::DECIMAL(28, 12) AS used,
        NULL::DECIMAL(28, 12) AS asked
    FROM settled
    UNION ALL
    SELECT
        run,
        seq,
        time,
        type,
        coalesce(call, 'model/' || step),
        NULL,
        NULL,
        NULL,
        NULL,
        NULL,
        meter,
        coalesce("limit", reserved),
        coalesce(reported, used, repeats),
        asked
    FROM of_budgets
    WHERE type IN ('budget.stopped', 'budget.overrun', 'loop.detected')
)
SELECT spent.*, run_kind
FROM spent
LEFT JOIN of_kinds ON of_kinds.run = spent.run
