// The table of kinds, and what they share.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "estimate/kinds.h"
#include "estimate/shape.h"

namespace baton::estimate {
namespace {

using Fitted = std::unique_ptr<Estimator>;

struct KindRow {
  std::string_view name;
  Fitted (*fit)(const Table&, const FitOptions&);
  Fitted (*read)(ByteReader*);
};

constexpr KindRow kKinds[] = {
    {"knn", FitNeighbours, ReadNeighbours}, {"kmeans", FitClusters, ReadClusters},
    {"logistic", FitLogistic, ReadNetwork}, {"mf", FitFactors, ReadNetwork},
    {"mlp", FitPerceptron, ReadNetwork},    {"irt", FitItemResponse, ReadNetwork},
    {"stack", FitStack, ReadStack},
};

Status Learnable(const Table& t) {
  auto no = [](std::string why) {
    return Fail(Code::kInvalidRequest, "nothing can be learned from this table: " + why, "bad_table");
  };
  if (t.rows == 0) return no("it has no rows");
  if (t.workers == 0) return no("it has no workers");
  if (t.features == 0 || t.features > kMaxFeatures || t.workers > kMaxWorkers || t.rows > kMaxRows)
    return no(fmt::format("{} rows, {} features and {} workers are outside 1 to {}, {} and {}", t.rows,
                          t.features, t.workers, kMaxRows, kMaxFeatures, kMaxWorkers));
  if (t.x.size() != t.rows * t.features || t.quality.size() != t.rows * t.workers ||
      t.embedded > t.features || (!t.out_tokens.empty() && t.out_tokens.size() != t.rows * t.workers))
    return no("its lists do not have the sizes it says");
  for (float v : t.x) {
    if (!std::isfinite(v)) return no("a feature is not a number");
  }
  bool recorded = false;
  for (float q : t.quality) {
    if (std::isnan(q)) continue;
    if (q < 0 || q > 1) return no(fmt::format("a score of {} is not between 0 and 1", q));
    recorded = true;
  }
  if (!recorded) return no("no cell is recorded");
  return {};
}

}  // namespace

Table Table::Select(std::span<const std::size_t> which) const {
  Table t;
  t.rows = which.size(), t.features = features, t.workers = workers, t.embedded = embedded;
  t.x.reserve(t.rows * features);
  t.quality.reserve(t.rows * workers);
  auto copy = [](const std::vector<float>& from, std::size_t row, std::size_t width, std::vector<float>* to) {
    const auto at = from.begin() + static_cast<std::ptrdiff_t>(row * width);
    to->insert(to->end(), at, at + static_cast<std::ptrdiff_t>(width));
  };
  for (std::size_t row : which) {
    copy(x, row, features, &t.x);
    copy(quality, row, workers, &t.quality);
    if (!out_tokens.empty()) copy(out_tokens, row, workers, &t.out_tokens);
  }
  return t;
}

std::vector<float> WorkerMeans(const Table& t, std::vector<float>* count) {
  std::vector<double> sum(t.workers), n(t.workers);
  double all = 0, cells = 0;
  for (std::size_t r = 0; r < t.rows; ++r) {
    const auto q = t.Quality(r);
    for (std::size_t w = 0; w < t.workers; ++w) {
      if (std::isnan(q[w])) continue;
      sum[w] += q[w], n[w] += 1, all += q[w], cells += 1;
    }
  }
  const double mean = cells > 0 ? all / cells : 0.5;
  std::vector<float> means(t.workers);
  for (std::size_t w = 0; w < t.workers; ++w) means[w] = static_cast<float>((sum[w] + 2 * mean) / (n[w] + 2));
  if (count != nullptr) count->assign(n.begin(), n.end());
  return means;
}

void MeasureFeatures(const Table& t, std::vector<float>* mean, std::vector<float>* scale) {
  std::vector<double> sum(t.features, 0), squares(t.features, 0);
  for (std::size_t r = 0; r < t.rows; ++r) {
    const auto x = t.X(r);
    for (std::size_t i = 0; i < x.size(); ++i) sum[i] += x[i], squares[i] += static_cast<double>(x[i]) * x[i];
  }
  const auto n = static_cast<double>(t.rows);
  for (std::size_t i = 0; i < t.features; ++i) {
    const double m = sum[i] / n, variance = std::max(squares[i] / n - m * m, 0.0);
    mean->push_back(static_cast<float>(m));
    // A feature that never varied says nothing, also later.
    scale->push_back(variance > 1e-10 ? static_cast<float>(1 / std::sqrt(variance)) : 0);
  }
}

std::vector<std::string_view> EstimatorKinds() {
  std::vector<std::string_view> names;
  for (const KindRow& k : kKinds) names.push_back(k.name);
  return names;
}

Result<Fitted> Fit(std::string_view kind, const Table& table, const FitOptions& options) {
  for (const KindRow& k : kKinds) {
    if (k.name != kind) continue;
    TRY_VOID(Learnable(table));
    return k.fit(table, options);
  }
  return Fail(Code::kInvalidRequest,
              fmt::format("there is no estimator '{}'; known: {}", kind, fmt::join(EstimatorKinds(), ", ")),
              "unknown_estimator");
}

void WriteEstimator(const Estimator& estimator, ByteWriter* out) {
  out->Put(estimator.kind());
  estimator.Save(out);
}

Fitted ReadEstimator(ByteReader* in) {
  const std::string kind = in->Text();
  for (const KindRow& k : kKinds) {
    if (k.name != kind) continue;
    Fitted estimator = k.read(in);
    if (estimator != nullptr && estimator->kind() != kind) in->Fail();
    return in->failed() ? nullptr : std::move(estimator);
  }
  in->Fail();
  return nullptr;
}

}  // namespace baton::estimate
