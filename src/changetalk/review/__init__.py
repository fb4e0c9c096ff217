"""Which utterances a person should code next, written out for coding and read back in.

`pick` chooses them, part at random, so that estimates from the codes stay valid, and part where
the model is least sure; `write` makes a spreadsheet or Label Studio tasks of them, without the
model's labels unless they are asked for; `read` brings the codes back to the rows they belong to.
"""

from changetalk.review.label_studio import label_config
from changetalk.review.picking import pick
from changetalk.review.reading import read
from changetalk.review.writing import write

__all__ = ["label_config", "pick", "read", "write"]
