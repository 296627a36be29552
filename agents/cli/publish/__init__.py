"""Commands that produce reports: reports, check, publish, read, review, follow, schema, keygen."""
