#include "serve/evidence.h"

#include <fmt/format.h>

#include "workflow/evidence_chooser.h"

namespace baton::serve {

Status AddEvidence(const config::Config& config, Choosers* out) {
  for (const auto& flow : config.workflows) {
    if (flow.kind != "evidence" && !(flow.kind.empty() && flow.name == "evidence")) continue;
    auto loaded = estimate::LoadEvidence(flow.file);
    if (!loaded) {
      Error e = std::move(loaded).error();
      e.message = fmt::format("workflow '{}': {}", flow.name, e.message);
      return e;
    }
    auto model = std::make_shared<const estimate::EvidenceModel>(std::move(*loaded));
    out->policies[flow.name] = model->version;
    out->makers[flow.name] =
        [model, value = config.router.settings.value_usd, library = config.library,
         name = flow.name](const workflow::ChooserRequest& request) -> std::unique_ptr<workflow::Chooser> {
      const std::int64_t now = request.pool.loop().clock().UnixNanos() / 1'000'000'000;
      auto options = workflow::EvidenceOptionsFor(model, request, value, now);
      if (library) options.checks = library->ChecksOf(name);
      return std::make_unique<workflow::EvidenceChooser>(std::move(options));
    };
  }
  return {};
}

}  // namespace baton::serve
