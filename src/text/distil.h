// Makes the static table out of the sentence encoder: `baton models pull minilm-static`.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/static_table.h"

namespace baton::text {

// The derived model's name and file, beside lm's manifest of fetched ones.
inline constexpr std::string_view kTableName = "minilm-static", kTableFile = "minilm-static.table";

// What is being done, how much of it, of how much.
using OnProgress = std::function<void(std::string_view, std::int64_t, std::int64_t)>;

// Makes `dir`/minilm-static.table and returns its path. Present and of this version's recipe: nothing is
// done. Otherwise the encoder (fetched if it is not there) reads its whole vocabulary, one piece at a time:
// some ten seconds on one core. Written aside and renamed. Errors as lm::Pull, and kInternal (disk, memory).
Result<std::string> PullTable(const std::string& dir, OnProgress progress);

// The last two steps, for tests: rows of pieces (count x n, any length) become a table.
StaticTable TableFromRows(std::string recipe, WordPiece pieces, std::vector<float> rows, std::size_t n,
                          std::size_t width);

// The vocabulary of a BERT model in a GGUF file, "##" restored. kNotFound, kInvalidRequest ("not_a_bert").
Result<std::vector<std::string>> VocabularyOf(const std::string& gguf);

}  // namespace baton::text
