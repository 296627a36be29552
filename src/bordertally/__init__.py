"""bordertally: `streams` is the pure core, `agents` the shells around it; both are links to those folders."""
