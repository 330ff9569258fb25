SELECT run, path, size, changed
FROM {where}.journals
WHERE left(path, -33) NOT IN (SELECT unnest($but::VARCHAR[]));
