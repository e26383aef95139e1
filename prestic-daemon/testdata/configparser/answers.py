"""What Python's configparser and shlex say to a text, in the words that the Rust tests use."""

import configparser
import sys


def new_parser():
    parser = configparser.ConfigParser()
    parser.optionxform = lambda key: key if key.startswith("env.") else key.lower()
    return parser


def answer(text):
    """Returns the sections with raw and with expanded values, or the kind of the error."""
    parser = new_parser()
    try:
        parser.read_string(text)
    except configparser.Error as error:
        return {"error": type(error).__name__}
    return {
        "defaults": dict(parser.defaults()),
        "sections": {
            name: {
                "raw": own(parser, name),
                "expanded": {key: expanded(parser, name, key) for key in parser[name]},
            }
            for name in parser.sections()
        },
    }


def universal(text):
    """Ends lines as a file that is opened as text does; strings keep their carriage returns."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def own(parser, name):
    return {key: parser.get(name, key, raw=True) for key in parser._sections[name]}


def expanded(parser, name, key):
    """None where Python refuses a percent sign that we take as it is."""
    try:
        return {"value": parser.get(name, key)}
    except configparser.InterpolationSyntaxError:
        return None
    except configparser.InterpolationError as error:
        return {"error": type(error).__name__}


# Python 3.13 gave some errors other names; only whether there is one is compared there.
NAMES_OF_ERRORS_ARE_KNOWN = sys.version_info < (3, 13)
