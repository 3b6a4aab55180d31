#include "mock/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "mock/arithmetic.h"
#include "mock/facts.h"
#include "mock/schema_fill.h"
#include "mock/text.h"
#include "mock/tool_pick.h"

namespace baton::mock {
namespace {

std::string UserText(const chat::Message& message) {
  std::string text;
  for (const auto& part : message.parts) {
    if (const auto* t = std::get_if<chat::Text>(&part)) text += (text.empty() ? "" : "\n") + t->text;
  }
  return text;
}

std::string ResultText(const chat::ToolResult& result) {
  std::string text;
  for (const auto& piece : result.content) {
    if (const auto* t = std::get_if<chat::Text>(&piece)) text += t->text;
  }
  return text;
}

// The tool results after the last assistant message, in order.
std::vector<const chat::ToolResult*> FreshResults(const chat::Request& request) {
  std::vector<const chat::ToolResult*> results;
  for (auto m = request.messages.rbegin(); m != request.messages.rend() && m->role != chat::Role::kAssistant;
       ++m) {
    for (auto p = m->parts.rbegin(); p != m->parts.rend(); ++p) {
      if (const auto* r = std::get_if<chat::ToolResult>(&*p)) results.insert(results.begin(), r);
    }
  }
  return results;
}

std::string CalledName(const chat::Request& request, const chat::ToolResult& result) {
  for (const auto& m : request.messages) {
    for (const auto& p : m.parts) {
      const auto* call = std::get_if<chat::ToolCall>(&p);
      if (call && !call->id.empty() && call->id == result.call_id) return call->name;
    }
  }
  return result.name.empty() ? "the tool" : result.name;
}

std::string FromResults(const chat::Request& request, const std::vector<const chat::ToolResult*>& results) {
  std::string text;
  for (const auto* r : results) {
    text += fmt::format("{}{} {}: {}", text.empty() ? "" : "\n", CalledName(request, *r),
                        r->is_error ? "failed" : "says", CutUtf8(ResultText(*r), 2000));
  }
  return text;
}

std::string Images(const chat::Request& request) {
  int count = 0;
  std::string kinds;
  for (const auto& m : request.messages) {
    for (const auto& p : m.parts) {
      const auto* media = std::get_if<chat::Media>(&p);
      if (!media || media->kind != chat::Media::Kind::kImage) continue;
      ++count;
      const std::size_t bytes = media->data.size() / 4 * 3;
      kinds += (kinds.empty() ? "" : ", ") +
               (media->data.empty() ? std::string("by address")
                                    : fmt::format("{} of about {} bytes", media->media_type, bytes));
    }
  }
  return fmt::format("I was given {} image{} ({}).", count, count == 1 ? "" : "s", kinds);
}

// A summary is the first sentence and the longest of the others.
std::string Summary(std::string_view text, bool french) {
  auto sentences = Sentences(text);
  if (sentences.size() > 1) sentences.erase(sentences.begin());  // the instruction itself
  const auto longest = std::max_element(sentences.begin(), sentences.end(),
                                        [](const auto& a, const auto& b) { return a.size() < b.size(); });
  std::string s = std::string(CutUtf8(sentences.front(), 400));
  if (longest != sentences.begin()) s += " " + std::string(CutUtf8(*longest, 400));
  return fmt::format("{} {}", french ? "En bref :" : "In short:", s);
}

std::string LongText(std::string_view question, bool french) {
  const std::string subject(CutUtf8(question, 200));
  if (french) {
    return fmt::format(
        "Premier point. La demande était : « {} ». Une réponse complète partirait des faits, puis des "
        "causes, puis des "
        "conséquences.\n\nDeuxième point. Chaque affirmation devrait pouvoir être vérifiée par une "
        "source.\n\n"
        "Troisième point. Ce texte est simulé : il montre la longueur et le débit d'une réponse, pas son "
        "contenu.",
        subject);
  }
  return fmt::format(
      "First, the question: \"{}\". A full answer would begin with the facts that nobody disputes, then turn "
      "to what "
      "is still argued about.\n\nSecond, the causes. They seldom come alone, and a careful text weighs them "
      "against "
      "each other before it names one.\n\nThird, the consequences, near and far, with numbers where there "
      "are "
      "numbers.\n\nThis text is simulated: it shows the length and the pace of an answer, not its content.",
      subject);
}

std::string PlainAnswer(const chat::Request& request, const std::string& text) {
  const bool french = IsFrench(text);
  const std::string lower = Lower(text);
  if (HasImage(request)) return Images(request);
  if (HasAny(lower, {"summarize", "summarise", "summary", "résume", "résumé"}) &&
      Sentences(text).size() > 1) {
    return Summary(text, french);
  }
  if (auto code = WriteCode(text, french)) return *code;
  if (auto fact = RecallFact(text, french)) return *fact;
  if (auto sum = WorkOut(text)) return fmt::format("{} = {}.", sum->expression, sum->result);
  if (HasAny(lower,
             {"essay", "story", "explain", "describe", "write", "raconte", "explique", "décris", "écris"})) {
    return LongText(text, french);
  }
  if (text.empty()) return french ? "Je n'ai rien reçu." : "There was no text to answer.";
  return fmt::format("{} {}", french ? "Vous avez dit :" : "You said:", CutUtf8(text, 4000));
}

// The reasoning that models with effort or a budget show, signed so that a changed copy can be recognised.
void AddReasoning(const chat::Request& request, const std::string& text, Reply* reply) {
  const auto& r = request.reasoning;
  const bool wanted = (!r.effort.empty() && r.effort != "none") || r.budget.value_or(0) > 0 ||
                      r.include_thoughts.value_or(false);
  if (!wanted) return;
  reply->reasoning = fmt::format("The question is: {}. I answer it directly.", CutUtf8(text, 200));
  reply->signature = Signature(reply->reasoning);
}

}  // namespace

std::string Signature(std::string_view reasoning) {
  return fmt::format("{}{:016x}", kSignaturePrefix, Hash(reasoning));
}

std::string LastText(const chat::Request& request) {
  // All results together: some dialects carry them in one message, some in one message each.
  std::string text;
  for (const auto* r : FreshResults(request)) text += (text.empty() ? "" : "\n") + ResultText(*r);
  if (!text.empty()) return text;
  for (auto m = request.messages.rbegin(); m != request.messages.rend(); ++m) {
    if (m->role == chat::Role::kUser) return UserText(*m);
  }
  return {};
}

bool HasImage(const chat::Request& request) {
  for (const auto& m : request.messages) {
    for (const auto& p : m.parts) {
      const auto* media = std::get_if<chat::Media>(&p);
      if (media && media->kind == chat::Media::Kind::kImage) return true;
    }
  }
  return false;
}

Result<Reply> BuiltInAnswer(const chat::Request& request) {
  Reply reply;
  const auto results = FreshResults(request);
  const std::string text = LastText(request);
  AddReasoning(request, text, &reply);
  if (results.empty()) {
    TRY(reply.tool_calls, PickTools(request, text));
    if (!reply.tool_calls.empty()) return reply;
  }
  using Kind = chat::ResponseFormat::Kind;
  if (request.response_format.kind == Kind::kJsonSchema) {
    TRY(reply.text, FillSchema(request.response_format.schema.text, text));
    return reply;
  }
  const std::string plain = results.empty() ? PlainAnswer(request, text) : FromResults(request, results);
  if (request.response_format.kind == Kind::kJsonObject) {
    static constexpr std::string_view kSchema =
        R"({"type":"object","properties":{"answer":{"type":"string"},"simulated":{"const":true}}})";
    TRY(reply.text, FillSchema(kSchema, plain));
    return reply;
  }
  reply.text = fmt::format("{} {}", kLabel, plain);
  return reply;
}

std::vector<float> EmbedText(std::string_view text, std::size_t dimensions) {
  std::vector<float> vector(dimensions, 0.0f);
  auto words = Words(text);
  if (words.empty()) words.emplace_back(text);
  for (const auto& word : words) {
    std::uint64_t state = Hash(word) | 1;
    for (float& v : vector) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      v += static_cast<float>(static_cast<double>(state >> 11) / 9007199254740992.0 - 0.5);
    }
  }
  double length = 0;
  for (const float v : vector) length += static_cast<double>(v) * v;
  length = std::sqrt(length);
  for (float& v : vector) v = length > 0 ? static_cast<float>(v / length) : 0.0f;
  return vector;
}

}  // namespace baton::mock
