"""The notice registry: its wire, our client, and a simulator with books of its own."""
