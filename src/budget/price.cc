#include "budget/price.h"

#include <algorithm>
#include <limits>

namespace baton::budget {
namespace {

// tokens (63 bits) x price (63 bits) fits 128 bits; so do the eight products of one call together.
__extension__ typedef __int128 Wide;
constexpr Wide kTokensPerPrice = 1'000'000;

Nanos RoundUp(Wide femto) {
  if (femto <= 0) return {};
  const Wide nanos = (femto + kTokensPerPrice - 1) / kTokensPerPrice;
  const Wide most = std::numeric_limits<std::int64_t>::max();
  return {static_cast<std::int64_t>(std::min(nanos, most))};
}

Wide Count(std::int64_t tokens) {
  return std::max<std::int64_t>(tokens, 0);
}

Nanos Dearest(Nanos base, std::initializer_list<std::optional<Nanos>> kinds) {
  for (const auto& k : kinds) {
    if (k) base = std::max(base, *k);
  }
  return base;
}

}  // namespace

PriceTable::PriceTable(std::vector<PriceRow> rows) : rows_(std::move(rows)) {
  std::stable_sort(rows_.begin(), rows_.end(),
                   [](const PriceRow& a, const PriceRow& b) { return a.valid_from < b.valid_from; });
}

const PriceRow* PriceTable::At(std::int64_t unix_seconds) const {
  const auto after =
      std::upper_bound(rows_.begin(), rows_.end(), unix_seconds,
                       [](std::int64_t at, const PriceRow& row) { return at < row.valid_from; });
  return after == rows_.begin() ? nullptr : &*std::prev(after);
}

Nanos Cost(const PriceRow& row, const chat::Usage& u) {
  const Wide cached = Count(u.cached_input), written = Count(u.cache_write), hour = Count(u.cache_write_1h);
  const Wide heard = Count(u.audio_input), spoken = Count(u.audio_output), thought = Count(u.reasoning);
  // A worker whose parts exceed its whole is believed about the parts.
  const Wide plain_input = std::max<Wide>(Count(u.input) - cached - written - hour - heard, 0);
  const Wide plain_output = std::max<Wide>(Count(u.output) - thought - spoken, 0);

  const Nanos write = row.cache_write.value_or(row.input);
  Wide sum = plain_input * row.input.v + plain_output * row.output.v;
  sum += cached * row.cached_input.value_or(row.input).v;
  sum += written * write.v;
  sum += hour * row.cache_write_1h.value_or(write).v;
  sum += heard * row.audio_input.value_or(row.input).v;
  sum += thought * row.reasoning.value_or(row.output).v;
  sum += spoken * row.audio_output.value_or(row.output).v;
  return RoundUp(sum);
}

Nanos PerCall(const PriceRow& row, int calls) {
  return row.call && calls > 0 ? Nanos{row.call->v * calls} : Nanos{};
}

Nanos WorstCase(const PriceRow& row, std::int64_t input_tokens, std::int64_t max_output_tokens) {
  const Nanos in =
      Dearest(row.input, {row.cached_input, row.cache_write, row.cache_write_1h, row.audio_input});
  const Nanos out = Dearest(row.output, {row.reasoning, row.audio_output});
  return RoundUp(Count(input_tokens) * in.v + Count(max_output_tokens) * out.v);
}

}  // namespace baton::budget
