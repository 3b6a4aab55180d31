#include "api/stream_reply.h"

namespace baton::api {

void StreamReply::OnHeading(const exchange::Heading& heading) {
  shape_.id = "chatcmpl-" + FormatExchangeId(heading.id);
  shape_.passthrough = heading.passthrough;
  shape_.injected_usage = heading.injected_usage;
  encoder_ = provider::FindClientCodec("openai")->NewStreamEncoder(shape_);
  headers_ = call_.Headers("text/event-stream; charset=utf-8");
  headers_.emplace_back("cache-control", "no-cache");
  AddHeading(heading, headers_);
  call_.status = 200;
  call_.reply.Start(200, headers_);
}

void StreamReply::Put(chat::Event event) {
  if (event.kind == chat::Event::Kind::kPassthrough && event.raw.find("[DONE]") != std::string::npos) {
    terminator_ = std::move(event);
    return;
  }
  if (event.made && shape_.passthrough) {
    if (!plain_) {
      provider::ReplyShape shape = shape_;
      shape.passthrough = false;
      if (!worker_id_.empty()) shape.id = worker_id_;
      plain_ = provider::FindClientCodec("openai")->NewStreamEncoder(shape);
    }
    plain_->Event(event, &out_);
    return;
  }
  if (event.kind == chat::Event::Kind::kStart && worker_id_.empty()) worker_id_ = event.id;
  encoder_->Event(event, &out_);
}

void StreamReply::Send() {
  if (keep_ > 0) {
    if (kept_.size() + out_.size() <= keep_)
      kept_ += out_;
    else
      keep_ = 0;
  }
  call_.reply.Write(out_);
  out_.clear();
}

Task<Status> StreamReply::Flush() {
  if (out_.empty()) co_return Status();
  Send();
  co_return co_await call_.reply.Flush();
}

Task<void> StreamReply::Finish() {
  if (plain_) {
    plain_->Finish(&out_);
  } else {
    if (terminator_) encoder_->Event(*terminator_, &out_);
    encoder_->Finish(&out_);
  }
  Send();
  (void)co_await call_.reply.Finish();
}

Task<void> StreamReply::Fail(const Error& error) {
  keep_ = 0;
  out_ += "data: " + ErrorBody(error) + "\n\n";
  Send();
  (void)co_await call_.reply.Finish();
}

std::optional<StoredReply> StreamReply::Kept() {
  if (keep_ == 0) return std::nullopt;
  return StoredReply{200, headers_, std::move(kept_)};
}

}  // namespace baton::api
