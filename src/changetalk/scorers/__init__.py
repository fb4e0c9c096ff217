"""What turns a batch of utterances into scores; one module a kind of model."""
