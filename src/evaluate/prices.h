// What each recorded call cost. Recorded dollars win; else recorded tokens times list prices; else tokens
// guessed from the length of texts (marked estimated). Prices come from the caller's table, then from a small
// built-in list of public list prices, then from the model's size as its name tells it, then from an
// assumption; which one it was is kept per worker and shown in the report.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "evaluate/outcome.h"

namespace baton::evaluate {

struct ListPrice {
  std::string model;
  double input_per_mtok = 0, output_per_mtok = 0;  // USD per million tokens
};

enum class PriceBasis { kRecorded, kTable, kBuiltIn, kSize, kAssumed };
std::string_view BasisName(PriceBasis basis);  // "recorded", "price table", ...

struct WorkerPrice {
  PriceBasis basis = PriceBasis::kAssumed;
  std::string matched;                             // the name in the table that was taken
  double input_per_mtok = 0, output_per_mtok = 0;  // of no meaning where every cost was recorded
};

// JSON: a list of {"model", "input_per_mtok", "output_per_mtok", ...} (further keys are not looked at). Of
// several rows with one name the first counts. kInvalidRequest: not such a list.
Result<std::vector<ListPrice>> ReadPrices(const std::string& path);

// Lower case, without vendor prefix, host, dates and words that do not change a price ("instruct", "latest",
// "FC"): "openai/GPT-4o-2024-08-06-FC" is "gpt-4o". Exposed for tests.
std::string PlainModelName(std::string_view name);
// From "70b" or "8x7b" in the name, by what hosts of open models ask for that size (USD per million tokens,
// both ways).
std::optional<double> PriceOfSize(std::string_view name);

std::optional<WorkerPrice> FindPrice(std::string_view worker, const std::vector<ListPrice>& table);

// Public list prices by plain name, for where no table is at hand.
const std::vector<ListPrice>& BuiltInPrices();

// Tokens of a text where nobody counted: one per four bytes, as usual for English and code.
std::int64_t GuessTokens(std::string_view text);

// Fills every missing cost. What a worker answers where nothing is recorded of it counts as `assumed_tokens`.
// Afterwards no recorded cell is unpriced. One entry per worker.
std::vector<WorkerPrice> FillCosts(OutcomeMatrix& matrix, const std::vector<ListPrice>& table,
                                   std::int64_t assumed_tokens = 250);

}  // namespace baton::evaluate
