// Real questions, one JSON object a line: {"id", "benchmark", "prompt", "choices"?, "reference"}. With
// choices the answer is a letter, otherwise the number the answer ends in. The files are public benchmarks
// and no part of this repository.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arena/problem.h"
#include "base/result.h"

namespace baton::arena {

// Nullopt for a line that is no such question, or longer than `most` bytes when written as a prompt: small
// models and short runs need short questions, and the report says how many were left out.
std::optional<Problem> QuestionOf(std::string_view line, std::string_view split, std::size_t most = 600);

// `count` of them, drawn with the seed, in a fixed order.
std::vector<Problem> Sample(std::vector<Problem> all, int count, std::uint64_t seed);

}  // namespace baton::arena
