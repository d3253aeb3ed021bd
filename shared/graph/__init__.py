"""Microsoft Graph through msgraph-sdk: the only room that talks to it. Floor 6."""
