"""Training, evaluation and data; nothing on the labelling path imports from here."""
