// Rows of what is said about data: how texts are classified, what becomes of what is found, what workers may
// say.

#include "config/draft.h"
#include "config/rows_shapes.h"

namespace baton::config {
namespace {

const Shape& PatternShape() {
  using C = rails::ClassifierOptions::Custom;
  static const Shape kShape{
      "pattern",
      "A regular expression of your own, and the class of data that it finds.",
      {
          MakeRow(Kind::kText, "name", Into<&PatternDraft::v, &C::name>, "Shown in records.").Required(),
          MakeRow(Kind::kText, "pattern", Into<&PatternDraft::v, &C::pattern>,
                  "PCRE syntax without look-around and back references; works on bytes; `(?i)` ignores case.")
              .Required(),
          MakeRow(Kind::kText, "class", Into<&PatternDraft::v, &C::data_class>,
                  "Data class of what it finds; a name of your own is allowed.")
              .Required(),
      }};
  return kShape;
}

const Shape& DictionaryShape() {
  using D = rails::ClassifierOptions::Dictionary;
  static const Shape kShape{
      "dictionary",
      "Words of your own, and the class of data that they are. Only whole words count.",
      {
          MakeRow(Kind::kText, "name", Into<&DictionaryDraft::v, &D::name>, "Shown in records.").Required(),
          MakeRow(Kind::kText, "class", Into<&DictionaryDraft::v, &D::data_class>,
                  "Data class of a text that holds one of them; a name of your own is allowed.")
              .Required(),
          MakeRow(Kind::kTexts, "words", Into<&DictionaryDraft::v, &D::words>,
                  "The words, or phrases; 2 to 200 bytes each."),
          MakeRow(Kind::kText, "file", Into<&DictionaryDraft::file>,
                  "A file with further words, one a line; lines that begin with # do not count."),
          MakeRow(Kind::kFlag, "any_case", Into<&DictionaryDraft::v, &D::any_case>,
                  "Capitals and small letters are the same (ASCII).")
              .Default("true"),
      }};
  return kShape;
}

const Shape& OnlyShape() {
  using T = rails::WorkerTerms;
  static const Shape kShape{
      "only",
      "Which workers may see what the rule covers, beside those that list its class.",
      {
          MakeRow(Kind::kTexts, "region", Into<&TermsDraft::v, &T::regions>,
                  "Their `data.region` is one of these."),
          MakeRow(Kind::kDuration, "max_retention", Into<&TermsDraft::v, &T::max_retention>,
                  "Their `data.retention` is known and no longer; 0 for none at all.")
              .Between(0, 3.2e9),
          MakeRow(Kind::kFlag, "no_training", Into<&TermsDraft::v, &T::no_training>,
                  "Their `data.trains` is false.")
              .Default("false"),
      }};
  return kShape;
}

const Shape& DataRuleShape() {
  using R = rails::DataRule;
  static const Shape kShape{
      "data rule",
      "What becomes of data that was found. The first rule that covers a finding decides about it; for the "
      "request "
      "the strictest of those decisions counts.",
      {
          MakeRow(Kind::kText, "name", Into<&DataRuleDraft::v, &R::name>, "Shown in records and refusals.")
              .Required(),
          MakeRow(Kind::kTexts, "class", Into<&DataRuleDraft::v, &R::classes>,
                  "Findings of these classes; without: of any."),
          MakeRow(Kind::kTexts, "types", Into<&DataRuleDraft::v, &R::types>,
                  "Only findings of these types (`email`, `card`, ... or the names of your own); without: of "
                  "any."),
          MakeWords(Kind::kWord, "do", "allow|redact|review|block", Into<&DataRuleDraft::deed>,
                    "Let workers see it; hide it behind marks and put it back in the answer; lay the request "
                    "before a person; refuse.")
              .Required(),
          MakeChild(Kind::kMap, "only", Inside<&DataRuleDraft::only>, OnlyShape,
                    "Which workers may see it, where any may."),
      }};
  return kShape;
}

}  // namespace

const Shape& DataShape() {
  static const Shape kShape{
      "data",
      "How texts are classified, and what becomes of what is found (docs/data_classes.md).",
      {
          MakeRow(Kind::kText, "default_class", Into<&DataDraft::default_class>,
                  "Class of a text in which nothing is found.")
              .Default("internal"),
          MakeRow(Kind::kFlag, "unmask", Into<&DataDraft::unmask>,
                  "Also look behind invisible characters, look-alike letters, escapes, base64, and where two "
                  "messages meet.")
              .Default("true"),
          MakeChild(Kind::kList, "patterns", Append<&DataDraft::patterns>, PatternShape,
                    "Patterns beside the built-in ones."),
          MakeChild(Kind::kList, "dictionaries", Append<&DataDraft::dictionaries>, DictionaryShape,
                    "Words beside them."),
          MakeChild(Kind::kList, "rules", Append<&DataDraft::rules>, DataRuleShape,
                    "What becomes of what is found; without rules a worker's `data.classes` alone decide."),
      }};
  return kShape;
}

namespace {
const Shape& AttackCapShape() {
  static const Shape kShape{
      "tier",
      "Ceiling of a tagged request that asks for this model name.",
      {
          MakeRow(Kind::kText, "model", Into<&AttackCapDraft::model>,
                  "A name clients may ask for, like `baton-ultra`.")
              .Required(),
          MakeRow(Kind::kMoney, "max_cost", Into<&AttackCapDraft::max_cost>, "In USD; 0: free workers only.")
              .Required(),
      }};
  return kShape;
}
}  // namespace

const Shape& AttacksShape() {
  static const Shape kShape{
      "attacks",
      "Requests with signs of a prompt attack are tagged, counted, and held to a ceiling of their own.",
      {
          MakeRow(Kind::kFlag, "detect", Into<&AttacksDraft::detect>, "Look for them.").Default("true"),
          MakeRow(
              Kind::kMoney, "max_cost", Into<&AttacksDraft::max_cost>,
              "Ceiling of a tagged request in USD; 0: free workers only. Without: that of every request."),
          MakeChild(Kind::kList, "tiers", Append<&AttacksDraft::tiers>, AttackCapShape,
                    "Other ceilings by model name."),
      }};
  return kShape;
}

const Shape& GuardShape() {
  using R = guard::Rule;
  static const Shape kShape{
      "guard",
      "What workers' texts may not say: found by the data scan (`find`), or by a worker that reads them "
      "(`ask`). "
      "Judged whoever asked, whole or streamed, before anybody reads it.",
      {
          MakeRow(Kind::kText, "name", Into<&GuardDraft::v, &R::name>,
                  "Shown in records, metrics and refusals.")
              .Required(),
          MakeRow(Kind::kTexts, "find", Into<&GuardDraft::v, &R::classes>, "Data of these classes."),
          MakeRow(Kind::kTexts, "types", Into<&GuardDraft::v, &R::types>,
                  "Only findings of these types; alone: of these types whatever their class."),
          MakeRow(Kind::kText, "ask", Into<&GuardDraft::v, &R::ask>,
                  "The worker that reads every text instead."),
          MakeRow(Kind::kText, "about", Into<&GuardDraft::v, &R::about>,
                  "With `ask`: what it is to look for, in words."),
          MakeWords(
              Kind::kWord, "do", "flag|redact|block", Into<&GuardDraft::deed>,
              "Record it; put `[TYPE REMOVED]` in its place (`find` only); end the answer with an error.")
              .Required(),
          MakeWords(Kind::kWord, "on_fault", "open|closed", Into<&GuardDraft::on_fault>,
                    "When the guard itself cannot tell: let the text pass, or withhold it.")
              .Required(),
          MakeRow(
              Kind::kSize, "window", Into<&GuardDraft::window>,
              "How much of a streamed answer is held back unjudged; with `ask`: judged at once. Without: 256 "
              "bytes, with `ask` 2000.")
              .Between(64, 65536),
          MakeRow(Kind::kDuration, "timeout", Into<&GuardDraft::v, &R::timeout>,
                  "With `ask`: longest wait for its word.")
              .Between(0.05, 600)
              .Default("10s"),
      }};
  return kShape;
}

}  // namespace baton::config
