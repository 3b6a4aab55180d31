// The audit log's settings.

#include <fmt/format.h>

#include "audit/vault.h"
#include "config/draft.h"

namespace baton::config {

void BuildAudit(const RootDraft& draft, const Env& env, Problems* problems, Config* config) {
  const AuditDraft& d = draft.audit;
  if (!d.key.empty()) config->record.audit_key = ResolvePath(d.At("key"), d.key);
  config->refuse_unrecorded = d.on_full == "refuse";
  if (!d.master_key.empty())
    config->master_key = std::make_shared<const Secret>(
        ReadKey(env, d.master_key, d.At("master_key"), "the audit log", problems));
  bool full = false;
  for (const auto& rule : d.content) {
    const auto keep = exchange::ParseKeep(rule.keep);
    if (!keep) {
      problems->Add(rule.place,
                    fmt::format("'{}' is no way to keep content: none, digest, redacted or full", rule.keep));
      continue;
    }
    full |= *keep == exchange::Keep::kFull;
    if (rule.data_class == "default") {
      config->keep.standard = *keep;
    } else {
      config->keep.of[rule.data_class] = *keep;
    }
  }
  if (full && !config->master_key)
    problems->Add(d.At("content"), "content kept in full is sealed: name a `master_key`");
  // One that could not be read has been told.
  if (!config->master_key || config->master_key->empty()) return;
  if (auto vault = audit::Vault::Open("", *config->master_key); !vault)
    problems->Add(d.At("master_key"), vault.error().message);
}

}  // namespace baton::config
