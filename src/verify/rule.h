// What the verifiers in this folder have in common: facts about them, judgements in one line, options read
// from text. Internal to verify/.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "verify/verifier.h"

namespace baton::verify {

Judgement Accept(std::string reason, std::string evidence = {});
Judgement Reject(std::string reason, std::string evidence = {});
Judgement Unknown(std::string reason, std::string evidence = {});

struct Facts {
  std::string_view name;
  int version = 1;
  Cost cost;
  ErrorRate error_rate;
};

class Rule : public Verifier {
 public:
  explicit Rule(Facts facts) : facts_(facts) {}
  std::string_view name() const override { return facts_.name; }
  int version() const override { return facts_.version; }
  Cost cost() const override { return facts_.cost; }
  ErrorRate error_rate() const override { return facts_.error_rate; }

 private:
  Facts facts_;
};

// A verifier that needs no more than microseconds and nobody's help.
class InstantRule : public Rule {
 public:
  using Rule::Rule;
  virtual Judgement Judge(const Subject& subject) const = 0;
  Task<Judgement> Check(const Subject& subject, const Context&) const final { co_return Judge(subject); }
};

// Reads the options of one Spec. The first thing wrong is kept as the error; reading goes on with defaults.
// Whether an option exists at all, and is there where required, Make has checked by then.
class Options {
 public:
  Options(const Spec& spec, Error* error) : spec_(spec), error_(error) {}
  bool Has(std::string_view key) const;
  std::string Text(std::string_view key, std::string_view standard = {}) const;
  bool Flag(std::string_view key, bool standard);
  double Number(std::string_view key, double standard, double least, double most);
  // Records the error unless one is there already.
  void Wrong(std::string_view key, std::string_view what);
  bool ok() const { return ok_; }

 private:
  const Spec& spec_;
  Error* error_;
  bool ok_ = true;
};

// One function per verifier file; registry.cc lists them.
Info AgreementInfo();
Info ArithmeticInfo();
Info CitationsInfo();
Info CodeInfo();
Info ConfidenceInfo();
Info ExactInfo();
Info FormatInfo();
Info JsonSchemaInfo();
Info JudgeInfo();
Info LanguageInfo();
Info NumberInfo();
Info RegexInfo();

}  // namespace baton::verify
