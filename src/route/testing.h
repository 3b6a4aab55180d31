// For tests of this folder: workers, requests and permits in a line each.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "budget/price.h"
#include "rails/rails.h"
#include "route/features.h"

namespace baton::route {

// Finds what the test says.
class SaysClasses : public rails::Classifier {
 public:
  explicit SaysClasses(std::set<std::string> classes) { data_.classes = std::move(classes); }
  rails::Classification Classify(const chat::Request&) const override { return data_; }
  rails::Classification ClassifyText(std::string_view) const override { return data_; }

 private:
  rails::Classification data_;
};

// `usd` per million tokens, input and output alike; negative: unpriced.
inline std::shared_ptr<pool::Worker> MakeWorker(std::string name, double usd = -1,
                                                std::set<std::string> classes = {"public", "internal"}) {
  auto w = std::make_shared<pool::Worker>();
  w->name = std::move(name);
  w->dialect = "openai";
  w->data.classes = std::move(classes);
  if (usd >= 0) {
    budget::PriceRow row;
    row.input = row.output = budget::Nanos{static_cast<std::int64_t>(usd * 1e9)};
    w->prices = budget::PriceTable({row});
    w->priced = true;
  }
  return w;
}

inline chat::Request Ask(std::string text) {
  chat::Request r;
  chat::Message m;
  m.parts.push_back(chat::Text{std::move(text), {}});
  r.messages.push_back(std::move(m));
  return r;
}

inline Result<rails::Permit> PermitFor(const rails::Catalogue& catalogue,
                                       std::set<std::string> classes = {"internal"},
                                       rails::Controls controls = {}) {
  rails::Rails rails({}, std::make_shared<SaysClasses>(std::move(classes)));
  return rails.Admit(rails::Caller{}, controls, chat::Request{}, catalogue, TimePoint());
}

}  // namespace baton::route
