// Shared by the codec fuzz targets. The first byte chooses what the rest is taken for.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "chat/assemble.h"
#include "provider/dialect.h"
#include "provider/json_reader.h"

namespace baton::provider {

inline void MustBe(bool fact) {
  if (!fact) std::abort();
}

inline void FuzzRequest(const ClientCodec& client, std::string_view bytes) {
  const auto r = client.DecodeChat(std::string(bytes), "m", false);
  if (!r) {
    MustBe(!r.error().message.empty());
    return;
  }
  for (const auto name : DialectNames()) {
    Target t;
    t.model = "m";
    t.can.audio = true;
    const auto e = FindWorkerCodec(name)->EncodeChat(*r, t);
    if (e) MustBe(IsJsonObject(e->body));
  }
}

inline void FuzzReply(const WorkerCodec& worker, std::string_view bytes) {
  const auto r = worker.DecodeChat(std::string(bytes));
  if (!r) return;
  for (const auto name : DialectNames()) MustBe(IsJsonObject(FindClientCodec(name)->EncodeChat(*r, {})));
}

// Any slicing must give the same; whatever came out must be writable in every dialect.
inline void FuzzStream(const WorkerCodec& worker, std::string_view bytes) {
  const auto decode = [&](std::size_t slice) {
    std::vector<chat::Event> events;
    const auto decoder = worker.NewStreamDecoder();
    Status fed;
    for (std::size_t i = 0; i < bytes.size() && fed; i += slice)
      fed = decoder->Feed(bytes.substr(i, slice), &events);
    if (fed) static_cast<void>(decoder->Finish(&events));
    return events;
  };
  const auto whole = decode(bytes.size() + 1), cut = decode(3);
  MustBe(whole.size() == cut.size());
  chat::Assembler assembler;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    MustBe(whole[i].kind == cut[i].kind && whole[i].text == cut[i].text && whole[i].raw == cut[i].raw);
    assembler.Add(whole[i]);
  }
  static_cast<void>(assembler.Take());
  for (const auto name : DialectNames()) {
    for (const bool passthrough : {false, true}) {
      ReplyShape shape;
      shape.passthrough = shape.injected_usage = passthrough;
      const auto encoder = FindClientCodec(name)->NewStreamEncoder(shape);
      std::string out;
      for (const auto& e : whole) encoder->Event(e, &out);
      encoder->Finish(&out);
    }
  }
}

inline void FuzzCodec(std::string_view dialect, std::string_view input) {
  if (input.empty()) return;
  const std::string_view bytes = input.substr(1);
  const auto& worker = *FindWorkerCodec(dialect);
  const auto& client = *FindClientCodec(dialect);
  switch (input[0] % 5) {
    case 0:
      return FuzzRequest(client, bytes);
    case 1:
      return FuzzReply(worker, bytes);
    case 2:
      return FuzzStream(worker, bytes);
    case 3:
      static_cast<void>(worker.DecodeError(500, "", bytes.substr(0, 16), bytes));
      return;
    default:
      static_cast<void>(worker.DecodeEmbed(std::string(bytes)));
      static_cast<void>(client.DecodeEmbed(std::string(bytes), "m"));
  }
}

}  // namespace baton::provider
