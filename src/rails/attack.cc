#include "rails/attack.h"

#include <hs/hs.h>

#include <algorithm>
#include <array>
#include <utility>

#include "rails/attack_score.h"
#include "rails/databases.h"
#include "rails/disguise.h"

namespace baton::rails {
namespace {

constexpr std::size_t kMostDecoded = 64 * 1024;

struct Expression {
  const char* sign;
  const char* pattern;
  // Words without which the pattern cannot match; null: it is looked for in every text. Patterns that begin
  // with everyday words ("tell me", "use", "new") are started all over a text; three of them cost three times
  // as much as all others together, so they wait until one of the words that must follow has been seen.
  const char* needs = nullptr;
};

// What attacks say, by family. Each is a phrase that honest text has little use for; single words are left to
// the models. Case does not matter; white space is any amount of it.
constexpr Expression kExpressions[] = {
    {"override",
     R"~((ignore|disregard|forget|override|bypass|skip|drop)\s+(all\s+|any\s+|the\s+|your\s+|my\s+|these\s+|those\s+|of\s+){0,3}(previous|prior|above|earlier|preceding|system|original|initial|foregoing)\s+(instruction|prompt|rule|guideline|direction|message|context|order|command|polic))~"},
    {"override",
     R"~((new|updated|real|actual)\s+(system\s+)?(instructions?|orders|prompt)\s*(follow|are|is)?\s*:)~",
     "instruction|orders|prompt"},
    {"override",
     R"~((ignoriere|vergiss|missachte)\s+(alle\s+|die\s+|deine\s+){0,2}(vorherigen|bisherigen|obigen|fr\xc3\xbcheren)\s+(anweisung|regel|befehl))~"},
    {"override",
     R"~((ignore|ignorez|oublie|oubliez)\s+(toutes\s+|les\s+|tes\s+|vos\s+){0,2}(instructions|consignes|r\xc3\xa8gles)\s+(pr\xc3\xa9c\xc3\xa9dentes|ci-dessus))~"},
    {"override",
     R"~((ignora|olvida)\s+(todas\s+|las\s+|tus\s+){0,2}(instrucciones|reglas)\s+(anteriores|previas))~"},
    {"role",
     R"~(you\s+are\s+(now\s+)?(dan\b|in\s+developer\s+mode|unrestricted|jailbroken|no\s+longer\s+bound))~"},
    {"role",
     R"~((developer|god|admin|debug|maintenance)\s+mode\s+(is\s+)?(enabled|activated|on\b|unlocked))~"},
    {"role", R"~(<\|(im_start|im_end|system|start_header_id|eot_id)\|>|\[/?INST\]|<</?SYS>>|</?system>)~"},
    {"role",
     R"~((^|\n)\s*#{0,3}\s*(system|developer|administrator)\s*(message|prompt|override|notice)?\s*:\s)~"},
    {"leak",
     R"~((reveal|print|show|repeat|output|leak|display|recite|dump)\s+(me\s+|us\s+|all\s+|the\s+|your\s+|of\s+|verbatim\s+){0,4}(system\s+prompt|hidden\s+(instructions?|prompt)|initial\s+(instructions?|prompt)|(instructions|text|words)\s+above))~"},
    {"leak",
     R"~((reveal|print|show|output|leak|send|tell)\s+(me\s+|us\s+|all\s+|the\s+|your\s+|any\s+){0,4}(api[ _-]?keys?|credentials|secrets?|passwords?|environment\s+variables?)\b)~",
     "api|credentials|secret|password|variable"},
    {"reroute",
     R"~((route|send|forward|escalate|delegate|dispatch|assign)\s+(this|it|the|my)?\s*(request|query|prompt|task|question|message|conversation)?\s*(directly\s+)?(to|through)\s+(the\s+|an?\s+|your\s+)?(most|best|strongest|largest|biggest|priciest|expensive|premium|frontier|flagship|top))~"},
    {"reroute",
     R"~((use|select|choose|pick|call|invoke|need|needs|require|requires)\s+(only\s+)?(the\s+|your\s+|a\s+)?(most\s+(powerful|capable|expensive|intelligent|advanced)|largest|strongest|biggest|priciest|frontier|flagship|premium|top[ -]tier)\s+(available\s+)?(model|worker|llm|tier|route))~",
     "model|worker|llm|tier|route"},
    {"reroute",
     R"~((task\s+|query\s+|request\s+)?(complexity|difficulty|priority|quality)\s*[:=]\s*(very\s+|extremely\s+)?(high|max|maximum|extreme|critical|10/10|100))~"},
    {"reroute",
     R"~((route|policy|workflow|worker|router)\s*[:=]\s*["']?(baton-ultra|ultra|large|premium|debate|mixture))~"},
    {"control", R"~((baton|x-baton)-(max-cost|max-tokens|deadline|quality|task|session|worker|route))~"},
    {"plan",
     R"~("(steps|plan|workers?|access)"\s*:\s*[\[{].{0,400}"(worker|role|instruction|workers)"\s*:)~"},
    {"plan",
     R"~((add|insert|append|execute|run|schedule)\s+(\d+\s+|another\s+|more\s+|the\s+following\s+|extra\s+|additional\s+){1,3}(steps?|workers?|agents?|calls?)\b)~"},
    {"exfiltrate",
     R"~((send|post|upload|exfiltrate|forward|transmit|leak|append|encode)\s.{0,80}(to|into|at|in)\s+(the\s+|an?\s+|this\s+)?(url\s+|link\s+|address\s+|webhook\s+|image\s+|endpoint\s+)?https?://)~"},
    {"exfiltrate", R"~(!\[[^\]]{0,80}\]\(https?://[^)\s]{0,200}[?=&][^)]{0,400}\))~"},
    {"inflate",
     R"~((repeat|continue|output|write|print|say|loop)\s.{0,60}(forever|infinitely|endlessly|without\s+(ever\s+)?stopping|until\s+(the\s+)?(limit|maximum|budget)|(\d{4,}|million|billion)\s+times))~"},
    {"inflate",
     R"~(never\s+(stop|finish|end|terminate|conclude)\s+(writing|generating|thinking|answering|the\s+answer))~"},
};

const std::vector<std::string>& AllSigns() {
  static const std::vector<std::string> kSigns = [] {
    std::set<std::string> names = {"learned", "orders_in_data", "hidden_text"};
    for (const auto& e : kExpressions) names.insert(e.sign);
    return std::vector<std::string>(names.begin(), names.end());
  }();
  return kSigns;
}

// One pass of a database: a pattern is an expression itself, or the words that others need.
struct Pattern {
  const Expression* expression = nullptr;
  const char* text = nullptr;
};
struct Pass {
  const std::vector<Pattern>* patterns;
  Suspicion* out;
  bool more = false;  // a word has been seen that an expression of the second pass needs
};
int OnSign(unsigned id, unsigned long long, unsigned long long, unsigned, void* context) {
  auto& pass = *static_cast<Pass*>(context);
  const Pattern& pattern = (*pass.patterns)[id];
  if (pattern.text == pattern.expression->needs) {
    pass.more = true;
  } else {
    pass.out->signs.emplace(pattern.expression->sign);
  }
  return 0;
}

struct Patterns {
  Database database;
  std::vector<Pattern> list;
};

std::vector<Pattern> FirstPass() {
  std::vector<Pattern> list;
  for (const auto& e : kExpressions) list.push_back({&e, e.needs ? e.needs : e.pattern});
  return list;
}
std::vector<Pattern> SecondPass() {
  std::vector<Pattern> list;
  for (const auto& e : kExpressions) {
    if (e.needs) list.push_back({&e, e.pattern});
  }
  return list;
}

// Characters nobody sees that spell letters: there is no honest use for them.
bool HoldsTagCharacters(std::string_view text) {
  return text.find("\xf3\xa0\x81") != std::string_view::npos ||
         text.find("\xf3\xa0\x80") != std::string_view::npos;
}

class Detector final : public AttackDetector {
 public:
  Detector(Patterns first, Patterns second, Scratch scratch)
      : first_(std::move(first)), second_(std::move(second)), scratch_(std::move(scratch)) {}

  Suspicion Look(const chat::Request& request) const override {
    Suspicion out;
    for (const auto& message : request.messages) {
      if (message.role != chat::Role::kUser && message.role != chat::Role::kTool) continue;
      for (const auto& part : message.parts) LookAtPart(part, message.role == chat::Role::kTool, &out);
    }
    for (const auto& [name, value] : request.inputs) LookAtText(value, false, 0, &out);
    return out;
  }
  Suspicion LookAt(std::string_view text, bool from_tool) const override {
    Suspicion out;
    LookAtText(text, from_tool, 0, &out);
    return out;
  }

 private:
  void LookAtPart(const chat::Part& part, bool from_tool, Suspicion* out) const {
    if (const auto* text = std::get_if<chat::Text>(&part)) LookAtText(text->text, from_tool, 0, out);
    const auto* result = std::get_if<chat::ToolResult>(&part);
    if (!result) return;
    for (const auto& content : result->content) {
      if (const auto* text = std::get_if<chat::Text>(&content)) LookAtText(text->text, true, 0, out);
    }
  }

  void LookAtText(std::string_view text, bool from_tool, int layer, Suspicion* out) const {
    if (text.empty()) return;
    if (HoldsTagCharacters(text)) out->signs.emplace("hidden_text");
    const auto plain = Unmask(text);
    Scan(text, from_tool, out);
    if (plain) Scan(plain->text, from_tool, out);
    if (layer >= 2) return;
    for (const Decoded& run : DecodeRuns(text, kMostDecoded)) LookAtText(run.text, from_tool, layer + 1, out);
  }

  void Scan(std::string_view text, bool from_tool, Suspicion* out) const {
    if (Scratch scratch = scratch_.Take()) {
      if (Run(first_, text, scratch.get(), out)) (void)Run(second_, text, scratch.get(), out);
      scratch_.GiveBack(std::move(scratch));
    }
    const AttackScores scores = ScoreAttack(text, from_tool);
    out->score = std::max(out->score, scores.phrasing);
    if (scores.phrasing >= PhrasingModel().threshold) out->signs.emplace("learned");
    if (from_tool && scores.orders >= OrdersModel().threshold) out->signs.emplace("orders_in_data");
  }

  // Whether the second pass has anything to look for.
  static bool Run(const Patterns& patterns, std::string_view text, hs_scratch_t* scratch, Suspicion* out) {
    Pass pass{&patterns.list, out};
    (void)hs_scan(patterns.database.get(), text.data(), static_cast<unsigned>(text.size()), 0, scratch,
                  OnSign, &pass);
    return pass.more;
  }

  Patterns first_, second_;
  ScratchSlots scratch_;
};

}  // namespace

const std::vector<std::string>& AttackDetector::Signs() {
  return AllSigns();
}

Result<std::shared_ptr<const AttackDetector>> AttackDetector::Build() {
  if (!CpuFits()) return Fail(Code::kUnsupported, "this CPU lacks SSE4.2, which the attack detector needs");
  Patterns passes[2] = {{nullptr, FirstPass()}, {nullptr, SecondPass()}};
  Scratch scratch;
  for (Patterns& p : passes) {
    std::vector<std::string> texts;
    for (const Pattern& one : p.list) texts.emplace_back(one.text);
    TRY(p.database, CompileSigns(texts));
    if (!MakeScratch(p.database, &scratch))
      return Fail(Code::kInternal, "out of memory for the attack detector");
  }
  return std::shared_ptr<const AttackDetector>(
      std::make_shared<Detector>(std::move(passes[0]), std::move(passes[1]), std::move(scratch)));
}

std::optional<budget::Nanos> AttackOptions::CapFor(std::string_view model) const {
  const auto at = max_cost.find(model);
  return at != max_cost.end() ? at->second : otherwise;
}

}  // namespace baton::rails
