"""Files, pages and feeds in; reports on the producers' topics out."""
