"""How long an answer takes tells nobody whether a thing is there: the foreign and the absent asked alternately."""
