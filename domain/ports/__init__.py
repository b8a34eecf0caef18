"""What the use cases need from the world, one noun a module; the adapters bear the same names in `integrations`."""
