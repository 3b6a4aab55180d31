#!/usr/bin/env python3
"""Makes src/text/char_table.cc: what BERT's normaliser and word splitter do with every code point.

Derived by asking the reference (the `tokenizers` package with the model's own tokenizer.json) about each code point, so
that it is exact by construction whatever Unicode version the reference was built with.

    python3 -m venv /some/venv && /some/venv/bin/pip install tokenizers
    /some/venv/bin/python tools/make_char_table.py FOLDER-WITH-tokenizer.json > src/text/char_table.cc
"""
import sys

from tokenizers import Tokenizer

HANGUL = range(0xAC00, 0xD7A4)  # decomposed by arithmetic


def main():
    tokenizer = Tokenizer.from_file(sys.argv[1] + "/tokenizer.json")
    normal, split = tokenizer.normalizer.normalize_str, tokenizer.pre_tokenizer.pre_tokenize_str
    kinds, maps = [], []  # kinds: (code, kind); maps: (code, text)
    for code in range(0x80, 0x110000):
        if 0xD800 <= code < 0xE000:
            continue
        middle = normal("a" + chr(code) + "a")[1:-1]
        pieces = [p for p, _ in split("a" + middle + "a")]
        joined = len(pieces) == 1
        if middle == "":
            kinds.append((code, "kDrop"))
            continue
        if not middle.strip() or pieces == ["a", "a"]:
            assert pieces == ["a", "a"], hex(code)
            kinds.append((code, "kSpace"))
            continue
        text = middle.strip()
        if joined:
            assert pieces == ["a" + text + "a"], hex(code)
        else:
            assert len(text) == 1 and pieces == ["a", text, "a"], (hex(code), pieces)
            kinds.append((code, "kAlone"))
        if code in HANGUL:
            s = code - 0xAC00
            jamo = [0x1100 + s // 588, 0x1161 + s % 588 // 28] + ([0x11A7 + s % 28] if s % 28 else [])
            assert text == "".join(map(chr, jamo)), hex(code)
        elif text != chr(code):
            maps.append((code, text))
    ranges = []
    for code, kind in kinds:
        if ranges and ranges[-1][2] == kind and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code, kind])
    # Runs of one-to-one maps with a constant distance and step are one row.
    runs, others = [], []
    for code, text in maps:
        if len(text) > 1:
            others.append((code, text))
            continue
        offset = ord(text) - code
        last = runs[-1] if runs else None
        if last and last[3] == offset and code - last[1] in (1, 2) and (last[2] == 0 or last[2] == code - last[1]):
            last[2], last[1] = code - last[1], code
        else:
            runs.append([code, code, 0, offset])
    emit(ranges, runs, others)


def emit(ranges, runs, others):
    print("// Made by tools/make_char_table.py; do not edit. See char_table.h.\n")
    print('#include "text/char_table.h"\n\nnamespace baton::text {\nnamespace {\n')
    print("// clang-format off")
    rows("CharRange kRanges[]", [f"{{{a:#x},{b:#x},CharKind::{k}}}" for a, b, k in ranges])
    rows("CharRun kRuns[]", [f"{{{a:#x},{b:#x},{max(s, 1)},{o}}}" for a, b, s, o in runs])
    rows("CharText kTexts[]", [f"{{{c:#x},{{{','.join(hex(ord(x)) for x in t)}}}}}" for c, t in others])
    print("// clang-format on\n\n}  // namespace\n")
    for kind, name, list_ in (("CharRange", "CharRanges", "kRanges"), ("CharRun", "CharRuns", "kRuns"),
                              ("CharText", "CharTexts", "kTexts")):
        print(f"std::span<const {kind}> {name}() {{ return {list_}; }}")
    print("\n}  // namespace baton::text")


def rows(declaration, cells):
    print(f"constexpr {declaration} = {{")
    line = ""
    for cell in cells:
        if len(line) + len(cell) > 108:
            print(line)
            line = ""
        line += cell + ","
    print(line + "\n};")


main()
