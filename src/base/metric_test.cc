#include "base/metric.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace baton {
namespace {

using ::testing::HasSubstr;

TEST(Metrics, SameNameAndLabelsIsTheSameMetric) {
  Metrics metrics;
  metrics.GetCounter("baton_x_total", "help", {{"reason", "a"}}).Add();
  metrics.GetCounter("baton_x_total", "help", {{"reason", "a"}}).Add(2);
  metrics.GetCounter("baton_x_total", "help", {{"reason", "b"}}).Add();
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("# TYPE baton_x_total counter"));
  EXPECT_THAT(text, HasSubstr("baton_x_total{reason=\"a\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("baton_x_total{reason=\"b\"} 1\n"));
}

TEST(Metrics, GaugesGoUpAndDown) {
  Metrics metrics;
  Gauge g = metrics.GetGauge("baton_open", "help");
  g.Set(5);
  g.Add(-2);
  EXPECT_THAT(metrics.Text(), HasSubstr("baton_open 3\n"));
}

TEST(Metrics, HistogramsCountIntoTheirBuckets) {
  Metrics metrics;
  Histogram h = metrics.GetHistogram("baton_seconds", "help", {0.1, 1});
  for (const double v : {0.05, 0.5, 5.0}) h.Observe(v);
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("baton_seconds_bucket{le=\"0.1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("baton_seconds_bucket{le=\"1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("baton_seconds_bucket{le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("baton_seconds_count 3\n"));
}

TEST(Metrics, AnUnsetHandleCountsNothing) {
  Counter().Add();
  Gauge().Set(1);
  Gauge().Add(1);
  Histogram().Observe(1);
}

TEST(Metrics, NoIncrementIsLostBetweenThreads) {
  Metrics metrics;
  Counter c = metrics.GetCounter("baton_n_total", "help");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([c]() mutable {
      for (int n = 0; n < 10000; ++n) c.Add();
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_THAT(metrics.Text(), HasSubstr("baton_n_total 40000\n"));
}

}  // namespace
}  // namespace baton
