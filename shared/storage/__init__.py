"""Azure Storage: the tables and queues of the app's one account. Floor 6."""
