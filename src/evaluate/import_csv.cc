// The layouts that are tables.

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "evaluate/import.h"

namespace baton::evaluate {
namespace {

// "True", "0.5", "1": what data frames write for scores.
std::optional<double> ScoreOf(std::string_view text) {
  if (text == "True" || text == "true") return 1;
  if (text == "False" || text == "false") return 0;
  double x = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), x);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || !(x >= 0 && x <= 1))
    return std::nullopt;
  return x;
}

using Table = std::vector<std::vector<std::string>>;

// JSON Lines of flat objects as a table; the first line names the columns.
Result<Table> TableOf(std::string_view text) {
  if (!text.starts_with("{")) return ParseCsv(text);
  Table table;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto json = nlohmann::ordered_json::parse(line, nullptr, false);
    if (!json.is_object()) continue;
    if (table.empty()) {
      table.emplace_back();
      for (const auto& [key, value] : json.items()) table[0].push_back(key);
    }
    table.emplace_back();
    for (const auto& key : table[0]) {
      const auto it = json.find(key);
      table.back().push_back(it == json.end() || it->is_null() ? ""
                             : it->is_string()                 ? it->get<std::string>()
                                                               : it->dump());
    }
  }
  return table;
}

struct Columns {
  const std::vector<std::string>& names;
  std::optional<std::size_t> Find(std::string_view name) const {
    for (std::size_t c = 0; c < names.size(); ++c)
      if (names[c] == name) return c;
    return std::nullopt;
  }
};

// Models are the columns that hold nothing but scores and are not one of the layout's own.
std::vector<std::size_t> ModelColumns(const Table& table, std::string_view part_separator,
                                      std::initializer_list<std::string_view> own) {
  std::vector<std::size_t> models;
  for (std::size_t c = 0; c < table[0].size(); ++c) {
    const std::string& name = table[0][c];
    bool model = !name.empty() && std::find(own.begin(), own.end(), name) == own.end() &&
                 name.find(part_separator) == std::string::npos;
    bool any = false;
    for (std::size_t r = 1; r < table.size() && model; ++r) {
      if (table[r].size() != table[0].size()) continue;  // reported where rows are read
      const std::string& value = table[r][c];
      any |= ScoreOf(value).has_value();
      model = value.empty() || ScoreOf(value).has_value();
    }
    if (model && any) models.push_back(c);
  }
  return models;
}

}  // namespace

Result<std::vector<std::vector<std::string>>> ParseCsv(std::string_view text) {
  Table table;
  std::vector<std::string> row(1);
  bool quoted = false, any = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"')
        row.back() += c;
      else if (i + 1 < text.size() && text[i + 1] == '"')
        row.back() += text[++i];
      else
        quoted = false;
      continue;
    }
    any |= c != '\n' && c != '\r';
    if (c == '"')
      quoted = true;
    else if (c == ',')
      row.emplace_back();
    else if (c == '\n') {
      if (any) table.push_back(std::move(row));
      row.assign(1, {});
      any = false;
    } else if (c != '\r')
      row.back() += c;
  }
  if (quoted) return Fail(Code::kInvalidRequest, "a quote is never closed", "bad_csv");
  if (any) table.push_back(std::move(row));
  return table;
}

Status ImportRouterBench(const std::string&, std::string_view text, Gather& to) {
  TRY(const Table table, TableOf(text));
  if (table.empty()) return {};
  const Columns columns{table[0]};
  const auto id = columns.Find("sample_id"), prompt = columns.Find("prompt"),
             name = columns.Find("eval_name");
  if (!id || !prompt) return {};
  const auto models = ModelColumns(
      table, "|",
      {"sample_id", "prompt", "eval_name", "oracle_model_to_route_to", "index", "Unnamed: 0", ""});
  for (std::size_t r = 1; r < table.size(); ++r) {
    const auto& line = table[r];
    if (line.size() != table[0].size()) {
      to.Problem(fmt::format("row {} has {} columns instead of {}", r, line.size(), table[0].size()));
      continue;
    }
    Row& row = to.RowOf(name ? line[*name] : "routerbench", line[*id]);
    row.prompt = line[*prompt];
    for (const std::size_t c : models) {
      const auto score = ScoreOf(line[c]);
      if (!score) continue;
      Cell& cell = to.CellOf(row, table[0][c]);
      cell.score = static_cast<float>(*score);
      if (const auto k = columns.Find(table[0][c] + "|model_response")) cell.response = line[*k];
      if (const auto k = columns.Find(table[0][c] + "|total_cost"); k && !line[*k].empty()) {
        double usd = 0;
        const auto read = std::from_chars(line[*k].data(), line[*k].data() + line[*k].size(), usd);
        if (read.ec == std::errc() && usd >= 0) cell.cost_usd = usd;
      }
    }
  }
  return {};
}

Status ImportRouteLlm(const std::string& file, std::string_view text, Gather& to) {
  TRY(const Table table, TableOf(text));
  if (table.empty()) return {};
  const Columns columns{table[0]};
  const auto prompt = columns.Find("prompt");
  if (!prompt) return {};
  // mmlu_anatomy.csv is a domain of mmlu, gsm8k_responses.csv the whole of gsm8k.
  const std::string stem = std::filesystem::path(file).stem().string();
  const std::string benchmark = stem.substr(0, stem.find('_'));
  const auto models = ModelColumns(table, "_response", {"prompt"});
  for (std::size_t r = 1; r < table.size(); ++r) {
    const auto& line = table[r];
    if (line.size() != table[0].size()) {
      to.Problem(fmt::format("row {} has {} columns instead of {}", r, line.size(), table[0].size()));
      continue;
    }
    Row& row = to.RowOf(benchmark, fmt::format("{}-{}", stem, r - 1));
    if (benchmark.size() < stem.size()) row.slice = stem.substr(benchmark.size() + 1);
    row.prompt = line[*prompt];
    for (const std::size_t c : models) {
      const auto score = ScoreOf(line[c]);
      if (!score) continue;
      Cell& cell = to.CellOf(row, table[0][c]);
      cell.score = static_cast<float>(*score);
      if (const auto k = columns.Find(table[0][c] + "_response")) cell.response = line[*k];
    }
  }
  return {};
}

Status ImportEmbedLlm(const std::string&, std::string_view text, Gather& to) {
  TRY(const Table table, TableOf(text));
  if (table.empty()) return {};
  const Columns columns{table[0]};
  const auto id = columns.Find("prompt_id"), prompt = columns.Find("prompt"), label = columns.Find("label");
  auto model = columns.Find("model_name");
  if (!model) model = columns.Find("model_id");
  const auto category = columns.Find("category");
  if (!id || !label || !model) return {};
  for (std::size_t r = 1; r < table.size(); ++r) {
    const auto& line = table[r];
    const auto score = line.size() == table[0].size() ? ScoreOf(line[*label]) : std::nullopt;
    if (!score) {
      to.Problem(fmt::format("row {} has no label of 0 or 1", r));
      continue;
    }
    Row& row = to.RowOf("embedllm", line[*id]);
    if (prompt) row.prompt = line[*prompt];
    if (category) row.slice = line[*category];
    to.CellOf(row, line[*model]).score = static_cast<float>(*score);
  }
  return {};
}

}  // namespace baton::evaluate
