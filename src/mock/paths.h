// Which call an HTTP request is. Paths are matched from their end, so that any base_url works.
#pragma once

#include <string>
#include <string_view>

#include "provider/dialect.h"

namespace baton::mock {

struct Call {
  enum class Kind { kUnknown, kChat, kEmbed, kModels, kControl };
  Kind kind = Kind::kUnknown;
  const provider::ClientCodec* codec = nullptr;  // never null: OpenAI's for unknown paths and control
  std::string model;                             // where the path carries it (Gemini)
  bool stream = false;                           // where the path says so (Gemini)
  bool sse = true;                               // false: Gemini stream without alt=sse
};

// `anthropic`: the request carries an anthropic-version header (its /v1/models shares OpenAI's path).
Call Classify(std::string_view path, std::string_view query, bool anthropic);

// The key a request brings, by its dialect's own header (or Gemini's ?key=).
struct KeyPlace {
  std::string_view header, prefix;
};
KeyPlace WhereKeyIs(chat::Dialect dialect);

}  // namespace baton::mock
