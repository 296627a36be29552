"""The sample week in; a whole pipeline on this machine, and the table it comes to, out."""
