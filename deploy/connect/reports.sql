-- A table of hourly counts as a view with the fields of a report: one row is one report. PostgreSQL.
-- A changed row is a correction; a row whose people are null withdraws what it said.
CREATE TABLE hourly_counts (
    row_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gate text NOT NULL,
    begins timestamp NOT NULL,
    people integer,
    changed_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);

CREATE VIEW reports_to_send AS
SELECT
    row_id,
    changed_at,
    gate || '-' || to_char(begins, 'YYYY-MM-DD"T"HH24') AS id,
    'mashtakovo-counter' AS source,
    to_char(changed_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS published,
    'RU:KZ:' || gate AS flow,
    to_char(begins, 'YYYY-MM-DD"T"HH24:MI"Z/PT1H"') AS period,
    people,
    'count' AS qualifier
FROM hourly_counts;
