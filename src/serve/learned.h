// What is learned, as the server holds it: the static table and the router's model, read again on every
// reload. What cannot be used is reported and counted, and the last good one stays; a server without any
// serves by its rules.
#pragma once

#include <memory>
#include <string>

#include "adapt/learning.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "config/config.h"

namespace baton::serve {

// Belongs to the process; used on the control thread only.
class LearnedParts {
 public:
  LearnedParts(const Clock& clock, Log log, Metrics* metrics);
  // Whose candidates and promoted policies decide beside the configured one; null: nobody's.
  void Attach(std::shared_ptr<route::LearnedShare> share) { share_ = std::move(share); }
  // What learning needs to know of a configuration that Install() was called for.
  adapt::Setup SetupFor(const config::Config& config) const;
  // Sets featurizer and classifiers of `rules` where there is a table, the router where there is a model too.
  // `catalogue` is that of the same configuration.
  void Install(const config::LearnedFiles& files, const rails::Catalogue& catalogue,
               route::RulesOptions* rules);

 private:
  void LoadTable(const config::LearnedFiles& files);
  void LoadModel(const config::LearnedFiles& files);
  void Refuse(const Error& error, const std::string& what);

  const Clock& clock_;
  Log log_;
  Metrics* metrics_;
  std::shared_ptr<route::LearnedShare> share_;
  std::string table_path_;
  std::shared_ptr<const estimate::Featurizer> featurizer_;
  std::shared_ptr<const estimate::RouterModel> model_;
};

}  // namespace baton::serve
