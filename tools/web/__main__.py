"""Puts the playground together, and serves it on localhost: the system in a browser, with a guided tour."""

import argparse
import os
import sys

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
from run import progress  # noqa: E402
from run.build import build  # noqa: E402
from run.options import Parser, suggestion  # noqa: E402
from run.paths import build_directory  # noqa: E402
from run.statuses import INTERRUPTED, USAGE_ERROR, Failure, say  # noqa: E402
from web.assemble import assemble, check_replaceable, compressed_size  # noqa: E402
from web.serve import serve  # noqa: E402

PORT = 8086
USAGE = """\
usage: ./ksm web [OPTION]...

Puts the playground together in build/web, and serves it on localhost until
Ctrl-C.

  --port N     the server's port (%d); 0: any that is free
  --no-open    print the address, and start no browser
  --out DIR    put the page together in DIR, for a web server, and serve nothing
""" % PORT


class WebParser(Parser):
    def error(self, message):
        sys.stderr.write(USAGE)
        raise Failure(USAGE_ERROR, message)


def port(text):
    if not text.isdecimal() or len(text) > 5 or int(text) > 65535:
        raise argparse.ArgumentTypeError("'%s' is not a port: 0 to 65535" % text)
    return int(text)


def parse(argv):
    parser = WebParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--port", type=port)
    parser.add_argument("--no-open", action="store_true")
    parser.add_argument("--out")
    parser.add_argument("--help", "-h", action="store_true")
    options, unknown = parser.parse_known_args(argv)
    if unknown:
        known = parser._option_string_actions  # pylint: disable=protected-access
        parser.error("there is no option '%s'%s" % (unknown[0], suggestion(unknown[0].partition("=")[0], known)))
    if options.out is not None and (options.port is not None or options.no_open):
        parser.error("--out serves nothing: it goes with no other option")
    if options.out == "":
        parser.error("--out wants a directory")
    return options


def main():
    try:
        options = parse(sys.argv[1:])
        if options.help:
            sys.stdout.write(USAGE)
            return 0
        directory = options.out or os.path.join(build_directory(), "web")
        check_replaceable(directory)
        build()
        assemble(directory)
        if options.out:
            size = compressed_size(directory)
            print("%s is the page: %d KB to load where the host compresses" % (directory, size >> 10))
            return 0
        serve(directory, PORT if options.port is None else options.port, not options.no_open)
    except Failure as e:
        say(e)
        return e.status
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    progress.run(main)
