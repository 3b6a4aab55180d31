#include "mock/paths.h"

namespace baton::mock {
namespace {

int Hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string Unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && Hex(text[i + 1]) >= 0 && Hex(text[i + 2]) >= 0) {
      out += static_cast<char>(Hex(text[i + 1]) * 16 + Hex(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// ".../models/{model}:{verb}"
Call Gemini(std::string_view path, std::string_view query) {
  Call call;
  call.codec = provider::FindClientCodec("gemini");
  const auto models = path.rfind("/models/");
  const auto colon = path.rfind(':');
  if (models == std::string_view::npos || colon == std::string_view::npos || colon < models) return call;
  call.model = Unescape(path.substr(models + 8, colon - models - 8));
  const std::string_view verb = path.substr(colon + 1);
  if (verb == "generateContent" || verb == "streamGenerateContent") {
    call.kind = Call::Kind::kChat;
    call.stream = verb[0] == 's';
    call.sse = !call.stream || query.find("alt=sse") != std::string_view::npos;
  } else if (verb == "embedContent" || verb == "batchEmbedContents") {
    call.kind = Call::Kind::kEmbed;
  }
  return call;
}

}  // namespace

Call Classify(std::string_view path, std::string_view query, bool anthropic) {
  if (path.find("/models/") != std::string_view::npos && path.rfind(':') != std::string_view::npos) {
    if (Call call = Gemini(path, query); call.kind != Call::Kind::kUnknown && call.codec) return call;
  }
  Call call;
  call.codec = provider::FindClientCodec("openai");
  if (path.starts_with("/mock/")) {
    call.kind = Call::Kind::kControl;
  } else if (path.ends_with("/chat/completions")) {
    call.kind = Call::Kind::kChat;
  } else if (path.ends_with("/embeddings")) {
    call.kind = Call::Kind::kEmbed;
  } else if (path.ends_with("/messages")) {
    if (const auto* codec = provider::FindClientCodec("anthropic")) call.codec = codec;
    call.kind = Call::Kind::kChat;
  } else if (path.ends_with("/models")) {
    call.kind = Call::Kind::kModels;
    const auto* other = path.find("/v1beta") != std::string_view::npos ? provider::FindClientCodec("gemini")
                        : anthropic ? provider::FindClientCodec("anthropic")
                                    : nullptr;
    if (other) call.codec = other;
  }
  return call;
}

KeyPlace WhereKeyIs(chat::Dialect dialect) {
  switch (dialect) {
    case chat::Dialect::kAnthropic:
      return {"x-api-key", ""};
    case chat::Dialect::kGemini:
      return {"x-goog-api-key", ""};
    default:
      return {"authorization", "Bearer "};
  }
}

}  // namespace baton::mock
