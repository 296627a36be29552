"""Following publishers: their feeds and pages, fetched with manners, become reports in words."""
