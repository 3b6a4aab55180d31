// What there is. A new verifier is a file, its test and a line here.
#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.h"
#include "verify/rule.h"
#include "verify/text.h"

namespace baton::verify {
namespace {

std::string Guess(std::string_view name, const std::vector<std::string_view>& known) {
  const std::string_view nearest = Nearest(name, known);
  if (!nearest.empty()) return fmt::format("; did you mean '{}'?", nearest);
  return fmt::format("; there are: {}", fmt::join(known, ", "));
}

Status CheckOptions(const Info& info, const Spec& spec) {
  std::vector<std::string_view> keys;
  for (const OptionInfo& option : info.options) {
    keys.push_back(option.key);
    if (option.required && !spec.options.contains(std::string(option.key))) {
      return Fail(Code::kInvalidRequest,
                  fmt::format("verifier '{}' needs the option '{}': {}", info.name, option.key, option.doc),
                  "missing_verifier_option", std::string(option.key));
    }
  }
  for (const auto& [key, value] : spec.options) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    return Fail(Code::kInvalidRequest,
                keys.empty() ? fmt::format("verifier '{}' takes no options", info.name)
                             : fmt::format("verifier '{}' has no option '{}'{}", info.name, Clip(key, 64),
                                           Guess(key, keys)),
                "unknown_verifier_option", key);
  }
  return {};
}

}  // namespace

const std::vector<Info>& List() {
  static const std::vector<Info> kList = {
      AgreementInfo(), ArithmeticInfo(), CitationsInfo(), CodeInfo(),     ConfidenceInfo(), ExactInfo(),
      FormatInfo(),    JsonSchemaInfo(), JudgeInfo(),     LanguageInfo(), NumberInfo(),     RegexInfo(),
  };
  return kList;
}

Result<std::shared_ptr<const Verifier>> Make(const Spec& spec, const Tools& tools) {
  std::vector<std::string_view> names;
  for (const Info& info : List()) {
    names.push_back(info.name);
    if (info.name != spec.name) continue;
    TRY_VOID(CheckOptions(info, spec));
    Error error;
    auto verifier = info.make(spec, tools, &error);
    if (verifier == nullptr) return error;
    return verifier;
  }
  return Fail(Code::kInvalidRequest,
              fmt::format("no verifier '{}'{}", Clip(spec.name, 64), Guess(spec.name, names)),
              "unknown_verifier", "name");
}

}  // namespace baton::verify
