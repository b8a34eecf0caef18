"""The main job, played over HTTP by its actors, each with keys of their own; and by who has stolen some of them."""
