-- Runs in a line each; {{which}} says which of them, in what order. Where a table lies below and few are wanted, DuckDB finds them in
-- the narrow columns and reads the wide ones of those alone.
SELECT
    run, kind, gen_ai_agent_name, owner, version, version_tag, environment, principal, principal_assurance, on_behalf_of,
    input, status, reason, exit_code, answer, started_at, ended_at, steps, model_calls, tool_calls, refused_calls,
    gen_ai_usage_input_tokens, gen_ai_usage_output_tokens, cost_usd, overridden, last_event_at
FROM runs
{which}
