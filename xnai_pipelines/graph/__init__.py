"""Knowledge graph: mentions, entities, relations and communities, each a pure function of the chunks."""
