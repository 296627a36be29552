"""The demo: the whole pipeline on one machine, with the sample week of 21-27 September 2022."""
