# SPDX-License-Identifier: BSD-2-Clause
"""Pictures of measurements as SVG, without a library. strip(): a row for each measurement, a dot for each run, a bar at
the median, on one logarithmic axis. curves(): the same over a number, for example of instances. Rejected: gnuplot and
matplotlib, packages of 2 and 19 MB instead of some dozen lines."""
import math
import statistics
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, TOP, ROW = 860, 300, 90, 64, 34
ZERO = 50  # between the tick of 0 and the first decade
HEIGHT, CURVE_LEFT, CURVE_RIGHT = 300, 100, 230  # of pictures with curves
COLOURS = {"Holdfast": "#15803d", "keepalived": "#c2410c", "other": "#1d4f91"}
FEW = 60  # with more values than this the dots are drawn faint


def _colour(label):
    return next((c for name, c in COLOURS.items() if name in label), COLOURS["other"])


def _number(value):
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


class Axis:
    """Whole decades around the values above 0, in `unit`, drawn from `start` to `end`. A logarithmic axis has no place
    for 0, so a value 0 gets a tick of its own before the decades."""

    def __init__(self, values, unit, start=LEFT, end=WIDTH - RIGHT):
        above = [v for v in values if v > 0] or [1]
        self.low = math.floor(math.log10(min(above)))
        self.high = math.ceil(math.log10(max(above)) + 1e-9)
        self.high += self.high == self.low
        self.has_zero = min(values) <= 0
        self.start, self.end, self.unit = start, end, unit
        self.first = start + math.copysign(ZERO, end - start) if self.has_zero else start

    def at(self, value):
        if value <= 0:
            return self.start
        return self.first + (math.log10(value) - self.low) / (self.high - self.low) * (self.end - self.first)

    def ticks(self):
        return [0] * self.has_zero + [10 ** e for e in range(self.low, self.high + 1)]


def _row(label, values, axis, y):
    colour, median = _colour(label), statistics.median(values)
    faint = 0.75 if len(values) <= FEW else 0.15
    dots = "".join(f'<circle cx="{axis.at(v):.1f}" cy="{y}" r="3.5" fill="{colour}" fill-opacity="{faint}"/>'
                   for v in values)
    x = axis.at(median)
    return (f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end" font-size="13">{escape(label)}</text>{dots}'
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - 11}" y2="{y + 11}" stroke="{colour}" stroke-width="3"/>'
            f'<text x="{WIDTH - RIGHT + 8}" y="{y + 4}" font-size="12.5" font-weight="bold">'
            f'{_number(median)} {escape(axis.unit)}</text>\n')


def strip(path, title, caption, rows, unit):
    """`rows`: [(label, values)]. A row without values is left out. Smaller is better."""
    rows = [(label, values) for label, values in rows if values]
    axis = Axis([v for _, values in rows for v in values], unit)
    bottom = TOP + len(rows) * ROW
    lines = "".join(
        f'<line x1="{axis.at(t):.1f}" x2="{axis.at(t):.1f}" y1="{TOP - 6}" y2="{bottom}" stroke="#d5d9e0"/>'
        f'<text x="{axis.at(t):.1f}" y="{bottom + 16}" text-anchor="middle" font-size="11.5" fill="#545b66">'
        f'{t:g} {escape(unit)}</text>\n' for t in axis.ticks())
    body = "".join(_row(label, values, axis, TOP + i * ROW + ROW // 2) for i, (label, values) in enumerate(rows))
    note = ("each dot is one run, the bar and the number are the median; the axis is logarithmic, left is better")
    _write(path, title, caption, lines + body, bottom, LEFT, note)


def _write(path, title, caption, body, bottom, left, note):
    with open(path, "w", encoding="utf-8") as f:
        f.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{bottom + 44}" '
                f'viewBox="0 0 {WIDTH} {bottom + 44}" font-family="sans-serif" fill="#16191d">\n'
                f'<title>{escape(title)}</title><rect width="100%" height="100%" fill="white"/>\n'
                f'<text x="16" y="26" font-size="17" font-weight="bold">{escape(title)}</text>\n'
                f'<text x="16" y="46" font-size="12.5" fill="#545b66">{escape(caption)}</text>\n'
                f'{body}'
                f'<text x="{left}" y="{bottom + 36}" font-size="11.5" fill="#545b66">{escape(note)}</text>\n</svg>\n')


def _apart(heights):
    """Moves the heights of labels, so that none covers another one."""
    placed, last = {}, -HEIGHT
    for i in sorted(range(len(heights)), key=heights.__getitem__):
        placed[i] = last = max(heights[i], last + 15)
    return [placed[i] for i in range(len(heights))]


def _curve(points, dashed, colour, x_axis, y_axis):
    line = " ".join(f"{x_axis.at(x):.1f},{y_axis.at(statistics.median(v)):.1f}" for x, v in points)
    dots = "".join(f'<circle cx="{x_axis.at(x):.1f}" cy="{y_axis.at(v):.1f}" r="3.5" fill="{colour}" '
                   f'fill-opacity="0.75"/>' for x, values in points for v in values)
    dash = ' stroke-dasharray="6 4"' * dashed
    return f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>{dots}\n'


def curves(path, title, caption, series, across, unit):
    """`series`: [(label, {x: values})]; `across`: what x counts. A series without values is left out. Smaller is
    better."""
    series = [(label, sorted((x, v) for x, v in points.items() if v)) for label, points in series]
    series = [(label, points) for label, points in series if points]
    numbers = sorted({x for _, points in series for x, _ in points})
    bottom = TOP + HEIGHT
    x_axis = Axis(numbers, across, CURVE_LEFT, WIDTH - CURVE_RIGHT)
    y_axis = Axis([v for _, points in series for _, values in points for v in values], unit, bottom, TOP)
    body = "".join(
        f'<line x1="{CURVE_LEFT}" x2="{WIDTH - CURVE_RIGHT}" y1="{y_axis.at(t):.1f}" y2="{y_axis.at(t):.1f}" '
        f'stroke="#d5d9e0"/><text x="{CURVE_LEFT - 8}" y="{y_axis.at(t) + 4:.1f}" text-anchor="end" font-size="11.5" '
        f'fill="#545b66">{t:g} {escape(unit)}</text>\n' for t in y_axis.ticks())
    body += "".join(f'<text x="{x_axis.at(x):.1f}" y="{bottom + 18}" text-anchor="middle" font-size="11.5" '
                    f'fill="#545b66">{x:,}</text>\n' for x in numbers)
    ends = _apart([y_axis.at(statistics.median(points[-1][1])) for _, points in series])
    drawn = set()
    for (label, points), y in zip(series, ends):
        colour = _colour(label)
        body += _curve(points, colour in drawn, colour, x_axis, y_axis)
        drawn.add(colour)
        body += (f'<text x="{x_axis.at(points[-1][0]) + 10:.1f}" y="{y + 4:.1f}" font-size="12.5" fill="{colour}">'
                 f'{escape(label)}: {_number(statistics.median(points[-1][1]))} {escape(unit)}</text>\n')
    _write(path, title, caption, body, bottom, CURVE_LEFT,
           f"{across}; each dot is one run, the lines connect the medians; both axes are logarithmic, lower is better")
