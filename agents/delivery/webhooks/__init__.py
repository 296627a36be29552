"""Alert records in; signed HTTP requests to subscribers, with retries and a record of each try, out."""
