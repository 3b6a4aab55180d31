// What rails have hidden from workers is put back on the way to the client.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>

#include "exchange/exchange.h"
#include "rails/rails.h"

namespace baton::exchange {

// A stream: a mark may be cut by it anywhere, so up to a mark's length of text waits for what follows. The
// worker's bytes are not passed through, for they hold marks.
class Unveil : public Reader {
 public:
  // Both outlive it.
  Unveil(const rails::Veil& veil, Reader& to);
  void OnHeading(const Heading& heading) override;
  void Put(chat::Event event) override;
  Task<Status> Flush() override { return to_.Flush(); }

 private:
  using Key = std::tuple<std::int64_t, chat::Event::Kind, std::int64_t>;  // choice, kind, index
  void Drain(std::int64_t choice);

  const rails::Veil& veil_;
  Reader& to_;
  const bool json_;
  std::map<Key, rails::Unmarker> open_;
};

// A provider may quote in its error what it was sent: keys in it are marks for whoever reads the error.
Error WithoutSecrets(const rails::Classifier& classifier, Error error);
// A whole answer.
void Restore(const rails::Veil& veil, ChatOutcome& out);

}  // namespace baton::exchange
