"""similar - finds what a misspelled word meant: similar.py NOUN 'KNOWN...' GIVEN... prints nothing, or a sentence."""

import difflib
import sys

noun, known = sys.argv[1], {word.lower(): word for word in sys.argv[2].split()}
for name in sys.argv[3:]:
    close = difflib.get_close_matches(name.lower(), known, 1, 0.7)
    close += [word for word in known if sorted(word) == sorted(name.lower())]  # short ones, with letters exchanged
    if close:
        print("there is no %s %s; did you mean %s?" % (noun, name, known[close[0]]))
        break
