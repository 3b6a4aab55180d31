// The layouts that are JSON documents.

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "evaluate/import.h"

namespace baton::evaluate {
namespace {

using nlohmann::json;

std::optional<double> NumberOf(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end()) return std::nullopt;
  if (it->is_boolean()) return it->get<bool>() ? 1 : 0;
  if (!it->is_number() || !std::isfinite(it->get<double>())) return std::nullopt;
  return it->get<double>();
}

std::string TextOf(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || it->is_null()) return {};
  return it->is_string() ? it->get<std::string>() : it->dump(-1, ' ', false, json::error_handler_t::replace);
}

bool IsScore(const std::optional<double>& x) {
  return x && *x >= 0 && *x <= 1;
}

std::int64_t TokensOf(const json& object, const char* key) {
  const auto x = NumberOf(object, key);
  return x && *x >= 1 && *x < 1e12 ? static_cast<std::int64_t>(*x) : -1;
}

void SetCost(Cell& cell, const std::optional<double>& usd) {
  if (usd && *usd >= 0) cell.cost_usd = *usd;
}

}  // namespace

// Their multiple-choice files hold the probability of the right option, 0 when another was picked: right is
// whatever is above 0. Their other files hold shares of right samples. The file's name tells which.
Status ImportRouterDc(const std::string& file, std::string_view text, Gather& to) {
  const json list = json::parse(text, nullptr, false);
  if (!list.is_array()) return {};
  const std::string stem = std::filesystem::path(file).stem().string();
  bool choice = false;
  for (const char* name : {"mmlu", "arc", "ceval"}) choice |= stem.find(name) != std::string::npos;
  std::size_t n = 0;
  for (const json& one : list) {
    const std::string id = fmt::format("{}-{}", stem, n++);
    if (!one.is_object() || !one.contains("scores") || !one["scores"].is_object()) {
      to.Problem(fmt::format("{} has no scores", id));
      continue;
    }
    Row& row = to.RowOf(stem.substr(0, stem.find_last_of("_-")), id);
    row.prompt = TextOf(one, "question");
    for (const auto& [model, value] : one["scores"].items()) {
      const auto score = value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
      if (!IsScore(score)) continue;
      to.CellOf(row, model).score = static_cast<float>(choice ? (*score > 0 ? 1 : 0) : *score);
    }
  }
  return {};
}

Status ImportLlmRouterBench(const std::string& file, std::string_view text, Gather& to) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object() || !document.contains("records") || !document["records"].is_array()) return {};
  // .../DATASET/SPLIT/MODEL/TIME.json
  const std::filesystem::path path(file);
  const std::string model = path.parent_path().filename().string();
  const std::string dataset = path.parent_path().parent_path().parent_path().filename().string();
  if (model.empty() || dataset.empty())
    return Fail(Code::kInvalidRequest,
                "the model and the data set are the names of the folders it lies in, and it lies in none",
                "no_rows");
  for (const json& record : document["records"]) {
    const auto score = record.is_object() ? NumberOf(record, "score") : std::nullopt;
    if (!IsScore(score)) {
      to.Problem(fmt::format("{}: a record has no score from 0 to 1", file));
      continue;
    }
    Row& row = to.RowOf(dataset, TextOf(record, "index"));
    row.prompt = TextOf(record, record.contains("origin_query") ? "origin_query" : "prompt");
    row.reference = TextOf(record, "ground_truth");
    Cell& cell = to.CellOf(row, model);
    cell.score = static_cast<float>(*score);
    cell.answer = TextOf(record, "prediction");
    cell.response = TextOf(record, "raw_output");
    cell.prompt_tokens = TokensOf(record, "prompt_tokens");
    cell.completion_tokens = TokensOf(record, "completion_tokens");
    SetCost(cell, NumberOf(record, "cost"));
  }
  return {};
}

Status ImportRouterArena(const std::string& file, std::string_view text, Gather& to) {
  const std::string stem = std::filesystem::path(file).stem().string();
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const json one = json::parse(line, nullptr, false);
    if (!one.is_object()) continue;
    const std::string id = TextOf(one, "global_index");
    const json evaluation = one.value("evaluation_result", json());
    const auto score = evaluation.is_object() ? NumberOf(evaluation, "score") : std::nullopt;
    if (id.empty() || !IsScore(score)) {
      to.Problem(fmt::format("{}: '{}' was not scored", file, id));
      continue;
    }
    Row& row = to.RowOf("routerarena", id);
    row.slice = id.substr(0, id.find_last_of('_'));
    row.prompt = TextOf(one, "question");
    row.reference = TextOf(evaluation, "ground_truth");
    const std::string model = TextOf(one, "llm_selected");
    Cell& cell = to.CellOf(row, model.empty() ? stem : model);
    cell.score = static_cast<float>(*score);
    cell.response = TextOf(one, "generated_answer");
    if (const auto usage = one.find("token_usage"); usage != one.end() && usage->is_object()) {
      cell.prompt_tokens = TokensOf(*usage, "input_tokens");
      cell.completion_tokens = TokensOf(*usage, "output_tokens");
    }
    SetCost(cell, NumberOf(evaluation, "inference_cost"));
  }
  return {};
}

}  // namespace baton::evaluate
