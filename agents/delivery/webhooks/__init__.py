"""Alert records in; signed HTTP requests to subscribers, with retries and a log of each attempt, out."""
