"""`make demo` and `make dev`: the whole job on one machine, with a simulated tenant, while you watch."""
