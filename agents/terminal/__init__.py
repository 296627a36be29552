"""Records in; tables, plots and sentences for a terminal out."""
