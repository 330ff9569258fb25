-- What people ask about, derived from `events` alone. Columns with a name in the OpenTelemetry GenAI conventions carry
-- it (`gen_ai.request.model` is `gen_ai_request_model`). Money is DECIMAL, read from text. Times are UTC. What each column
-- means and in which unit it counts stands in `agentctl/audit/tables.toml`; a test holds that it names all of them.

CREATE VIEW runs AS
WITH folded AS (
    SELECT
        run,
        any_value(data) FILTER (type = 'run.started') AS started,
        arg_max(type, seq) FILTER (type IN ('run.started', 'run.resumed', 'run.suspended', 'run.finished')) AS last_type,
        arg_max(data, seq) FILTER (type IN ('run.started', 'run.resumed', 'run.suspended', 'run.finished')) AS last_data,
        arg_max(data, seq) FILTER (type = 'run.resumed') AS resumed,
        min(time) AS started_at,
        max(time) FILTER (type = 'run.finished') AS ended_at,
        max(time) AS last_event_at,
        coalesce(max((data->>'$.step')::BIGINT) FILTER (type = 'model.asked') + 1, 0) AS steps,
        count(*) FILTER (type = 'model.asked') AS model_calls,
        count(*) FILTER (type = 'tool.proposed') AS tool_calls,
        count(*) FILTER (type = 'tool.refused') AS refused_calls,
        coalesce(sum((data->>'$.settlement.input_tokens')::BIGINT)
            FILTER (type IN ('model.answered', 'model.failed')), 0)::BIGINT AS input_tokens,
        coalesce(sum((data->>'$.settlement.output_tokens')::BIGINT)
            FILTER (type IN ('model.answered', 'model.failed')), 0)::BIGINT AS output_tokens,
        coalesce(sum(CASE WHEN type IN ('model.answered', 'model.failed', 'tool.result')
            THEN TRY_CAST(data->>'$.settlement.cost_usd' AS DECIMAL(28, 12)) END), 0) AS cost_usd,
        coalesce(bool_or((data->>'$.reviewer.kind') = 'person') FILTER (type = 'approval.answered'), FALSE) AS overridden,
        list_sort(list(DISTINCT data->>'$.model') FILTER (type = 'model.asked')) AS models,
        count(*) FILTER (type IN ('model.asked', 'tool.intent') AND (data->>'$.attempt')::BIGINT > 1) AS retries,
        count(*) FILTER (type IN ('model.failed', 'tool.unknown')
            OR (type = 'tool.result' AND (data->>'$.outcome') = 'error')) AS errors,
        -- Of every deployment that a step asked after its first one.
        count(DISTINCT concat_ws(' ', data->>'$.review', data->>'$.step', data->>'$.deployment')) FILTER (type = 'model.asked')
            - count(DISTINCT concat_ws(' ', data->>'$.review', data->>'$.step')) FILTER (type = 'model.asked') AS fallbacks,
        coalesce(sum((data->>'$.latency_ms')::DOUBLE)
            FILTER (type IN ('model.answered', 'model.failed')), 0) AS model_latency_ms,
        coalesce(sum((data->>'$.latency_ms')::DOUBLE)
            FILTER (type IN ('tool.result', 'tool.unknown')), 0) AS tool_latency_ms,
        count(*) AS records
    FROM events
    GROUP BY run
),
named AS (
    SELECT
        *,
        CASE last_type WHEN 'run.finished' THEN 'finished' WHEN 'run.suspended' THEN 'suspended' ELSE 'running' END AS status,
        coalesce(last_data->>'$.status', last_data->>'$.reason') AS reason
    FROM folded
    WHERE started IS NOT NULL
)
SELECT
    run,
    started->>'$.envelope.kind' AS kind,
    started->>'$.envelope.parent_run' AS parent_run,
    started->>'$.envelope.conversation' AS gen_ai_conversation_id,
    started->>'$.envelope.agent' AS gen_ai_agent_name,
    started->>'$.envelope.owner' AS owner,
    started->>'$.envelope.version' AS version,
    started->>'$.envelope.version_tag' AS version_tag,
    started->>'$.envelope.environment' AS environment,
    started->>'$.envelope.environment_kind' AS environment_kind,
    started->>'$.envelope.principal.id' AS principal,
    started->>'$.envelope.principal.assurance' AS principal_assurance,
    (started->'$.envelope.on_behalf_of')::VARCHAR[] AS on_behalf_of,
    started->>'$.input' AS input,
    status,
    reason,
    CASE reason
        WHEN 'answered' THEN 0 WHEN 'denied' THEN 3 WHEN 'approval' THEN 4 WHEN 'in_doubt' THEN 5
        WHEN 'budget' THEN 6 WHEN 'loop' THEN 6 WHEN 'provider_failed' THEN 11 WHEN 'interrupted' THEN 130
    END AS exit_code,
    CASE status WHEN 'finished' THEN last_data->>'$.answer' END AS answer,
    started_at,
    ended_at,
    last_event_at,
    steps,
    model_calls,
    tool_calls,
    refused_calls,
    input_tokens AS gen_ai_usage_input_tokens,
    output_tokens AS gen_ai_usage_output_tokens,
    cost_usd,
    TRY_CAST(coalesce(resumed->>'$.limits.max_cost_usd', started->>'$.envelope.limits.max_cost_usd') AS DECIMAL(28, 12))
        AS max_cost_usd,
    overridden,
    records,
    models,
    retries,
    errors,
    fallbacks,
    model_latency_ms,
    tool_latency_ms,
    epoch_ms(last_event_at) - epoch_ms(started_at) AS duration_ms
FROM named;

CREATE VIEW routes AS
SELECT
    run,
    seq,
    time,
    (data->>'$.step')::BIGINT AS step,
    data->>'$.strategy' AS strategy,
    data->>'$.alias' AS alias,
    data->>'$.chosen' AS chosen,
    data->>'$.why' AS why,
    data->'$.candidates' AS candidates,
    data->'$.facts' AS facts
FROM events
WHERE type = 'route.chosen';

-- One row per attempt, those of a second model that reviews too. `outcome` is `open` where the journal holds no end of it: under way, or its process died.
CREATE VIEW model_calls AS
WITH parts AS (
    SELECT
        *,
        (data->>'$.step')::BIGINT AS step,
        (data->>'$.attempt')::BIGINT AS attempt,
        data->>'$.review' AS review
    FROM events
    WHERE type IN ('model.asked', 'model.answered', 'model.failed')
),
asked AS (SELECT * FROM parts WHERE type = 'model.asked'),
ended AS (SELECT * FROM parts WHERE type <> 'model.asked')
SELECT
    asked.run,
    asked.seq,
    asked.step,
    asked.attempt,
    asked.time AS asked_at,
    ended.time AS ended_at,
    'chat' AS gen_ai_operation_name,
    asked.data->>'$.provider' AS gen_ai_provider_name,
    asked.data->>'$.model' AS gen_ai_request_model,
    (asked.data->>'$.max_output_tokens')::BIGINT AS gen_ai_request_max_tokens,
    ended.data->>'$.response_id' AS gen_ai_response_id,
    ended.data->>'$.response_model' AS gen_ai_response_model,
    CASE WHEN ended.type = 'model.answered' THEN [ended.data->>'$.finish_reason'] END AS gen_ai_response_finish_reasons,
    (ended.data->>'$.settlement.input_tokens')::BIGINT AS gen_ai_usage_input_tokens,
    (ended.data->>'$.settlement.output_tokens')::BIGINT AS gen_ai_usage_output_tokens,
    ended.data->>'$.failure' AS error_type,
    asked.data->>'$.deployment' AS deployment,
    CASE ended.type WHEN 'model.answered' THEN 'answered' WHEN 'model.failed' THEN 'failed' ELSE 'open' END AS outcome,
    TRY_CAST(ended.data->>'$.settlement.cost_usd' AS DECIMAL(28, 12)) AS cost_usd,
    TRY_CAST(asked.data->>'$.reservation.cost_usd' AS DECIMAL(28, 12)) AS reserved_usd,
    (ended.data->>'$.usage_reported')::BOOLEAN AS usage_reported,
    (ended.data->>'$.latency_ms')::DOUBLE AS latency_ms,
    asked.data->>'$.request_digest' AS request_digest,
    asked.review,
    asked.attempt > 1 AS retry,
    (asked.data->>'$.deployment') IS DISTINCT FROM first_value(asked.data->>'$.deployment') OVER (
        PARTITION BY asked.run, asked.step, asked.review ORDER BY asked.attempt
    ) AS fallback,
    ended.data->>'$.message' AS error_message
FROM asked
LEFT JOIN ended ON
    ended.run = asked.run
    AND ended.step = asked.step
    AND ended.attempt = asked.attempt
    AND ended.review IS NOT DISTINCT FROM asked.review;

-- One row per call, a reviewer's look-ups too. `outcome` is the last thing that happened to it.
CREATE VIEW tool_calls AS
WITH parts AS (
    SELECT *, coalesce(data->>'$.call', data->>'$.binding.call') AS call
    FROM events
    WHERE type LIKE 'tool.%' OR type IN ('decision.made', 'approval.requested')
),
folded AS (
    SELECT
        run,
        call,
        arg_max(data, seq) FILTER (type = 'tool.proposed') AS proposed,
        arg_max(data, seq) FILTER (type = 'decision.made') AS decided,
        arg_max(data, seq) FILTER (type = 'tool.refused') AS refused,
        arg_max(data, seq) FILTER (type = 'tool.amended') AS amended,
        arg_max(data, seq) FILTER (type = 'tool.intent') AS intent,
        arg_max(data, seq) FILTER (type = 'tool.result') AS result,
        arg_max(type, seq) AS last_type,
        arg_max(data, seq) AS last_data,
        min(seq) AS seq,
        min(time) AS proposed_at,
        max(time) FILTER (type IN ('tool.refused', 'tool.result', 'tool.resolved')) AS ended_at,
        count(*) FILTER (type = 'tool.intent') AS attempts
    FROM parts
    GROUP BY run, call
)
SELECT
    run,
    call,
    seq,
    (proposed->>'$.step')::BIGINT AS step,
    coalesce(intent->>'$.tool', proposed->>'$.tool') AS gen_ai_tool_name,
    coalesce(intent->>'$.purpose', 'agent') AS purpose,
    coalesce(intent->'$.arguments', amended->'$.arguments', proposed->'$.arguments') AS arguments,
    coalesce(intent->>'$.arguments_digest', amended->>'$.arguments_digest', proposed->>'$.arguments_digest')
        AS arguments_digest,
    coalesce(intent->>'$.effect', decided->>'$.effect') AS effect,
    intent->>'$.effect_key' AS effect_key,
    decided->>'$.decision' AS decision,
    CASE last_type
        WHEN 'tool.refused' THEN 'refused'
        WHEN 'tool.result' THEN result->>'$.outcome'
        WHEN 'tool.resolved' THEN last_data->>'$.verdict'
        WHEN 'tool.in_doubt' THEN 'in_doubt'
        WHEN 'tool.unknown' THEN 'unknown'
        WHEN 'tool.intent' THEN 'open'
        WHEN 'approval.requested' THEN 'waiting'
        ELSE 'proposed'
    END AS outcome,
    CASE last_type WHEN 'tool.refused' THEN refused->>'$.stage' END AS refused_stage,
    CASE last_type WHEN 'tool.refused' THEN (refused->'$.reasons')::VARCHAR[] END AS refused_reasons,
    attempts,
    (result->>'$.status')::BIGINT AS status,
    result->'$.value' AS value,
    (result->>'$.latency_ms')::DOUBLE AS latency_ms,
    proposed_at,
    ended_at,
    intent->>'$.principal.id' AS principal,
    intent->>'$.principal.assurance' AS principal_assurance,
    intent->>'$.actor' AS actor,
    intent->>'$.credential.kind' AS credential_kind,
    intent->>'$.credential.jti' AS credential_jti,
    intent->>'$.credential.audience' AS credential_audience,
    intent->>'$.credential.scope' AS credential_scope,
    TRY_CAST(intent->>'$.credential.expires_at' AS TIMESTAMP) AS credential_expires_at,
    (intent->'$.approvals')::VARCHAR[] AS approvals,
    intent->>'$.grant.grant' AS grant_used,
    intent->>'$.idempotency_key' AS idempotency_key,
    greatest(attempts - 1, 0) AS retries,
    decided->'$.facts' AS facts
FROM folded;

-- Reads and writes are told apart, as policies tell them apart: `reads` and `writes` have the same columns, and every
-- tool call is in exactly one of them, refused and waiting ones too. `effect` is that of the tool's descriptor; where the
-- journal holds none (an unknown tool, arguments that are none) the call counts as a write: absent means the worst.
-- So `SELECT * FROM writes WHERE attempts > 0` is everything that may have changed something. Who: `actor` acted for
-- `principal`, who acts for `on_behalf_of`. What allowed it: `decision` (the last one), `policies` (all that were asked,
-- each with the digest of its text), `approvals` or `grant_used`. `time` is when the call ended, or began if it did not.
CREATE VIEW acts AS
WITH begun AS (SELECT run, data->'$.envelope' AS envelope FROM events WHERE type = 'run.started'),
judged AS (
    SELECT run, data->>'$.call' AS call, arg_max(data, seq) AS decided
    FROM events
    WHERE type = 'decision.made'
    GROUP BY run, call
)
SELECT
    tool_calls.run,
    envelope->>'$.kind' AS kind,
    envelope->>'$.environment' AS environment,
    tool_calls.call,
    coalesce(tool_calls.ended_at, tool_calls.proposed_at) AS time,
    coalesce(tool_calls.actor, 'agent:' || (envelope->>'$.agent')) AS actor,
    coalesce(tool_calls.principal, envelope->>'$.principal.id') AS principal,
    coalesce(tool_calls.principal_assurance, envelope->>'$.principal.assurance') AS principal_assurance,
    (envelope->'$.on_behalf_of')::VARCHAR[] AS on_behalf_of,
    tool_calls.purpose,
    tool_calls.gen_ai_tool_name,
    tool_calls.effect,
    tool_calls.effect_key,
    tool_calls.arguments_digest,
    tool_calls.decision,
    list_transform(
        (judged.decided->'$.answers')::JSON[], lambda answer: (answer->>'$.policy') || ' ' || (answer->>'$.digest')
    ) AS policies,
    tool_calls.approvals,
    tool_calls.grant_used,
    tool_calls.credential_kind,
    tool_calls.credential_jti,
    tool_calls.attempts,
    tool_calls.outcome
FROM tool_calls
LEFT JOIN begun ON begun.run = tool_calls.run
LEFT JOIN judged ON judged.run = tool_calls.run AND judged.call = tool_calls.call;

CREATE VIEW reads AS
SELECT * FROM acts WHERE effect = 'read';

CREATE VIEW writes AS
SELECT * FROM acts WHERE effect IS DISTINCT FROM 'read';

-- One row per answer of one authority; `decision` is the strictest of all of them, which is what held.
CREATE VIEW decisions AS
WITH answered AS (
    SELECT *, unnest((data->'$.answers')::JSON[]) AS answer
    FROM events
    WHERE type = 'decision.made'
)
SELECT
    run,
    seq,
    time,
    data->>'$.call' AS call,
    (data->>'$.attempt')::BIGINT AS attempt,
    data->>'$.decision' AS decision,
    answer->>'$.authority' AS authority,
    answer->>'$.policy' AS policy,
    answer->>'$.digest' AS policy_digest,
    answer->>'$.decision' AS answer,
    (answer->'$.reasons')::VARCHAR[] AS reasons,
    (answer->'$.errors')::VARCHAR[] AS errors,
    (answer->>'$.latency_us')::BIGINT AS latency_us,
    data->'$.facts' AS facts,
    data->'$.facts_missing' AS facts_missing,
    data->>'$.inputs_digest' AS inputs_digest,
    data->>'$.effect' AS effect
FROM answered;

-- One row per request and answer to it; a request that nobody answered has one row without an answer.
CREATE VIEW approvals AS
WITH requested AS (SELECT * FROM events WHERE type = 'approval.requested'),
answered AS (SELECT * FROM events WHERE type = 'approval.answered'),
expired AS (SELECT DISTINCT run, data->>'$.approval' AS approval FROM events WHERE type = 'approval.expired')
SELECT
    requested.run,
    requested.data->>'$.approval' AS approval,
    requested.data->>'$.binding.call' AS call,
    requested.data->>'$.tool' AS gen_ai_tool_name,
    requested.data->>'$.requester' AS requester,
    requested.data->>'$.actor' AS actor,
    (requested.data->'$.reviewers')::VARCHAR[] AS reviewers,
    (requested.data->>'$.quorum')::BIGINT AS quorum,
    requested.time AS requested_at,
    TRY_CAST(requested.data->>'$.expires_at' AS TIMESTAMP) AS expires_at,
    expired.approval IS NOT NULL AS expired,
    answered.time AS answered_at,
    answered.data->>'$.answer' AS answer,
    answered.data->>'$.reviewer.id' AS reviewer,
    answered.data->>'$.reviewer.kind' AS reviewer_kind,
    answered.data->>'$.reviewer.assurance' AS reviewer_assurance,
    answered.data->>'$.reason' AS reason,
    requested.data->>'$.binding.arguments_digest' AS arguments_digest,
    requested.data->>'$.binding.view_digest' AS view_digest,
    requested.data->>'$.risk_tier' AS risk_tier,
    answered.data->'$.changes' AS changes,
    answered.data->>'$.reviewer.key' AS reviewer_key
FROM requested
LEFT JOIN answered ON answered.run = requested.run AND (answered.data->>'$.approval') = (requested.data->>'$.approval')
LEFT JOIN expired ON expired.run = requested.run AND expired.approval = (requested.data->>'$.approval');

-- What attempts used, and every stop or overrun of a ceiling; a loop is a ceiling too, of repeats.
CREATE VIEW spend AS
SELECT
    run,
    seq,
    time,
    type,
    coalesce(data->>'$.call', 'model/' || (data->>'$.step')) AS spender,
    (data->>'$.attempt')::BIGINT AS attempt,
    (data->>'$.settlement.tool_calls')::BIGINT AS tool_calls,
    (data->>'$.settlement.input_tokens')::BIGINT AS gen_ai_usage_input_tokens,
    (data->>'$.settlement.output_tokens')::BIGINT AS gen_ai_usage_output_tokens,
    TRY_CAST(data->>'$.settlement.cost_usd' AS DECIMAL(28, 12)) AS cost_usd,
    data->>'$.meter' AS meter,
    TRY_CAST(coalesce(data->>'$.limit', data->>'$.reserved') AS DECIMAL(28, 12)) AS allowed,
    TRY_CAST(coalesce(data->>'$.reported', data->>'$.used', data->>'$.repeats') AS DECIMAL(28, 12)) AS used,
    TRY_CAST(data->>'$.asked' AS DECIMAL(28, 12)) AS asked
FROM events
WHERE
    type IN ('model.answered', 'model.failed', 'tool.result', 'budget.stopped', 'budget.overrun', 'loop.detected');

-- Who said what: the input, what models answered, what tools returned. Instructions are named by the run's version.
CREATE VIEW messages AS
SELECT
    run,
    seq,
    time,
    CASE type WHEN 'run.started' THEN 'user' WHEN 'model.answered' THEN 'assistant' ELSE 'tool' END AS role,
    (data->>'$.step')::BIGINT AS step,
    data->>'$.call' AS call,
    CASE type WHEN 'run.started' THEN data->>'$.input' WHEN 'model.answered' THEN data->>'$.text' ELSE data->>'$.value' END
        AS content,
    list_transform((data->'$.calls')::JSON[], lambda asked: asked->>'$.name') AS asked_for,
    (data->'$.source.labels')::VARCHAR[] AS labels
FROM events
WHERE
    type = 'run.started'
    OR (type = 'model.answered' AND (data->>'$.review') IS NULL)
    OR (type = 'tool.result' AND (data->>'$.purpose') = 'agent');

-- Every time somebody decided where the rules alone had not: answers, grants, raised ceilings, calls in doubt resolved.
CREATE VIEW overrides AS
SELECT
    run,
    seq,
    time,
    CASE type
        WHEN 'approval.answered' THEN data->>'$.answer'
        WHEN 'approval.grant' THEN 'grant'
        WHEN 'budget.raised' THEN 'raise'
        ELSE data->>'$.verdict'
    END AS act,
    coalesce(data->>'$.reviewer.id', data->>'$.by.id') AS reviewer,
    coalesce(data->>'$.reviewer.assurance', data->>'$.by.assurance') AS reviewer_assurance,
    data->>'$.reason' AS reason,
    coalesce(data->>'$.call', data->>'$.binding.call') AS call
FROM events
WHERE
    (type IN ('approval.answered', 'approval.grant', 'budget.raised') AND (data->>'$.reviewer.kind') = 'person')
    OR type = 'tool.resolved';
