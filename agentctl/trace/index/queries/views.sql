-- What people ask about beside the tables. Columns with a name in the OpenTelemetry GenAI conventions carry it
-- (`gen_ai.request.model` is `gen_ai_request_model`). Money is DECIMAL. Times are UTC. What each column means and in which
-- unit it counts stands in `agentctl/audit/tables.toml`; a test holds that it names all of them.

-- Reads and writes are told apart, as policies tell them apart: `reads` and `writes` have the same columns, and every
-- tool call is in exactly one of them, refused and waiting ones too. `effect` is that of the tool's descriptor; where the
-- journal holds none (an unknown tool, arguments that are none) the call counts as a write: absent means the worst.
-- So `SELECT * FROM writes WHERE attempts > 0` is everything that may have changed something. Who: `actor` acted for
-- `principal`, who acts for `on_behalf_of`. What allowed it: `decision` (the last one), `policies` (all that were asked,
-- each with the digest of its text), `approvals` or `grant_used`. `time` is when the call ended, or began if it did not.
CREATE OR REPLACE VIEW acts AS
SELECT
    tool_calls.run,
    runs.kind,
    runs.environment,
    tool_calls.call,
    coalesce(tool_calls.ended_at, tool_calls.proposed_at) AS time,
    coalesce(tool_calls.actor, 'agent:' || runs.gen_ai_agent_name) AS actor,
    coalesce(tool_calls.principal, runs.principal) AS principal,
    coalesce(tool_calls.principal_assurance, runs.principal_assurance) AS principal_assurance,
    runs.on_behalf_of,
    tool_calls.purpose,
    tool_calls.gen_ai_tool_name,
    tool_calls.effect,
    tool_calls.effect_key,
    tool_calls.arguments_digest,
    tool_calls.decision,
    tool_calls.policies,
    tool_calls.approvals,
    tool_calls.grant_used,
    tool_calls.credential_kind,
    tool_calls.credential_jti,
    tool_calls.attempts,
    tool_calls.outcome
FROM tool_calls
LEFT JOIN runs ON runs.run = tool_calls.run;

CREATE OR REPLACE VIEW reads AS
SELECT * FROM acts WHERE effect = 'read';

CREATE OR REPLACE VIEW writes AS
SELECT * FROM acts WHERE effect IS DISTINCT FROM 'read';

-- Who said what: the input, what models answered, what tools returned. Instructions are named by the run's version.
CREATE OR REPLACE VIEW messages AS
SELECT said.run, seq, time, role, step, call, content, asked_for, labels, said.digest
FROM said
LEFT JOIN contents ON contents.digest = said.digest;

-- Runs, and every attempt at a model or a tool in them, in the form of OpenTelemetry's spans. A span's id follows from its
-- place, so that it is the same whenever it is asked for.
CREATE OR REPLACE VIEW spans AS
SELECT
    run,
    NULL::BIGINT AS seq,
    trace_id,
    span_id,
    NULL::VARCHAR AS parent_span_id,
    'invoke_agent ' || gen_ai_agent_name AS name,
    'INTERNAL' AS kind,
    'invoke_agent' AS gen_ai_operation_name,
    started_at,
    ended_at,
    duration_ms::DOUBLE AS duration_ms,
    CASE WHEN exit_code = 0 THEN 'OK' WHEN exit_code IS NULL THEN 'UNSET' ELSE 'ERROR' END AS status,
    CASE WHEN exit_code <> 0 THEN reason END AS error_type,
    cost_usd
FROM runs
UNION ALL
SELECT
    model_calls.run,
    model_calls.seq,
    runs.trace_id,
    left(sha256(model_calls.run || '/' || model_calls.seq), 16),
    runs.span_id,
    'chat ' || gen_ai_request_model,
    'CLIENT',
    'chat',
    asked_at,
    model_calls.ended_at,
    latency_ms,
    CASE outcome WHEN 'answered' THEN 'OK' WHEN 'failed' THEN 'ERROR' ELSE 'UNSET' END,
    model_calls.error_type,
    model_calls.cost_usd
FROM model_calls
LEFT JOIN runs ON runs.run = model_calls.run
UNION ALL
SELECT
    tool_calls.run,
    tool_calls.seq,
    runs.trace_id,
    left(sha256(tool_calls.run || '/' || tool_calls.seq), 16),
    runs.span_id,
    'execute_tool ' || gen_ai_tool_name,
    'INTERNAL',
    'execute_tool',
    proposed_at,
    tool_calls.ended_at,
    latency_ms,
    CASE outcome WHEN 'ok' THEN 'OK' WHEN 'executed' THEN 'OK' WHEN 'open' THEN 'UNSET' WHEN 'waiting' THEN 'UNSET'
        WHEN 'proposed' THEN 'UNSET' ELSE 'ERROR' END,
    CASE WHEN outcome NOT IN ('ok', 'executed', 'open', 'waiting', 'proposed') THEN outcome END,
    NULL
FROM tool_calls
LEFT JOIN runs ON runs.run = tool_calls.run;

-- Every version of a contract that ran, as the runs say.
CREATE OR REPLACE VIEW contracts AS
SELECT
    version,
    any_value(gen_ai_agent_name) AS gen_ai_agent_name,
    any_value(owner) AS owner,
    list_sort(list(DISTINCT version_tag) FILTER (version_tag IS NOT NULL)) AS tags,
    min(started_at) AS first_run_at,
    max(started_at) AS last_run_at,
    count(*) AS runs,
    count(*) FILTER (kind = 'live') AS live_runs,
    count(*) FILTER (exit_code = 0) AS answered_runs,
    sum(cost_usd) AS cost_usd
FROM runs
GROUP BY version;
