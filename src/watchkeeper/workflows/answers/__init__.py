"""How each kind of question is answered, from the store and the sources. Numbers come from there or are not said."""
