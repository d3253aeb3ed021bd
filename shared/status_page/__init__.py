"""The status page: the report for a person in front of a browser. Floor 6."""
