"""The assumptions by subject; `dev.graph_simulator.assumptions` is the complete list."""
