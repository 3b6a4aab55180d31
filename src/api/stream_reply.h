// A streamed answer on its way to a client: events in, server-sent events out.
#pragma once

#include <memory>
#include <string>

#include "api/call.h"
#include "provider/dialect.h"

namespace baton::api {

class StreamReply : public exchange::Reader {
 public:
  // `keep` > 0: the reply's bytes are also kept, up to that many, for the idempotency cache.
  StreamReply(Call& call, provider::ReplyShape shape, std::size_t keep)
      : call_(call), shape_(std::move(shape)), keep_(keep) {}

  void OnHeading(const exchange::Heading& heading) override;
  void Put(chat::Event event) override;
  Task<Status> Flush() override;

  // The regular end, after the exchange's record was written: terminator and last chunk.
  Task<void> Finish();
  // The end after part of the answer went out: an in-band error event, then the connection ends regularly.
  Task<void> Fail(const Error& error);

  bool started() const { return encoder_ != nullptr; }
  // The whole reply if it was kept and fitted.
  std::optional<StoredReply> Kept();

 private:
  void Send();

  Call& call_;
  provider::ReplyShape shape_;
  std::unique_ptr<provider::StreamEncoder> encoder_;
  // For what Baton itself adds to a stream that is otherwise passed through (its continuation by another
  // worker).
  std::unique_ptr<provider::StreamEncoder> plain_;
  net::HeaderList headers_;
  std::string out_, worker_id_;
  // The worker's own terminator. A client takes it for the end, so it waits until the record is written.
  std::optional<chat::Event> terminator_;
  std::size_t keep_;
  std::string kept_;
};

}  // namespace baton::api
