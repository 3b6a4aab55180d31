// Counters, gauges and histograms in Prometheus' text form; prometheus-cpp behind.
//
// Ask for a metric once, at construction, and keep the reference: looking one up takes a lock, adding to one
// does not. Label values come from code or config only, never from a request, so cardinality is bounded.
// Names follow OpenTelemetry's GenAI conventions where one exists, with underscores for dots.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace baton {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  void Add(double n = 1) const;

 private:
  friend class Metrics;
  void* impl_ = nullptr;
};

class Gauge {
 public:
  void Set(double v) const;
  void Add(double d) const;

 private:
  friend class Metrics;
  void* impl_ = nullptr;
};

class Histogram {
 public:
  void Observe(double v) const;

 private:
  friend class Metrics;
  void* impl_ = nullptr;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();
  // Same name and labels: same metric. The handle is small, copyable, and lives as long as this object.
  // Thread safe.
  Counter GetCounter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge GetGauge(const std::string& name, const std::string& help, const Labels& labels = {});
  Histogram GetHistogram(const std::string& name, const std::string& help, std::vector<double> bounds,
                         const Labels& labels = {});
  // The whole registry, text exposition format 0.0.4.
  std::string Text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace baton
