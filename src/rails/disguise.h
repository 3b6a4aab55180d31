// What a text says once its disguises are off: what is found there stands in the original.
//
// Problem: a reader (and a model) understands "j\u200bane@x.org", "ｊane＠x.org", "jane (at) x (dot) org" or
// a base64 line; patterns over bytes do not. Options: patterns for every disguise (they multiply), a model
// that reads (a thousand times the cost), or undoing what can be undone by rule and looking once more with
// the same patterns. Choice: the last, and only where a text holds a byte that a disguise needs; plain ASCII
// prose is looked at once. Caught: invisible characters, full-width, mathematical and foreign digits,
// look-alike letters next to ASCII, tag characters, (at) and (dot), escapes of JSON, URLs and HTML, base64
// and hexadecimal (two layers). Not caught: ciphers, reversed text, digits in words, text in pictures.
// docs/data_classes.md has the list with its tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace baton::rails {

struct Unmasked {
  std::string text;
  // from[i]: where in the original byte i of `text` comes from; one more entry for the end.
  std::vector<std::uint32_t> from;
};
// Nothing when the text wears none of the disguises that change characters. Linear; any bytes.
std::optional<Unmasked> Unmask(std::string_view text);

struct Decoded {
  std::size_t begin, end;  // of the run in the original
  std::string text;
};
// Runs of base64 or hexadecimal that stand for readable text, in order; at most `most_bytes` decoded in all.
// Linear; any bytes.
std::vector<Decoded> DecodeRuns(std::string_view text, std::size_t most_bytes);

// A whole value in base64 ("data:...;base64," in front allowed), if it stands for readable text.
std::optional<std::string> DecodeValue(std::string_view base64, std::size_t most_bytes);

}  // namespace baton::rails
