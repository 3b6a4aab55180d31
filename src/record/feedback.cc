#include "record/feedback.h"

#include "audit/digest.h"
#include "audit/pack.h"

namespace baton::record {

std::string Encode(const Feedback& f) {
  audit::Packer p;
  p.Number(f.exchange);
  for (const std::string* text : {&f.name, &f.tenant, &f.by, &f.source, &f.label})
    p.Text(std::string_view(*text).substr(0, 256));
  p.Number(f.score_millionths);
  p.Number(f.at_unix_ns);
  return p.Take();
}

Result<Feedback> DecodeFeedback(std::string_view bytes) {
  audit::Unpacker u(bytes);
  Feedback f;
  f.exchange = u.Number();
  for (std::string* text : {&f.name, &f.tenant, &f.by, &f.source, &f.label}) *text = u.Text();
  f.score_millionths = u.Number();
  f.at_unix_ns = u.Number();
  if (u.Ended()) return f;
  return Fail(Code::kInvalidRequest, "the bytes are no feedback", "record_malformed");
}

std::string FeedbackId(const Feedback& f) {
  audit::Packer p;
  p.Number(f.exchange);
  p.Text(f.name);
  return "fb_" + audit::Hex(audit::Hasher().Add(p.Take()).Finish()).substr(0, 16);
}

}  // namespace baton::record
