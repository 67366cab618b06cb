"""From words to a typed question or command, and from numbers back to words. Pure: no network, no clock, no model."""
