"""Terminal text: colours become classes, everything else a terminal would obey is dropped. One pass, in linear time."""

from __future__ import annotations

import re

from gitcollab.web.render.text import escape

SEQUENCE = re.compile(
    r"\x1b\[([0-9;:]{0,64})m"  # colours and weights: kept as classes
    r"|\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]"  # cursor movement and the like: dropped
    r"|\x1b[\]PX^_][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)?"  # titles, links, clipboard: dropped with their content
    r"|\x1b[ -/]{0,4}[0-~]?"
)
PLAIN: dict[str, str] = {}


def html_of(text: str) -> str:
    """``text`` of a terminal as HTML; a line that was written over shows its last state, as a notebook does."""
    parts: list[str] = []
    style: dict[str, str] = {}
    end = 0
    text = written_over(text)
    for found in SEQUENCE.finditer(text):
        parts.append(span(text[end : found.start()], style))
        if found[1] is not None:
            style = restyled(style, found[1])
        end = found.end()
    parts.append(span(text[end:], style))
    return "".join(parts)


def written_over(text: str) -> str:
    """Each line as it stands after its carriage returns."""
    if "\r" not in text:
        return text
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def span(text: str, style: dict[str, str]) -> str:
    """``text`` in its style."""
    if not text:
        return ""
    classes = " ".join(style.values())
    return f'<span class="{classes}">{escape(text)}</span>' if classes else escape(text)


def restyled(style: dict[str, str], codes: str) -> dict[str, str]:
    """The style after a sequence of SGR codes (ECMA-48 §8.3.117)."""
    numbers = [int(code) if code and len(code) < 4 else 0 for code in re.split("[;:]", codes)]
    new = dict(style)
    while numbers:
        number = numbers.pop(0)
        if number in {38, 48}:
            colour, numbers = extended(numbers)
            set_colour(new, "fg" if number == 38 else "bg", colour)
        else:
            apply(new, number)
    return new


def apply(style: dict[str, str], number: int) -> None:
    """Changes ``style`` by one SGR code."""
    if number == 0:
        style.clear()
    elif number in {1, 3, 4, 9}:
        style[str(number)] = {1: "ansi-bold", 3: "ansi-italic", 4: "ansi-under", 9: "ansi-struck"}[number]
    elif number in {22, 23, 24, 29, 39, 49}:
        style.pop({22: "1", 23: "3", 24: "4", 29: "9", 39: "fg", 49: "bg"}[number], None)
    elif number // 10 in {3, 4} and number % 10 < 8:
        set_colour(style, "fg" if number < 40 else "bg", number % 10)
    elif number // 10 in {9, 10} and number % 10 < 8:
        set_colour(style, "fg" if number < 100 else "bg", number % 10 + 8)


def set_colour(style: dict[str, str], ground: str, colour: int | None) -> None:
    """Sets one of the sixteen colours on text or ground."""
    if colour is not None:
        style[ground] = f"ansi-{ground}-{colour}"


def extended(numbers: list[int]) -> tuple[int | None, list[int]]:
    """The nearest of sixteen colours to the one that ``5;n`` or ``2;r;g;b`` asks for, and the codes after it."""
    if numbers[:1] == [5] and len(numbers) > 1:
        return of_256(numbers[1]), numbers[2:]
    if numbers[:1] == [2] and len(numbers) > 3:
        return of_rgb(*numbers[1:4]), numbers[4:]
    return None, []


def of_256(number: int) -> int:
    """The nearest of sixteen to a colour of xterm's 256."""
    if number < 16:
        return number
    if number < 232:
        red, green, blue = (number - 16) // 36, (number - 16) // 6 % 6, (number - 16) % 6
        return of_rgb(red * 51, green * 51, blue * 51)
    return of_rgb(*[(number - 232) * 10 + 8] * 3)


def of_rgb(red: int, green: int, blue: int) -> int:
    """The nearest of sixteen to a colour by its parts, 0 to 255."""
    brightest = max(red, green, blue)
    if brightest < 40:
        return 0
    bits = sum(bit for bit, part in ((1, red), (2, green), (4, blue)) if part * 2 > brightest)
    return bits + 8 if brightest > 200 else bits
