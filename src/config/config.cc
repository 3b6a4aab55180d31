// The way of a configuration: text -> tree (with includes) -> drafts, by the rows -> Config, with all checks.

#include "config/config.h"

#include <utility>

#include "audit/digest.h"
#include "config/draft.h"
#include "config/include.h"

namespace baton::config {

Result<Config> Parse(std::string_view yaml, const std::string& path, const Env& env) {
  Problems problems;
  Tree tree;
  if (!ReadWithIncludes(yaml, path, env, &problems, &tree))
    return Fail(Code::kInvalidRequest, problems.Text(), "bad_config");
  RootDraft draft;
  draft.place.file = tree.place.file;
  ReadObject(RootShape(), tree, &draft, &problems);

  Config config;
  config.path = path;
  config.digest = audit::Hex(audit::Hasher().Add(ToJson(tree)).Finish()).substr(0, 12);
  BuildServer(draft, &problems, &config);
  BuildWorkers(draft, env, &problems, &config);
  BuildData(draft, env, &problems, &config);
  BuildWorkflows(draft, &problems, &config);
  BuildRoutes(draft, &problems, &config);
  BuildContracts(draft, &problems, &config);
  BuildAudit(draft, env, &problems, &config);
  BuildTenants(draft, &problems, &config);
  if (problems.any()) return Fail(Code::kInvalidRequest, problems.Text(), "bad_config");
  config.warnings = std::move(problems.warnings());
  return config;
}

Result<Config> Load(const std::string& path, const Env& env) {
  TRY(std::string text, env.read_file(path));
  return Parse(text, path, env);
}

}  // namespace baton::config
