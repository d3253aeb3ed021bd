"""Azurite, Microsoft's storage emulator, from npm: queues, tables and blobs on this machine."""
