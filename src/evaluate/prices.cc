#include "evaluate/prices.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace baton::evaluate {
namespace {

constexpr std::size_t kMaxTableBytes = std::size_t{16} << 20;

// Words that name a tuning, a packing or a host, not a price.
constexpr std::array kPriceless = {"instruct", "inst", "ins",      "chat",   "it",        "latest", "preview",
                                   "hf",       "fp8",  "turbo",    "fc",     "any",       "auto",   "beta",
                                   "exp",      "v1",   "v0",       "medium", "reasoning", "high",   "0k",
                                   "16k",      "64k",  "thinking", "n"};

bool IsPriceless(std::string_view word) {
  return std::find(kPriceless.begin(), kPriceless.end(), word) != kPriceless.end();
}

bool IsDigits(std::string_view word) {
  return !word.empty() &&
         std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c); });
}

// 0613, 20240620, 2024, 08 once a year has been seen.
bool IsDate(std::string_view word, bool after_year) {
  return IsDigits(word) &&
         (word.size() == 4 || word.size() == 6 || word.size() == 8 || (after_year && word.size() == 2));
}

std::vector<std::string> Words(std::string_view name) {
  std::vector<std::string> words(1);
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '.')
      words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (!words.back().empty())
      words.emplace_back();
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

std::string Lower(std::string_view name) {
  std::string out;
  for (const auto& word : Words(name)) out += (out.empty() ? "" : "-") + word;
  return out;
}

std::string_view WithoutVendorAndHost(std::string_view name) {
  if (const auto slash = name.rfind('/'); slash != std::string_view::npos) name.remove_prefix(slash + 1);
  if (const auto at = name.find('@'); at != std::string_view::npos) name = name.substr(0, at);
  if (const auto open = name.find(" ("); open != std::string_view::npos) name = name.substr(0, open);
  return name;
}

// "claude-4.5-opus" and "claude-opus-4-5" are one model: the order of words and how a version is written
// differ.
std::string SortedName(std::string_view plain) {
  std::string dotted(plain);
  std::replace(dotted.begin(), dotted.end(), '.', '-');
  auto words = Words(dotted);
  std::sort(words.begin(), words.end());
  std::string out;
  for (const auto& word : words) out += word + ' ';
  return out;
}

const ListPrice* FindIn(std::string_view worker, const std::vector<ListPrice>& table) {
  const auto same = [&](auto key) -> const ListPrice* {
    const std::string want = key(worker);
    const auto it =
        std::find_if(table.begin(), table.end(), [&](const ListPrice& p) { return key(p.model) == want; });
    return it == table.end() ? nullptr : &*it;
  };
  if (const auto* p = same([](std::string_view n) { return Lower(n); })) return p;
  if (const auto* p = same([](std::string_view n) { return Lower(WithoutVendorAndHost(n)); })) return p;
  if (const auto* p = same([](std::string_view n) { return PlainModelName(n); })) return p;
  return same([](std::string_view n) { return SortedName(PlainModelName(n)); });
}

WorkerPrice From(const ListPrice& price, PriceBasis basis) {
  return {basis, price.model, price.input_per_mtok, price.output_per_mtok};
}

// The middle of the prices that are known: what a worker of unknown price is taken to cost.
WorkerPrice Assumed(const std::vector<WorkerPrice>& known) {
  std::vector<double> in{0.5}, out{1.5};
  for (const auto& p : known) {
    if (p.basis == PriceBasis::kAssumed) continue;
    in.push_back(p.input_per_mtok);
    out.push_back(p.output_per_mtok);
  }
  std::sort(in.begin(), in.end());
  std::sort(out.begin(), out.end());
  return {PriceBasis::kAssumed, "", in[in.size() / 2], out[out.size() / 2]};
}

std::int64_t OutputTokens(const Cell& cell, std::int64_t assumed) {
  if (cell.completion_tokens >= 0) return cell.completion_tokens;
  if (!cell.response.empty()) return std::max<std::int64_t>(1, GuessTokens(cell.response));
  return assumed;
}

void FillCell(const Row& row, const WorkerPrice& price, std::int64_t assumed, Cell& cell) {
  const auto in =
      cell.prompt_tokens >= 0 ? cell.prompt_tokens : std::max<std::int64_t>(20, GuessTokens(row.prompt));
  const auto out = OutputTokens(cell, assumed);
  cell.cost_estimated =
      cell.prompt_tokens < 0 || cell.completion_tokens < 0 || price.basis >= PriceBasis::kSize;
  cell.cost_usd =
      (static_cast<double>(in) * price.input_per_mtok + static_cast<double>(out) * price.output_per_mtok) /
      1e6;
}

bool AllRecorded(const OutcomeMatrix& matrix, std::size_t worker) {
  return std::all_of(matrix.rows.begin(), matrix.rows.end(), [&](const Row& row) {
    return !row.cells[worker].recorded || !std::isnan(row.cells[worker].cost_usd);
  });
}

}  // namespace

std::string_view BasisName(PriceBasis basis) {
  switch (basis) {
    case PriceBasis::kRecorded:
      return "recorded";
    case PriceBasis::kTable:
      return "price table";
    case PriceBasis::kBuiltIn:
      return "built-in list price";
    case PriceBasis::kSize:
      return "size of the model";
    case PriceBasis::kAssumed:
      return "assumed";
  }
  return "";
}

Result<std::vector<ListPrice>> ReadPrices(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Fail(Code::kNotFound, fmt::format("cannot read {}", path), "unreadable_file");
  std::string text(kMaxTableBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (text.size() > kMaxTableBytes || !json.is_array())
    return Fail(Code::kInvalidRequest, fmt::format("{}: not a JSON list of prices", path), "bad_price_table");
  std::vector<ListPrice> table;
  for (const auto& row : json) {
    const auto number = [&](const char* key) {
      return row.contains(key) && row[key].is_number() ? row[key].template get<double>() : -1.0;
    };
    if (!row.is_object() || !row.contains("model") || !row["model"].is_string()) continue;
    const double input = number("input_per_mtok"), output = number("output_per_mtok");
    if (input < 0 || output < 0) continue;
    table.push_back({row["model"].get<std::string>(), input, output});
  }
  if (table.empty())
    return Fail(Code::kInvalidRequest,
                fmt::format("{}: no row has \"model\", \"input_per_mtok\" and \"output_per_mtok\"", path),
                "bad_price_table");
  return table;
}

std::string PlainModelName(std::string_view name) {
  std::string out;
  bool after_year = false;
  for (const auto& word : Words(WithoutVendorAndHost(name))) {
    const bool date = IsDate(word, after_year);
    after_year |= date && word.size() == 4;
    if (date || IsPriceless(word) || word == "meta") continue;
    out += (out.empty() ? "" : "-") + word;
  }
  return out;
}

std::optional<double> PriceOfSize(std::string_view name) {
  for (const auto& word : Words(name)) {
    if (!word.ends_with('b') || !std::isdigit(static_cast<unsigned char>(word[0]))) continue;
    const char* end = word.data() + word.size() - 1;
    double billions = 0;
    auto read = std::from_chars(word.data(), end, billions);
    double experts = 1;
    if (read.ec == std::errc() && read.ptr < end && *read.ptr == 'x') {
      experts = billions;
      read = std::from_chars(read.ptr + 1, end, billions);
    }
    if (read.ec != std::errc() || read.ptr != end) continue;
    // Of a mixture two experts work at a time, but all of them take memory: hosts ask for something between.
    const double size = billions * (experts > 1 ? experts / 2 : 1);
    if (size <= 4) return 0.1;
    if (size <= 10) return 0.2;
    if (size <= 21) return 0.3;
    if (size <= 41) return 0.8;
    if (size <= 80) return 0.9;
    if (size <= 176) return 1.2;
    return 3.5;
  }
  return std::nullopt;
}

std::optional<WorkerPrice> FindPrice(std::string_view worker, const std::vector<ListPrice>& table) {
  if (const auto* p = FindIn(worker, table)) return From(*p, PriceBasis::kTable);
  if (const auto* p = FindIn(worker, BuiltInPrices())) return From(*p, PriceBasis::kBuiltIn);
  if (const auto price = PriceOfSize(worker)) return WorkerPrice{PriceBasis::kSize, "", *price, *price};
  return std::nullopt;
}

std::int64_t GuessTokens(std::string_view text) {
  return static_cast<std::int64_t>((text.size() + 3) / 4);
}

std::vector<WorkerPrice> FillCosts(OutcomeMatrix& matrix, const std::vector<ListPrice>& table,
                                   std::int64_t assumed_tokens) {
  std::vector<WorkerPrice> prices(matrix.workers.size());
  for (std::size_t w = 0; w < prices.size(); ++w) {
    if (auto found = FindPrice(matrix.workers[w], table)) prices[w] = *found;
  }
  const WorkerPrice assumed = Assumed(prices);
  for (std::size_t w = 0; w < prices.size(); ++w) {
    if (prices[w].basis == PriceBasis::kAssumed) prices[w] = assumed;
    if (AllRecorded(matrix, w)) prices[w].basis = PriceBasis::kRecorded;
    for (Row& row : matrix.rows) {
      Cell& cell = row.cells[w];
      if (cell.recorded && std::isnan(cell.cost_usd)) FillCell(row, prices[w], assumed_tokens, cell);
    }
  }
  return prices;
}

}  // namespace baton::evaluate
