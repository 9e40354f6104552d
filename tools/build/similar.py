"""similar - finds a misspelled variable, for make: similar.py 'KNOWN...' GIVEN... prints nothing, or a sentence."""

import difflib
import sys

known = sys.argv[1].split()
for name in sys.argv[2:]:
    close = difflib.get_close_matches(name.upper(), known, 1, 0.7)
    if close:
        print("there is no variable %s; did you mean %s?" % (name, close[0]))
        break
