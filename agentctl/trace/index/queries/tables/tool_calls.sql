-- One row per call, a reviewer's look-ups too. `outcome` is the last thing that happened to it.
WITH parts AS (
    SELECT place, run, seq, time, type, call FROM of_tools
    UNION ALL
    SELECT place, run, seq, time, type, call FROM of_decisions
    UNION ALL
    SELECT place, run, seq, time, type, binding.call FROM of_approvals WHERE type = 'approval.requested'
),
folded AS (
    SELECT
        run,
        call,
        max(place) FILTER (type = 'tool.proposed') AS proposed,
        max(place) FILTER (type = 'decision.made') AS decided,
        max(place) FILTER (type = 'tool.amended') AS amended,
        max(place) FILTER (type = 'tool.intent') AS intent,
        max(place) FILTER (type = 'tool.result') AS result,
        max(place) AS last,
        arg_max(type, place) AS last_type,
        min(seq) AS seq,
        min(time) AS proposed_at,
        max(time) FILTER (type IN ('tool.refused', 'tool.result', 'tool.resolved')) AS ended_at,
        count(*) FILTER (type = 'tool.intent') AS attempts
    FROM parts
    GROUP BY run, call
    ORDER BY last  -- here, where rows are narrow; the joins below leave them in their order
),
-- Only what is shown of each: a column more is one to carry through all joins.
proposed AS (SELECT place, step, tool, arguments, arguments_digest FROM of_tools WHERE type = 'tool.proposed'),
decided AS (
    SELECT
        place, decision, effect, facts,
        list_transform(answers, lambda answer: answer.policy || ' ' || answer.digest) AS policies
    FROM of_decisions
),
amended AS (SELECT place, arguments, arguments_digest FROM of_tools WHERE type = 'tool.amended'),
intent AS (
    SELECT
        place, tool, purpose, arguments, arguments_digest, effect, effect_key, principal, actor, credential, approvals,
        "grant", idempotency_key
    FROM of_tools
    WHERE type = 'tool.intent'
),
result AS (SELECT place, outcome, status, value, latency_ms FROM of_tools WHERE type = 'tool.result'),
last AS (SELECT place, stage, reasons, verdict FROM of_tools WHERE type IN ('tool.refused', 'tool.resolved'))
SELECT
    folded.run,
    folded.call,
    folded.seq,
    proposed.step,
    coalesce(intent.tool, proposed.tool) AS gen_ai_tool_name,
    coalesce(intent.purpose, 'agent') AS purpose,
    coalesce(intent.arguments, amended.arguments, proposed.arguments) AS arguments,
    coalesce(intent.arguments_digest, amended.arguments_digest, proposed.arguments_digest) AS arguments_digest,
    coalesce(intent.effect, decided.effect) AS effect,
    intent.effect_key,
    decided.decision,
    CASE last_type
        WHEN 'tool.refused' THEN 'refused'
        WHEN 'tool.result' THEN result.outcome
        WHEN 'tool.resolved' THEN last.verdict
        WHEN 'tool.in_doubt' THEN 'in_doubt'
        WHEN 'tool.unknown' THEN 'unknown'
        WHEN 'tool.intent' THEN 'open'
        WHEN 'approval.requested' THEN 'waiting'
        ELSE 'proposed'
    END AS outcome,
    CASE last_type WHEN 'tool.refused' THEN last.stage END AS refused_stage,
    CASE last_type WHEN 'tool.refused' THEN last.reasons END AS refused_reasons,
    folded.attempts,
    result.status,
    result.value,
    result.latency_ms,
    folded.proposed_at,
    folded.ended_at,
    intent.principal.id AS principal,
    intent.principal.assurance AS principal_assurance,
    intent.actor,
    intent.credential.kind AS credential_kind,
    intent.credential.jti AS credential_jti,
    intent.credential.audience AS credential_audience,
    intent.credential.scope AS credential_scope,
    moment(intent.credential.expires_at) AS credential_expires_at,
    intent.approvals,
    intent.grant.grant AS grant_used,
    intent.idempotency_key,
    greatest(folded.attempts - 1, 0) AS retries,
    decided.facts,
    decided.policies,
    run_kind
FROM folded
LEFT JOIN proposed ON proposed.place = folded.proposed
LEFT JOIN decided ON decided.place = folded.decided
LEFT JOIN amended ON amended.place = folded.amended
LEFT JOIN intent ON intent.place = folded.intent
LEFT JOIN result ON result.place = folded.result
LEFT JOIN last ON last.place = folded.last
LEFT JOIN of_kinds ON of_kinds.run = folded.run
