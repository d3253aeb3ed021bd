"""The operator's command line over the app's HTTP routes."""
