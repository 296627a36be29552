"""Commands that produce reports: import, reports, check, publish, read, review, follow, schema, keygen."""
