#!/bin/sh
# Draws the icons of the tray, assets/tray/{light,dark,template}/STATE.png from assets/tray/STATE.svg and the colors of each set, and those of
# the program, assets/icon-SIZE.png, for desktops that do not draw themselves.
#
# The pictures are committed, so that a build needs no program that draws.
set -eu
cd "$(dirname "$0")/.."

packaging/install_packages.sh convert rsvg-convert

# Panels show 16 to 32 pixels, some with twice the resolution: 48 is three times 16 and twice 24.
side=48

for set in light dark template; do
    mkdir -p "assets/tray/$set"
    for state in normal busy warning failed paused unreachable; do
        rsvg-convert --width "$side" --height "$side" --stylesheet "assets/tray/$set.css" \
            --output "assets/tray/$set/$state.png" "assets/tray/$state.svg"
    done
done

# In the set for macOS only how much a point covers counts: what is white in it becomes a hole.
for picture in assets/tray/template/*.png; do
    convert "$picture" -background white -alpha remove -colorspace gray -negate -alpha copy -fill black -colorize 100 \
        -define png:exclude-chunks=date,time -strip "PNG32:$picture"
done

for size in 48 128; do
    rsvg-convert --width "$size" --height "$size" --output "assets/icon-$size.png" assets/icon.svg
done
