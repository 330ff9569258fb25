-- One row per attempt, those of a second model that reviews too. `outcome` is `open` where the journal holds no end of it:
-- under way, or its process died.
WITH asked AS (SELECT * FROM of_models WHERE type = 'model.asked'),
ended AS (SELECT * FROM of_models WHERE type <> 'model.asked'),
first_asked AS (SELECT run, step, review, arg_min(deployment, attempt) AS deployment FROM asked GROUP BY ALL)
SELECT
    asked.run,
    asked.seq,
    asked.step,
    asked.attempt,
    asked.time AS asked_at,
    ended.time AS ended_at,
    'chat' AS gen_ai_operation_name,
    asked.provider AS gen_ai_provider_name,
    asked.model AS gen_ai_request_model,
    asked.max_output_tokens AS gen_ai_request_max_tokens,
    ended.response_id AS gen_ai_response_id,
    ended.response_model AS gen_ai_response_model,
    CASE WHEN ended.type = 'model.answered' THEN [ended.finish_reason] END AS gen_ai_response_finish_reasons,
    ended.settlement.input_tokens AS gen_ai_usage_input_tokens,
    ended.settlement.output_tokens AS gen_ai_usage_output_tokens,
    ended.failure AS error_type,
    asked.deployment,
    CASE ended.type WHEN 'model.answered' THEN 'answered' WHEN 'model.failed' THEN 'failed' ELSE 'open' END AS outcome,
    ended.settlement.cost_usd,
    asked.reservation.cost_usd AS reserved_usd,
    ended.usage_reported,
    ended.latency_ms,
    asked.request_digest,
    asked.review,
    asked.attempt > 1 AS retry,
    asked.deployment IS DISTINCT FROM first_asked.deployment AS fallback,
    ended.message AS error_message,
    run_kind
FROM asked
LEFT JOIN ended ON
    ended.run = asked.run
    AND ended.step = asked.step
    AND ended.attempt = asked.attempt
    AND ended.review IS NOT DISTINCT FROM asked.review
LEFT JOIN first_asked ON
    first_asked.run = asked.run
    AND first_asked.step IS NOT DISTINCT FROM asked.step
    AND first_asked.review IS NOT DISTINCT FROM asked.review
LEFT JOIN of_kinds ON of_kinds.run = asked.run
ORDER BY asked.place
