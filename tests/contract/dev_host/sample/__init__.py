"""A function app that does one small thing of each kind, for the host to be tested with."""
