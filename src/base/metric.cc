#include "base/metric.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace baton {

struct Metrics::Impl {
  prometheus::Registry registry;
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter Metrics::GetCounter(const std::string& name, const std::string& help, const Labels& labels) {
  Counter c;
  c.impl_ = &prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry).Add(labels);
  return c;
}

Gauge Metrics::GetGauge(const std::string& name, const std::string& help, const Labels& labels) {
  Gauge g;
  g.impl_ = &prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry).Add(labels);
  return g;
}

Histogram Metrics::GetHistogram(const std::string& name, const std::string& help, std::vector<double> bounds,
                                const Labels& labels) {
  Histogram h;
  h.impl_ = &prometheus::BuildHistogram()
                 .Name(name)
                 .Help(help)
                 .Register(impl_->registry)
                 .Add(labels, std::move(bounds));
  return h;
}

std::string Metrics::Text() const {
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

// An unset handle counts nothing, so that code under test can run without a registry.
void Counter::Add(double n) const {
  if (impl_) static_cast<prometheus::Counter*>(impl_)->Increment(n);
}
void Gauge::Set(double v) const {
  if (impl_) static_cast<prometheus::Gauge*>(impl_)->Set(v);
}
void Gauge::Add(double d) const {
  if (impl_) static_cast<prometheus::Gauge*>(impl_)->Increment(d);
}
void Histogram::Observe(double v) const {
  if (impl_) static_cast<prometheus::Histogram*>(impl_)->Observe(v);
}

}  // namespace baton
