"""A file of reports in; the same totals and alerts that the pipeline comes to, without a broker, out."""
