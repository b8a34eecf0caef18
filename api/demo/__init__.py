"""The main job, played over HTTP by its actors, each with credentials of their own."""
