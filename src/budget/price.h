// What a call costs: dated price rows per token kind, arithmetic in integers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "budget/money.h"
#include "chat/types.h"

namespace baton::budget {

// Nano-dollars per million tokens. An unset kind is charged like the kind it is part of (cached_input,
// cache_write, audio: input; reasoning: output).
struct PriceRow {
  std::int64_t valid_from = 0;  // unix seconds; 0: always
  Nanos input, output;
  std::optional<Nanos> cached_input, cache_write, cache_write_1h, reasoning, audio_input, audio_output;
  // Per call, whatever it moves; in nano-dollars. Not part of Cost() and WorstCase(), which know no calls.
  std::optional<Nanos> call;
};

// A worker's rows, sorted by valid_from. Immutable after construction; safe to share.
class PriceTable {
 public:
  // No row: the worker is unpriced, which is not the same as free.
  PriceTable() = default;
  explicit PriceTable(std::vector<PriceRow> rows);

  // The row in force, or null: unpriced at that time.
  const PriceRow* At(std::int64_t unix_seconds) const;

 private:
  std::vector<PriceRow> rows_;
};

// Exact to the nano-dollar: the sum over kinds in units of 1e-15 dollars, rounded up once at the end (128-bit
// intermediate). Negative counts from a worker are treated as zero.
Nanos Cost(const PriceRow& row, const chat::Usage& usage);

// The amount due for `calls` calls.
Nanos PerCall(const PriceRow& row, int calls);

// An upper bound before the call: all input uncached at the dearest input price, all output at the dearest.
Nanos WorstCase(const PriceRow& row, std::int64_t input_tokens, std::int64_t max_output_tokens);

}  // namespace baton::budget
