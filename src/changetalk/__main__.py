"""`python -m changetalk` is the command `changetalk`."""

import sys

from changetalk.cli import main

sys.exit(main())
