-- One row per answer of one authority; `decision` is the strictest of all of them, which is what held.
WITH answered AS (SELECT * EXCLUDE (answers), unnest(answers) AS said FROM of_decisions)
SELECT
    run,
    seq,
    time,
    call,
    attempt,
    decision,
    said.authority,
    said.policy,
    said.digest AS policy_digest,
    said.decision AS answer,
    said.reasons,
    said.errors,
    said.latency_us,
    facts,
    facts_missing,
    inputs_digest,
    effect,
    run_kind
FROM answered
LEFT JOIN of_kinds USING (run)
