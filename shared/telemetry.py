"""Logging: what the platform collects. Floor 6.

Our own lines carry ids, words and counts. Libraries that would log URLs, headers or bodies are kept to warnings.
"""

import logging

CHATTY = ("azure", "httpx", "httpcore", "hpack", "msal", "urllib3", "aiohttp")


def quiet_libraries() -> None:
    """Keeps request logging of the SDKs out of Application Insights, which bills by volume and must hold no number."""
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("mfa_prefill").setLevel(logging.INFO)
