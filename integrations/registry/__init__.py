"""The emission registries: their wire, our client of it, and a simulator that can misbehave on order."""
