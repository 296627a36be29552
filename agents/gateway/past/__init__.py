"""A moment in; totals, alerts and evidence as they were known then out, replayed from the report topics."""
