#include "estimate/estimator.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "estimate/shape.h"

namespace baton::estimate {
namespace {

// Questions of two kinds on a circle; worker 0 is good at one kind, worker 1 at the other, worker 2 is
// middling everywhere and rarely recorded.
Table TwoKinds(std::size_t rows, double missing, std::uint64_t seed) {
  Random random(seed);
  Table t;
  t.rows = rows, t.features = 12, t.workers = 3, t.embedded = 8;
  for (std::size_t r = 0; r < rows; ++r) {
    const bool first = random.Unit() < 0.5;
    std::vector<float> x(t.features, 0);
    double length = 0;
    for (std::size_t i = 0; i < t.embedded; ++i) {
      x[i] = static_cast<float>(random.Unit() - 0.5 + (i % 2 == (first ? 0 : 1) ? 0.8 : 0));
      length += x[i] * x[i];
    }
    for (std::size_t i = 0; i < t.embedded; ++i) x[i] /= static_cast<float>(std::sqrt(length));
    for (std::size_t i = t.embedded; i < t.features; ++i) x[i] = static_cast<float>(random.Unit());
    t.x.insert(t.x.end(), x.begin(), x.end());
    const double right[] = {first ? 0.95 : 0.2, first ? 0.3 : 0.9, 0.5};
    for (std::size_t w = 0; w < 3; ++w) {
      const bool recorded = random.Unit() >= (w == 2 ? 0.9 : missing);
      t.quality.push_back(recorded ? (random.Unit() < right[w] ? 1.0F : 0.0F) : kMissing);
    }
  }
  return t;
}

struct Score {
  double chosen = 0, best_single = 0, log_loss = 0;
};

Score Judge(const Estimator& e, const Table& test) {
  Score s;
  std::vector<Estimate> out(test.workers);
  double cells = 0, rows = 0, single[2] = {};
  for (std::size_t r = 0; r < test.rows; ++r) {
    e.Predict(test.X(r), out);
    const auto q = test.Quality(r);
    for (std::size_t w = 0; w < test.workers; ++w) {
      EXPECT_TRUE(out[w].quality >= 0 && out[w].quality <= 1) << out[w].quality;
      EXPECT_TRUE(out[w].spread >= 0 && out[w].spread <= 1) << out[w].spread;
      if (std::isnan(q[w])) continue;
      const double p = std::min(std::max<double>(out[w].quality, 1e-6), 1 - 1e-6);
      s.log_loss -= q[w] * std::log(p) + (1 - q[w]) * std::log(1 - p);
      cells += 1;
    }
    if (std::isnan(q[0]) || std::isnan(q[1])) continue;
    rows += 1;
    s.chosen += q[out[0].quality >= out[1].quality ? 0 : 1];
    single[0] += q[0], single[1] += q[1];
  }
  s.chosen /= rows, s.log_loss /= cells, s.best_single = std::max(single[0], single[1]) / rows;
  return s;
}

class EveryKind : public testing::TestWithParam<std::string_view> {};
INSTANTIATE_TEST_SUITE_P(Kinds, EveryKind, testing::ValuesIn(EstimatorKinds()),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_P(EveryKind, BeatsTheBestSingleWorkerWhereSkillsDiffer) {
  const Table train = TwoKinds(600, 0, 1), test = TwoKinds(600, 0, 2);
  auto fitted = Fit(GetParam(), train, {});
  ASSERT_TRUE(fitted) << fitted.error().message;
  const Score s = Judge(**fitted, test);
  EXPECT_GT(s.chosen, s.best_single + 0.15);
  EXPECT_LT(s.log_loss, 0.58);  // knowing nothing: 0.69
}

TEST_P(EveryKind, LearnsAsWellFromAMatrixWithHoles) {
  auto fitted = Fit(GetParam(), TwoKinds(1200, 0.5, 3), {});
  ASSERT_TRUE(fitted) << fitted.error().message;
  EXPECT_GT(Judge(**fitted, TwoKinds(600, 0, 4)).chosen, 0.8);
}

TEST_P(EveryKind, TheSameSeedGivesTheSameBits) {
  const Table train = TwoKinds(200, 0.2, 5);
  FitOptions options;
  options.seed = 7;
  auto a = Fit(GetParam(), train, options), b = Fit(GetParam(), train, options);
  ASSERT_TRUE(a && b);
  ByteWriter one, two;
  WriteEstimator(**a, &one);
  WriteEstimator(**b, &two);
  EXPECT_EQ(one.bytes(), two.bytes());
}

TEST_P(EveryKind, ReadsBackWhatItWroteAndPredictsTheSame) {
  const Table train = TwoKinds(200, 0.2, 6);
  auto fitted = Fit(GetParam(), train, {});
  ASSERT_TRUE(fitted);
  ByteWriter out;
  WriteEstimator(**fitted, &out);
  ByteReader in(out.bytes());
  auto read = ReadEstimator(&in);
  ASSERT_TRUE(read && in.done());
  EXPECT_EQ(read->kind(), GetParam());
  std::vector<Estimate> a(3), b(3);
  for (std::size_t r = 0; r < train.rows; ++r) {
    (*fitted)->Predict(train.X(r), a);
    read->Predict(train.X(r), b);
    for (std::size_t w = 0; w < 3; ++w) {
      ASSERT_EQ(a[w].quality, b[w].quality);
      ASSERT_EQ(a[w].spread, b[w].spread);
    }
  }
}

TEST_P(EveryKind, EveryShorteningOfItsBytesIsRefused) {
  auto fitted = Fit(GetParam(), TwoKinds(40, 0, 6), {});
  ASSERT_TRUE(fitted);
  ByteWriter out;
  WriteEstimator(**fitted, &out);
  const std::size_t step = std::max<std::size_t>(out.bytes().size() / 200, 1);
  for (std::size_t n = 0; n < out.bytes().size(); n += step) {
    ByteReader in(std::string_view(out.bytes()).substr(0, n));
    EXPECT_EQ(ReadEstimator(&in), nullptr) << n;
    EXPECT_TRUE(in.failed()) << n;
  }
}

TEST_P(EveryKind, MoreRowsMakeItSurer) {
  auto spread = [](std::size_t rows) {
    auto fitted = Fit(GetParam(), TwoKinds(rows, 0, 8), {});
    const Table probe = TwoKinds(100, 0, 9);
    std::vector<Estimate> out(3);
    double sum = 0;
    for (std::size_t r = 0; r < probe.rows; ++r) {
      (*fitted)->Predict(probe.X(r), out);
      sum += out[0].spread;
    }
    return sum / 100;
  };
  EXPECT_LT(spread(3000), spread(100));
}

TEST_P(EveryKind, OneRowAndOneWorkerAreEnoughToFit) {
  Table t;
  t.rows = 1, t.features = 2, t.workers = 1, t.x = {0.6F, 0.8F}, t.quality = {1};
  auto fitted = Fit(GetParam(), t, {});
  ASSERT_TRUE(fitted) << fitted.error().message;
  std::vector<Estimate> out(1);
  (*fitted)->Predict(t.X(0), out);
  EXPECT_GT(out[0].quality, 0.5);
}

TEST_P(EveryKind, AWorkerThatWasNeverRecordedIsUncertain) {
  Table t = TwoKinds(300, 0, 10);
  for (std::size_t r = 0; r < t.rows; ++r) t.quality[r * 3 + 2] = kMissing;
  auto fitted = Fit(GetParam(), t, {});
  ASSERT_TRUE(fitted);
  std::vector<Estimate> out(3);
  (*fitted)->Predict(t.X(0), out);
  EXPECT_GT(out[2].spread, 2 * out[0].spread);
}

TEST(Fit, RefusesWhatItCannotLearnFrom) {
  auto why = [](Table t, std::string_view kind = "kmeans") { return Fit(kind, t, {}).error().message; };
  Table t = TwoKinds(10, 0, 1);
  EXPECT_NE(why(t, "oracle").find("no estimator 'oracle'"), std::string::npos);
  EXPECT_NE(why({}).find("no rows"), std::string::npos);
  Table none = t, high = t, odd = t;
  for (float& q : none.quality) q = kMissing;
  EXPECT_NE(why(none).find("no cell is recorded"), std::string::npos);
  high.quality[3] = 1.5F;
  EXPECT_NE(why(high).find("not between 0 and 1"), std::string::npos);
  odd.x.pop_back();
  EXPECT_NE(why(odd).find("sizes"), std::string::npos);
}

}  // namespace
}  // namespace baton::estimate
