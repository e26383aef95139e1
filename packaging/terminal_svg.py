#!/usr/bin/env python3
"""Draws what a terminal showed as an SVG, for the README.

    script -qec 'make demo' /dev/null | packaging/terminal_svg.py --from '4. ' --to '6. ' >assets/demo.svg

It knows what our own output uses: colors, carriage return, and moving up and clearing lines, as progress bars do.
"""

import argparse
import html
import os
import re
import sys

COLORS = {30: "#586069", 31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 34: "#79c0ff", 35: "#d2a8ff", 36: "#76e3ea", 90: "#8b949e"}
PLAIN = ("#c9d1d9", False)
CHARACTER_WIDTH, LINE_HEIGHT, MARGIN = 8.4, 18, 16
TOKEN = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b\][^\x07]*\x07|\x1b.|([\r\n\b])|([^\x1b\r\n\b]+)", re.S)


def restyle(style, codes):
    """Returns the style after a color sequence."""
    color, bold = style
    for code in (int(code or 0) for code in codes.split(";")):
        if code == 0:
            color, bold = PLAIN
        elif code == 1:
            bold = True
        elif code == 22:
            bold = False
        elif code == 39:
            color = PLAIN[0]
        elif code in COLORS:
            color = COLORS[code]
        elif code - 60 in COLORS:
            color = COLORS[code - 60]
    return color, bold


def screen_of(text):
    """Returns the lines that are left on the screen, each a list of (character, style)."""
    screen, row, column, style = [[]], 0, 0, PLAIN
    for codes, command, control, words in TOKEN.findall(text):
        if words:
            line = screen[row]
            line.extend([(" ", PLAIN)] * (column - len(line)))
            line[column : column + len(words)] = [(character, style) for character in words]
            column += len(words)
        elif control == "\n":
            row, column = row + 1, 0
            if row == len(screen):
                screen.append([])
        elif control == "\r":
            column = 0
        elif control == "\b":
            column = max(0, column - 1)
        elif command == "m":
            style = restyle(style, codes)
        elif command == "A":
            row = max(0, row - int(codes or 1))
        elif command == "K":
            del screen[row][0 if codes == "2" else column :]
        elif command == "J":
            del screen[row][column:]
            del screen[row + 1 :]
    return screen


def draw(screen):
    """Returns the SVG."""
    width = max((len(line) for line in screen), default=0) * CHARACTER_WIDTH + 2 * MARGIN
    height = len(screen) * LINE_HEIGHT + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
        f'font-family="ui-monospace, monospace" font-size="14">',
        f'<rect width="{width:.0f}" height="{height}" rx="8" fill="#0d1117"/>',
    ]
    for number, line in enumerate(screen):
        spans, last = [], None
        for character, style in line:
            if style != last:
                spans.append([style, ""])
                last = style
            spans[-1][1] += character
        inner = "".join(
            f'<tspan fill="{color}" font-weight="{"bold" if bold else "normal"}">{html.escape(words)}</tspan>'
            for (color, bold), words in spans
        )
        if inner:
            baseline = MARGIN + number * LINE_HEIGHT + 14
            parts.append(f'<text x="{MARGIN}" y="{baseline}" xml:space="preserve">{inner}</text>')
    return "\n".join(parts + ["</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="first", default="", help="begin with the line that starts so")
    parser.add_argument("--to", dest="last", help="end before the line that starts so")
    options = parser.parse_args()
    # Nobody needs to know where the checkout lies that the picture was taken in.
    text = sys.stdin.buffer.read().decode(errors="replace").replace(os.getcwd(), "~/prestic")
    screen = screen_of(text)
    words = ["".join(character for character, _ in line) for line in screen]
    first = next((number for number, line in enumerate(words) if line.startswith(options.first)), 0)
    last = len(words)
    if options.last:
        last = next((number for number in range(first, len(words)) if words[number].startswith(options.last)), last)
    while last > first and not words[last - 1].strip():
        last -= 1
    sys.stdout.write(draw(screen[first:last]))


if __name__ == "__main__":
    main()
