"""Webhooks as Standard Webhooks writes them: signed messages to the addresses that tenants name."""
