#include "serve/learned.h"

namespace baton::serve {

LearnedParts::LearnedParts(const Clock& clock, Log log, Metrics* metrics)
    : clock_(clock), log_(std::move(log)), metrics_(metrics) {}

void LearnedParts::Refuse(const Error& error, const std::string& what) {
  log_.Err("{}: {}", what, error.message);
  if (metrics_ != nullptr)
    metrics_
        ->GetCounter("baton_learned_refused_total", "Learned files that could not be used, by why",
                     {{"reason", std::string(error.Name())}})
        .Add();
}

// A table that was read is kept: files are replaced by another name or another start.
void LearnedParts::LoadTable(const config::LearnedFiles& files) {
  if (featurizer_ != nullptr && table_path_ == files.table) return;
  auto table = text::StaticTable::Load(files.table);
  if (table) {
    table_path_ = files.table;
    featurizer_ = std::make_shared<estimate::Featurizer>(std::move(*table));
    return;
  }
  // Nobody asked for it, and it is not there: nothing to report.
  if (!files.table_named && table.error().code == Code::kNotFound) return;
  Refuse(table.error(),
         featurizer_ ? "the static table before stays" : "no static table, rules alone decide");
}

void LearnedParts::LoadModel(const config::LearnedFiles& files) {
  if (files.model.empty()) return model_.reset();
  if (featurizer_ == nullptr) return;
  auto model = estimate::LoadRouter(files.model);
  Status fits = model ? estimate::CheckFeatures(*model, *featurizer_) : Status(model.error());
  if (!fits)
    return Refuse(fits.error(), model_ ? "the router before stays" : "no router, baselines are used");
  model_ = std::make_shared<estimate::RouterModel>(std::move(*model));
  log_.Info("router {} knows {} workers, trained on {}", model_->version, model_->workers.size(),
            model_->trained_on);
}

void LearnedParts::Install(const config::LearnedFiles& files, const rails::Catalogue& catalogue,
                           route::RulesOptions* rules) {
  LoadTable(files);
  LoadModel(files);
  if (featurizer_ != nullptr) {
    rules->featurizer = featurizer_;
    rules->classifiers = estimate::Classifiers::BuiltIn(featurizer_->id());
  }
  if (featurizer_ != nullptr && model_ != nullptr) {
    rules->router = std::make_shared<route::Router>(model_, files.settings, catalogue, clock_);
  }
  if (metrics_ == nullptr) return;
  auto gauge = [&](const char* name, const char* help, bool on) {
    metrics_->GetGauge(name, help).Set(on ? 1 : 0);
  };
  gauge("baton_static_table_loaded", "1: texts have vectors; 0: rules alone decide", featurizer_ != nullptr);
  gauge("baton_router_loaded", "1: a learned router decides where rules leave it open",
        rules->router != nullptr);
}

}  // namespace baton::serve
