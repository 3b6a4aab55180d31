// Shared by the tests of this folder.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "chat/assemble.h"
#include "provider/dialect.h"

namespace baton::provider::test {

// Samples that are not part of the project; tests that need them skip without.
inline std::filesystem::path SharedData(const std::string& below) {
  const char* folder = std::getenv("BATON_SHARED_DATA");
  return std::filesystem::path(folder ? folder : "../shared/data") / below;
}

inline std::string Slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

struct Streamed {
  std::vector<chat::Event> events;
  Status fed, finished;
  chat::Response whole;
};

inline Streamed DecodeStream(const WorkerCodec& codec, std::string_view body, std::size_t slice = 0) {
  Streamed s;
  const auto decoder = codec.NewStreamDecoder();
  if (slice == 0) slice = body.size() + 1;
  for (std::size_t i = 0; i < body.size() && s.fed; i += slice) {
    s.fed = decoder->Feed(body.substr(i, slice), &s.events);
  }
  s.finished = decoder->Finish(&s.events);
  chat::Assembler assembler;
  for (const auto& e : s.events) assembler.Add(e);
  s.whole = assembler.Take();
  return s;
}

inline std::string EncodeStream(const ClientCodec& codec, const std::vector<chat::Event>& events,
                                ReplyShape shape) {
  const auto encoder = codec.NewStreamEncoder(std::move(shape));
  std::string out;
  for (const auto& e : events) encoder->Event(e, &out);
  encoder->Finish(&out);
  return out;
}

// A target that can do everything.
inline Target Able(std::string model) {
  Target t;
  t.model = std::move(model);
  t.can.audio = true;
  return t;
}

}  // namespace baton::provider::test
