-- Every line is a label, and the record of which somebody outside the project knows ($seq, $hash) is one of them.
SELECT
    coalesce((SELECT max(lines) FROM memory.fresh.labels_journal), 0) = (SELECT count(*) FROM labels)
    AND ($seq::BIGINT IS NULL OR EXISTS (SELECT 1 FROM labels WHERE seq = $seq AND hash = $hash::VARCHAR));
