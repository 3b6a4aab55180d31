#include "cli/train_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "record/recorder.h"
#include "route/features.h"

namespace baton::cli {
namespace {

constexpr int kPage = 1000;

struct Row {
  std::vector<float> x;
  std::size_t worker = 0;
  float score = estimate::kMissing, tokens = estimate::kMissing;
};

std::vector<float> VectorOf(const record::Provenance& r) {
  const auto j = nlohmann::json::parse(r.features, nullptr, false);
  const auto at = j.is_object() ? j.find("vector") : j.end();
  if (!j.is_object() || at == j.end() || !at->is_string()) return {};
  return route::VectorFromText(at->get_ref<const std::string&>()).value_or(std::vector<float>());
}

// Several words about one answer count as their mean.
float ScoreOf(const record::Provenance& r) {
  if (r.feedback.empty()) return estimate::kMissing;
  double sum = 0;
  for (const auto& f : r.feedback) sum += f.score();
  return static_cast<float>(sum / static_cast<double>(r.feedback.size()));
}

// One worker, asked once, gave the answer: else the score is about something else.
bool Plain(const record::Provenance& r) {
  return r.endpoint == "chat" && r.outcome == "ok" && r.workflow == "single" && !r.worker.empty() &&
         r.calls.size() == 1 && r.degraded.empty();
}

}  // namespace

Result<StoreTable> ReadStore(const std::string& store, const estimate::Featurizer& featurizer) {
  TRY(const auto log, record::OpenReadOnly(store));
  StoreTable out;
  std::vector<Row> rows;
  std::map<std::string, std::size_t> columns;
  record::LogFilter filter;
  filter.limit = kPage;
  for (;;) {
    TRY(const auto page, log->List(filter));
    for (const record::Provenance& r : page) {
      if (!Plain(r)) continue;
      Row row;
      row.x = VectorOf(r);
      row.score = ScoreOf(r);
      if (row.x.size() != featurizer.width()) {
        out.without += !r.feedback.empty();
        continue;
      }
      if (r.output_tokens > 0) row.tokens = static_cast<float>(r.output_tokens);
      row.worker = columns.try_emplace(r.worker, columns.size()).first->second;
      out.rated += !r.feedback.empty();
      rows.push_back(std::move(row));
    }
    if (page.size() < static_cast<std::size_t>(kPage)) break;
    filter.before = page.back().id;
  }
  if (out.rated == 0) {
    return Fail(
        Code::kInvalidRequest,
        fmt::format("no rated exchange of {} keeps its feature vector ({} rated ones do not); list data "
                    "classes under `learning: record_vectors` and collect feedback first",
                    store, out.without),
        "no_rows");
  }
  // Oldest first, as data files have it.
  std::reverse(rows.begin(), rows.end());
  out.workers.resize(columns.size());
  for (const auto& [name, column] : columns) out.workers[column] = name;
  estimate::Table& t = out.table;
  t.rows = rows.size();
  t.workers = columns.size();
  t.features = featurizer.width();
  t.embedded = featurizer.embedded();
  t.quality.assign(t.rows * t.workers, estimate::kMissing);
  t.out_tokens = t.quality;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    t.x.insert(t.x.end(), rows[i].x.begin(), rows[i].x.end());
    t.quality[i * t.workers + rows[i].worker] = rows[i].score;
    t.out_tokens[i * t.workers + rows[i].worker] = rows[i].tokens;
  }
  return out;
}

}  // namespace baton::cli
