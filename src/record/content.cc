#include "record/content.h"

#include "audit/pack.h"

namespace baton::record {
namespace {

Error Malformed(const char* what) {
  return Fail(Code::kInvalidRequest, what, "record_malformed");
}

}  // namespace

std::string Encode(const Content& c) {
  audit::Packer p;
  p.Number(c.exchange);
  p.Text(c.tenant);
  p.Number(static_cast<std::int64_t>(c.form));
  p.Text(c.data);
  return p.Take();
}

Result<Content> DecodeContent(std::string_view bytes) {
  audit::Unpacker u(bytes);
  Content c;
  c.exchange = u.Number();
  c.tenant = u.Text();
  c.form = static_cast<ContentForm>(u.Number());
  c.data = u.Text();
  if (u.Ended() && (c.form == ContentForm::kPlain || c.form == ContentForm::kSealed)) return c;
  return Malformed("the bytes are no content");
}

std::string Encode(const Erasure& e) {
  audit::Packer p;
  p.Text(e.tenant);
  p.Number(e.exchange);
  p.Text(e.by);
  p.Number(e.at_unix_ns);
  return p.Take();
}

Result<Erasure> DecodeErasure(std::string_view bytes) {
  audit::Unpacker u(bytes);
  Erasure e;
  e.tenant = u.Text();
  e.exchange = u.Number();
  e.by = u.Text();
  e.at_unix_ns = u.Number();
  if (u.Ended()) return e;
  return Malformed("the bytes are no erasure");
}

}  // namespace baton::record
