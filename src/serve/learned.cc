#include "serve/learned.h"

namespace baton::serve {
namespace {

// A router with the catalogue that it looks at again whenever policies change.
struct Routed {
  Routed(std::shared_ptr<const estimate::RouterModel> model, const route::RouterSettings& settings,
         const rails::Catalogue& of, const Clock& clock, std::shared_ptr<route::LearnedShare> share)
      : catalogue(of), router(std::move(model), settings, catalogue, clock, std::move(share)) {}
  const rails::Catalogue catalogue;
  const route::Router router;
};

}  // namespace

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

// The best single worker, where nobody says: what the operator would use without a learned policy.
adapt::Setup LearnedParts::SetupFor(const config::Config& config) const {
  adapt::Setup setup;
  setup.settings = config.learning;
  setup.value_usd = config.router.settings.value_usd;
  if (model_ != nullptr) setup.configured = model_->version;
  setup.featurizer = featurizer_;
  for (const auto& rule : config.routes.rules) {
    if (setup.settings.single.empty() && rule.policy == "learned") setup.settings.single = rule.baseline;
  }
  return setup;
}

void LearnedParts::Install(const config::LearnedFiles& files, const rails::Catalogue& catalogue,
                           route::RulesOptions* rules) {
  LoadTable(files);
  LoadModel(files);
  if (featurizer_ != nullptr) {
    rules->featurizer = featurizer_;
    rules->classifiers = estimate::Classifiers::BuiltIn(featurizer_->id());
  }
  if (featurizer_ != nullptr && (model_ != nullptr || share_ != nullptr)) {
    const auto kept = std::make_shared<const Routed>(model_, files.settings, catalogue, clock_, share_);
    rules->router = std::shared_ptr<const route::Router>(kept, &kept->router);
  }
  if (metrics_ == nullptr) return;
  auto gauge = [&](const char* name, const char* help, bool on) {
    metrics_->GetGauge(name, help).Set(on ? 1 : 0);
  };
  gauge("baton_static_table_loaded", "1: texts have vectors; 0: rules alone decide", featurizer_ != nullptr);
  gauge("baton_router_loaded", "1: a learned router decides where rules leave it open",
        rules->router != nullptr && model_ != nullptr);
}

}  // namespace baton::serve
