#include "evaluate/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

namespace baton::evaluate {
namespace {

constexpr ImportFormat kFormats[] = {
    {"routerbench",
     "the DataFrame as CSV or JSON Lines: sample_id, prompt, eval_name, MODEL, MODEL|model_response, "
     "MODEL|total_cost",
     ImportRouterBench},
    {"routellm", "evals/*.csv: prompt, MODEL, MODEL_response", ImportRouteLlm},
    {"routerdc", "datasets/*.json: [{question, scores: {MODEL: score}}]", ImportRouterDc},
    {"embedllm", "train.csv, test.csv: prompt_id, prompt, model_name, label, category", ImportEmbedLlm},
    {"llmrouterbench", "results/bench/DATASET/SPLIT/MODEL/TIME.json: {records: [...]}", ImportLlmRouterBench},
    {"routerarena", "cached_results/MODEL.jsonl: global_index, question, generated_answer, evaluation_result",
     ImportRouterArena},
};

nlohmann::ordered_json CellJson(const Cell& cell) {
  nlohmann::ordered_json j = {{"score", cell.score}};
  if (!cell.response.empty()) j["response"] = cell.response;
  if (!cell.answer.empty()) j["answer"] = cell.answer;
  if (cell.prompt_tokens >= 0) j["prompt_tokens"] = cell.prompt_tokens;
  if (cell.completion_tokens >= 0) j["completion_tokens"] = cell.completion_tokens;
  if (!std::isnan(cell.cost_usd)) j["cost"] = cell.cost_usd;
  return j;
}

// What a packed file may unpack to; these sets are some hundred megabytes.
Result<std::string> ReadText(const std::string& path) {
  FileLimits limits;
  limits.total_bytes = std::uint64_t{2} << 30;
  limits.line_bytes = std::size_t{1} << 30;  // one JSON document may be one line
  std::string text;
  TRY(const std::string hash, ReadLines(path, limits, [&](std::uint64_t, std::string_view line) {
        text += line;
        text += '\n';
        return Status{};
      }));
  static_cast<void>(hash);
  return text;
}

}  // namespace

std::span<const ImportFormat> ImportFormats() {
  return kFormats;
}

Row& Gather::RowOf(const std::string& benchmark, const std::string& id) {
  const auto [it, fresh] = rows_.emplace(benchmark + '\n' + id, matrix_.rows.size());
  if (fresh) {
    matrix_.rows.emplace_back();
    matrix_.rows.back().benchmark = benchmark;
    matrix_.rows.back().id = id;
  }
  return matrix_.rows[it->second];
}

Cell& Gather::CellOf(Row& row, const std::string& worker) {
  const auto [it, fresh] = workers_.emplace(worker, matrix_.workers.size());
  if (fresh) matrix_.workers.push_back(worker);
  if (row.cells.size() <= it->second) row.cells.resize(it->second + 1);
  Cell& cell = row.cells[it->second];
  cell = {};
  cell.recorded = true;
  return cell;
}

void Gather::Problem(std::string what) {
  if (report_.problems.size() < 50) report_.problems.push_back({0, std::move(what)});
}

std::string WriteMatrix(const OutcomeMatrix& matrix) {
  std::string out;
  for (const Row& row : matrix.rows) {
    if (row.id.empty()) continue;
    nlohmann::ordered_json j = {{"id", row.id}, {"benchmark", row.benchmark}};
    if (!row.slice.empty()) j["slice"] = row.slice;
    if (!row.prompt.empty()) j["prompt"] = row.prompt;
    if (!row.reference.empty()) j["reference"] = row.reference;
    j["models"] = nlohmann::ordered_json::object();
    for (std::size_t w = 0; w < row.cells.size(); ++w)
      if (row.cells[w].recorded) j["models"][matrix.workers[w]] = CellJson(row.cells[w]);
    // Published texts hold bytes that are no UTF-8 now and then.
    if (!j["models"].empty()) out += j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  }
  return out;
}

Result<ImportReport> Import(const std::string& format, const std::vector<std::string>& files,
                            const std::string& out) {
  const auto* found = std::find_if(std::begin(kFormats), std::end(kFormats),
                                   [&](const ImportFormat& f) { return f.name == format; });
  if (found == std::end(kFormats)) {
    std::string known;
    for (const auto& f : kFormats) known += fmt::format("\n  {:15} {}", f.name, f.what);
    return Fail(Code::kInvalidRequest, fmt::format("no format '{}'; there are{}", format, known),
                "unknown_format");
  }
  Gather gather;
  for (const auto& file : files) {
    TRY(const std::string text, ReadText(file));
    if (Status status = found->read(file, text, gather); !status)
      return Fail(status.error().code, fmt::format("{}: {}", file, status.error().message),
                  status.error().reason);
  }
  const std::string lines = WriteMatrix(gather.matrix());
  if (lines.empty())
    return Fail(Code::kInvalidRequest,
                fmt::format("nothing here has the layout of {}: {}", found->name, found->what), "no_rows");
  std::ofstream file(out, std::ios::binary);
  file << lines;
  file.flush();
  if (!file) return Fail(Code::kInternal, fmt::format("cannot write {}", out), "unwritable_file");
  ImportReport report = gather.report();
  report.rows = static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
  report.workers = gather.matrix().workers.size();
  return report;
}

}  // namespace baton::evaluate
