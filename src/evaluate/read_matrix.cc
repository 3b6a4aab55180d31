#include "evaluate/read_matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace baton::evaluate {
namespace {

using nlohmann::json;

constexpr std::size_t kProblemsKept = 50;

// "18", 18 and ["18", "eighteen"] are all references; what is not text keeps its JSON spelling.
std::string TextOf(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || it->is_null()) return {};
  return it->is_string() ? it->get<std::string>() : it->dump(-1, ' ', false, json::error_handler_t::replace);
}

// The answer as somebody extracted it; or what a worker that graded candidates put first, counted from 1, all
// of them when several share the highest grade.
std::string AnswerIn(const json& object) {
  const auto grades = object.find("scores");
  if (object.contains("answer") || grades == object.end() || !grades->is_array())
    return TextOf(object, "answer");
  double most = -std::numeric_limits<double>::infinity();
  for (const auto& g : *grades)
    if (g.is_number()) most = std::max(most, g.get<double>());
  std::string first;
  for (std::size_t i = 0; i < grades->size(); ++i) {
    if (!(*grades)[i].is_number() || (*grades)[i].get<double>() < most) continue;
    first += fmt::format("{}{}", first.empty() ? "" : ", ", i + 1);
  }
  return first;
}

std::optional<double> NumberOf(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end()) return std::nullopt;
  if (it->is_boolean()) return it->get<bool>() ? 1 : 0;
  if (!it->is_number()) return std::nullopt;
  const double x = it->get<double>();
  return std::isfinite(x) ? std::optional(x) : std::nullopt;
}

// Recorders write 0 where they did not count.
std::int64_t TokensOf(const json& object, const char* key) {
  const auto x = NumberOf(object, key);
  return x && *x >= 1 && *x < 1e12 ? static_cast<std::int64_t>(*x) : -1;
}

// `eval` is what a source's own rule makes of a raw score; where it stands beside one, it is what counts.
std::optional<double> ScoreOf(const json& cell) {
  for (const char* key : {"eval", "score", "correct"}) {
    if (auto x = NumberOf(cell, key)) return x;
  }
  return std::nullopt;
}

class Reader {
 public:
  Reader(const ReadOptions& options, OutcomeMatrix& matrix, ReadReport& report)
      : options_(options), matrix_(matrix), report_(report) {
    for (std::size_t w = 0; w < matrix.workers.size(); ++w) worker_of_.emplace(matrix.workers[w], w);
    for (const Row& row : matrix.rows) ids_.insert(Key(row));
    rows_before_ = matrix.rows.size();
  }

  Status Line(std::uint64_t number, std::string_view text) {
    report_.lines = number;
    number_ = number;
    if (text.find_first_not_of(" \t") == std::string_view::npos) return {};
    const json line = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (line.is_discarded()) return Skip("this is not JSON");
    if (!line.is_object()) return Skip("this is not a JSON object");
    return Object(line);
  }

  Status End() {
    for (Row& row : matrix_.rows) row.cells.resize(matrix_.workers.size());
    if (matrix_.rows.size() > rows_before_) return {};
    std::string why = "no usable row";
    if (!report_.problems.empty())
      why += fmt::format("; line {}: {}", report_.problems[0].line, report_.problems[0].what);
    return Fail(Code::kInvalidRequest, why, "no_rows");
  }

 private:
  static std::string Key(const Row& row) { return row.benchmark + '\n' + row.id; }

  Status Skip(std::string what) {
    ++report_.problem_count;
    if (report_.problems.size() < kProblemsKept) report_.problems.push_back({number_, std::move(what)});
    return {};
  }

  Status Object(const json& line) {
    Row row;
    row.id = TextOf(line, "id");
    if (row.id.empty()) return Skip("no \"id\"");
    row.benchmark = TextOf(line, "benchmark");
    if (ids_.contains(Key(row)))
      return Skip(fmt::format("id '{}' was there before; the first one counts", row.id));
    const auto models = line.find("models");
    if (models == line.end() || !models->is_object() || models->empty()) return Skip("no \"models\"");
    Texts(line, row);
    bool any = false;
    for (const auto& [name, cell] : models->items()) {
      TRY(const bool read, ReadCell(name, cell, row));
      any |= read;
    }
    if (!any) return Skip("no model has a score");
    ids_.insert(Key(row));
    matrix_.rows.push_back(std::move(row));
    if (matrix_.rows.size() > options_.rows)
      return Fail(Code::kInvalidRequest, fmt::format("more than {} rows", options_.rows), "too_many_rows");
    return {};
  }

  void Texts(const json& line, Row& row) {
    // Sources name the kind of question differently; "slice" is ours and wins.
    for (const char* key : {"slice", "domain", "category", "dataset", "task_family", "difficulty"}) {
      if (row.slice.empty()) row.slice = TextOf(line, key);
    }
    if (!options_.keep_texts) return;
    row.prompt = TextOf(line, "prompt");
    row.reference = TextOf(line, "reference");
    text_bytes_ += row.prompt.size() + row.reference.size();
  }

  // Whether the cell counts as recorded.
  Result<bool> ReadCell(const std::string& name, const json& value, Row& row) {
    const auto score = value.is_object() ? ScoreOf(value) : std::nullopt;
    if (!score) return Left(name, "has no score");
    const double scaled = *score / options_.score_scale;
    if (scaled < -1e-9 || scaled > 1 + 1e-9)
      return Left(
          name, fmt::format("has the score {}, which is not within 0 and {}", *score, options_.score_scale));
    TRY(const std::size_t worker, WorkerOf(name));
    row.cells.resize(std::max(row.cells.size(), worker + 1));
    Cell& cell = row.cells[worker];
    cell.recorded = true;
    cell.score = static_cast<float>(std::min(1.0, std::max(0.0, scaled)));
    cell.prompt_tokens = TokensOf(value, "prompt_tokens");
    cell.completion_tokens = TokensOf(value, "completion_tokens");
    if (const auto cost = NumberOf(value, "cost"); cost && *cost >= 0) cell.cost_usd = *cost;
    if (options_.keep_texts) {
      cell.response = TextOf(value, "response");
      cell.answer = AnswerIn(value);
      Samples(value, cell);
    }
    text_bytes_ += cell.response.size() + cell.answer.size();
    if (text_bytes_ > options_.text_bytes)
      return Fail(Code::kInvalidRequest, fmt::format("more than {} bytes of text", options_.text_bytes),
                  "too_much_text");
    return true;
  }

  Result<bool> Left(const std::string& name, const std::string& why) {
    TRY_VOID(Skip(fmt::format("'{}' {}", name.substr(0, 80), why)));
    return false;
  }

  void Samples(const json& value, Cell& cell) {
    auto list = value.find("samples");
    if (list == value.end()) list = value.find("trials");
    if (list == value.end() || !list->is_array()) return;
    for (const json& one : *list) {
      if (!one.is_object()) continue;
      const auto score = ScoreOf(one);
      if (!score || *score < 0 || *score > options_.score_scale) continue;
      Sample sample;
      sample.score = static_cast<float>(*score / options_.score_scale);
      sample.response = TextOf(one, "response");
      sample.answer = TextOf(one, "answer");
      sample.completion_tokens = TokensOf(one, "completion_tokens");
      text_bytes_ += sample.response.size() + sample.answer.size();
      cell.samples.push_back(std::move(sample));
    }
  }

  Result<std::size_t> WorkerOf(const std::string& name) {
    const auto [it, fresh] = worker_of_.emplace(name, matrix_.workers.size());
    if (fresh) {
      if (matrix_.workers.size() >= options_.workers)
        return Fail(Code::kInvalidRequest, fmt::format("more than {} workers", options_.workers),
                    "too_many_workers");
      matrix_.workers.push_back(name);
    }
    return it->second;
  }

  const ReadOptions& options_;
  OutcomeMatrix& matrix_;
  ReadReport& report_;
  std::unordered_map<std::string, std::size_t> worker_of_;
  std::unordered_set<std::string> ids_;
  std::size_t rows_before_ = 0, text_bytes_ = 0;
  std::uint64_t number_ = 0;
};

// `lines(use)` feeds the lines and gives the hash.
template <class Lines>
Status ReadWith(Lines lines, const ReadOptions& options, OutcomeMatrix& matrix, ReadReport& report) {
  Reader reader(options, matrix, report);
  TRY(matrix.sha256, lines([&](std::uint64_t n, std::string_view text) { return reader.Line(n, text); }));
  return reader.End();
}

}  // namespace

Status ReadMatrix(const std::string& path, const ReadOptions& options, OutcomeMatrix& matrix,
                  ReadReport& report) {
  Status status = ReadWith([&](const OnLine& use) { return ReadLines(path, options.file, use); }, options,
                           matrix, report);
  matrix.file = path;
  if (!status && status.error().reason == "no_rows")
    status.error().message = fmt::format("{}: {}", path, status.error().message);
  return status;
}

Status ReadMatrixFrom(std::string_view bytes, const ReadOptions& options, OutcomeMatrix& matrix,
                      ReadReport& report) {
  return ReadWith([&](const OnLine& use) { return ReadLinesFrom(bytes, options.file, use); }, options, matrix,
                  report);
}

}  // namespace baton::evaluate
