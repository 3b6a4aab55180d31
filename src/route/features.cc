// From a request to the few facts that rules (and later learned policies) decide by.
//
// The last user message says what is wanted; the system message gives weak hints about it; everything else
// counts by length only. Scores come from words (lexicon.cc) and from the form of the text (signs.cc); the
// thresholds here were set on half of the labelled questions and measured on the other half
// (docs/routing.md).

#include "route/features.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "route/tokens.h"
#include "text/reading.h"

namespace baton::route {
namespace {

using text::Domain;
using text::kDomainNames;
using text::kLangNames;
using text::kTaskNames;
using text::Reading;
using text::Scores;
using text::Signs;
using text::Task;

// What a provider adds per message, and what a picture usually costs.
constexpr std::int64_t kTokensPerMessage = 4, kTokensPerImage = 1100, kTokensPerAudio = 1500;

// Adds text lengths of all parts of a message and notes media.
void Measure(const chat::Message& message, Features* f) {
  auto text = [&](std::string_view t) {
    f->input_chars += static_cast<std::int64_t>(t.size());
    f->input_tokens += EstimateTokens(t);
  };
  auto media = [&](const chat::Media& m) {
    switch (m.kind) {
      case chat::Media::Kind::kImage:
      case chat::Media::Kind::kVideo:
        f->has_images = true;
        f->input_tokens += m.detail == "low" ? 100 : kTokensPerImage;
        break;
      case chat::Media::Kind::kAudio:
        f->has_audio = true;
        f->input_tokens += kTokensPerAudio;
        break;
      case chat::Media::Kind::kFile:
        f->has_files = true;
        // Base64 of a document: four bytes of it are three bytes of file, of which perhaps a tenth is text.
        f->input_tokens += static_cast<std::int64_t>(m.data.size() / 40) + kTokensPerImage;
        break;
    }
  };
  f->input_tokens += kTokensPerMessage;
  for (const auto& part : message.parts) {
    if (const auto* t = std::get_if<chat::Text>(&part))
      text(t->text);
    else if (const auto* m = std::get_if<chat::Media>(&part))
      media(*m);
    else if (const auto* c = std::get_if<chat::ToolCall>(&part))
      text(c->name), text(c->arguments);
    else if (const auto* r = std::get_if<chat::Reasoning>(&part))
      text(r->text);
    else if (const auto* x = std::get_if<chat::Refusal>(&part))
      text(x->text);
    else if (const auto* o = std::get_if<chat::Opaque>(&part))
      text(o->json.text);
    else if (const auto* result = std::get_if<chat::ToolResult>(&part)) {
      for (const auto& content : result->content) {
        if (const auto* rt = std::get_if<chat::Text>(&content)) text(rt->text);
        if (const auto* rm = std::get_if<chat::Media>(&content)) media(*rm);
      }
    }
  }
}

void MeasureTools(const chat::Request& request, Features* f) {
  for (const auto& tool : request.tools) {
    f->has_tools = true;
    f->input_tokens += 12 + EstimateTokens(tool.name) + EstimateTokens(tool.description) +
                       EstimateTokens(tool.parameters.text) + EstimateTokens(tool.opaque.text);
  }
  f->input_tokens += EstimateTokens(request.response_format.schema.text);
}

// Calls `use` with each text of the message.
template <class Use>
void ForTextOf(const chat::Message& message, Use use) {
  for (const auto& part : message.parts) {
    if (const auto* t = std::get_if<chat::Text>(&part)) use(std::string_view(t->text));
  }
}

Reading ReadMessage(const chat::Message& message) {
  Reading r;
  ForTextOf(message, [&](std::string_view text) { text::Read(text, &r); });
  return r;
}

int& At(Scores& s, Task t) {
  return s.task[static_cast<std::size_t>(t)];
}

// The form of the text weighs in beside its words.
Task TaskOf(const Reading& r, const Scores* system, bool has_tools) {
  Scores s = r.words;
  if (system != nullptr) {  // half weight, and never against a clear word of the user's
    for (std::size_t i = 0; i < s.task.size(); ++i) s.task[i] += std::min(system->task[i], 8) / 4;
  }
  const Signs& g = r.signs;
  if (g.fenced) At(s, Task::kCode) += 4;
  At(s, Task::kCode) += std::min(g.code_lines, 4) * 3;
  if (g.tests || r.words.tests > 0) At(s, Task::kCode) += 3;
  At(s, Task::kMaths) += std::min(g.latex, 5) * 2 + std::min(g.sums, 3) * 2;
  if (g.numbers >= 2 && g.questions > 0 && !g.Code()) At(s, Task::kMaths) += 2;
  if (has_tools) At(s, Task::kAgentic) += 4;
  auto best = std::max_element(s.task.begin(), s.task.end());
  // One weak word is no evidence, and long texts gather some by chance.
  int least = 3 + std::min(r.words.words / 150, 4);
  if (*best < least) return Task::kChat;
  return static_cast<Task>(best - s.task.begin());
}

Domain DomainOf(const Reading& r, const Scores* system, Task task) {
  std::array<int, 6> d = r.words.domain;
  if (system != nullptr) {
    for (std::size_t i = 0; i < d.size(); ++i) d[i] += std::min(system->domain[i], 6) / 2;
  }
  if (task == Task::kCode) d[static_cast<std::size_t>(Domain::kCoding)] += 4;
  if (r.signs.Code()) d[static_cast<std::size_t>(Domain::kCoding)] += 2;
  auto best = std::max_element(d.begin(), d.end());
  return *best >= 3 + std::min(r.words.words / 200, 3) ? static_cast<Domain>(best - d.begin())
                                                       : Domain::kGeneral;
}

std::string_view LanguageOf(const Reading& r) {
  if (!r.script.empty()) return r.script;
  const auto& l = r.words.lang;
  auto best = std::max_element(l.begin(), l.end());
  if (*best == 0) return "und";
  return kLangNames[static_cast<std::size_t>(best - l.begin())];
}

// How much thought the request asks for. `low` must be safe to answer with the smallest worker.
std::string_view ComplexityOf(const Reading& r, Task task, const Features& f, const chat::Request& request) {
  int points = 0;
  if (f.input_chars > 1200) ++points;
  if (f.input_chars > 6000) ++points;
  if (task == Task::kCode || task == Task::kMaths || task == Task::kAgentic) ++points;
  if (task == Task::kAnalysis || task == Task::kResearch) ++points;
  if (r.signs.latex >= 2) ++points;
  if (r.words.hard >= 3) ++points;
  if (r.words.hard >= 7) ++points;
  if (r.signs.questions > 2 || f.turns > 6) ++points;
  if (request.tools.size() > 3) ++points;
  const std::string& effort = request.reasoning.effort;
  if (effort == "high" || effort == "xhigh") points += 2;
  if (request.reasoning.budget.value_or(0) > 8000) points += 2;
  bool simple = task == Task::kChat || task == Task::kTranslation || task == Task::kSupport ||
                task == Task::kExtraction || task == Task::kSummarisation;
  if (r.words.easy >= 2 && r.words.words < 40) --points;
  if (points <= 0 && (simple || r.words.words < 25) && r.words.words < 120) return "low";
  return points >= 3 ? "high" : "medium";
}

bool IsUser(const chat::Message& m) {
  return m.role == chat::Role::kUser;
}

std::string FormatOf(const chat::Request& request, const Reading& r) {
  switch (request.response_format.kind) {
    case chat::ResponseFormat::Kind::kJsonObject:
      return "json";
    case chat::ResponseFormat::Kind::kJsonSchema:
      return "json_schema";
    default:
      return r.words.json > 0 ? "json" : "text";
  }
}

// What was learned corrects what words say, where it is sure. It knows English prose only (where the form
// shows code, the form decides), and of the tasks those that it was taught: what words call another task (a
// translation, a summary) it leaves alone.
void Refine(const estimate::Classifiers& learned, bool task_open, Features* f) {
  constexpr float kSure = 0.6F;
  if (f->has_code || (f->language != "en" && f->language != "und")) return;
  auto refine = [&](std::string_view field, std::string* value) {
    const estimate::Classifier* c = learned.Find(field);
    if (c == nullptr || std::find(c->labels().begin(), c->labels().end(), *value) == c->labels().end())
      return;
    const estimate::Guess g = c->Classify(f->vector);
    if (g.confidence >= kSure) *value = g.label;
  };
  if (task_open) refine("task", &f->task);
  refine("domain", &f->domain);
  refine("complexity", &f->complexity);
}

// The same request as estimators see it.
void FillVector(const chat::Request& request, const chat::Message* last, const chat::Message* system,
                const Reading& reading, const estimate::Featurizer& featurizer, Features* f) {
  estimate::Asked asked;
  asked.user = reading;
  if (last != nullptr) ForTextOf(*last, [&](std::string_view text) { asked.texts.push_back(text); });
  asked.context_bytes = f->input_chars - reading.bytes;
  asked.turns = f->turns;
  asked.system = system != nullptr;
  asked.tools = f->has_tools;
  asked.media = f->has_images || f->has_audio || f->has_files;
  const auto form = request.response_format.kind;
  asked.structured =
      form == chat::ResponseFormat::Kind::kJsonObject || form == chat::ResponseFormat::Kind::kJsonSchema;
  f->vector.resize(featurizer.width());
  featurizer.Compute(asked, f->vector);
}

}  // namespace

Features Compute(const chat::Request& request, const rails::Permit& permit,
                 const estimate::Featurizer* featurizer, const estimate::Classifiers* classifiers) {
  Features f;
  const chat::Message* last = nullptr;
  const chat::Message* system = nullptr;
  std::int64_t users = 0;
  for (const auto& m : request.messages) {
    Measure(m, &f);
    if (IsUser(m)) {
      last = &m;
      ++users;
    } else if (system == nullptr && (m.role == chat::Role::kSystem || m.role == chat::Role::kDeveloper)) {
      system = &m;
    }
  }
  f.turns = users;
  MeasureTools(request, &f);

  const Reading reading = last != nullptr ? ReadMessage(*last) : Reading{};
  Scores hints;
  if (system != nullptr) {
    ForTextOf(*system, [&](std::string_view whole) {
      text::ForPartsOf(whole, [&](std::string_view part) { text::ScoreWords(part, &hints); });
    });
  }
  const Scores* about = system != nullptr ? &hints : nullptr;
  Task task = TaskOf(reading, about, f.has_tools);
  f.task = permit.controls().task.empty() ? std::string(kTaskNames[static_cast<std::size_t>(task)])
                                          : permit.controls().task;
  f.domain = kDomainNames[static_cast<std::size_t>(DomainOf(reading, about, task))];
  f.language = LanguageOf(reading);
  f.complexity = ComplexityOf(reading, task, f, request);
  f.format = FormatOf(request, reading);
  f.has_code = reading.signs.Code();
  f.has_tests = reading.signs.tests || reading.words.tests > 0;
  f.stream = request.stream;
  f.reasoning_asked = (!request.reasoning.effort.empty() && request.reasoning.effort != "none") ||
                      request.reasoning.budget.value_or(0) > 0;
  f.max_tokens = request.max_tokens.value_or(0);
  f.data = permit.data().classes;
  if (featurizer != nullptr) FillVector(request, last, system, reading, *featurizer, &f);
  if (featurizer != nullptr && classifiers != nullptr)
    Refine(*classifiers, permit.controls().task.empty(), &f);
  if (permit.controls().deadline) {
    f.latency_budget_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(*permit.controls().deadline).count();
  }
  return f;
}

std::vector<std::string_view> KnownValues(std::string_view field) {
  if (field == "task") return {kTaskNames.begin(), kTaskNames.end()};
  if (field == "domain") return {kDomainNames.begin(), kDomainNames.end()};
  if (field == "complexity") return {"low", "medium", "high"};
  if (field == "format") return {"text", "json", "json_schema"};
  return {};
}

}  // namespace baton::route
