#include "audit/event.h"

#include "audit/pack.h"

namespace baton::audit {
namespace {

// At a character, so that what is kept is still text.
std::string_view Cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return text.substr(0, limit);
}

}  // namespace

std::string Encode(const Event& e) {
  Packer p;
  p.Number(e.at_unix_ns);
  p.Text(Cut(e.actor, kMaxActor));
  p.Text(Cut(e.action, kMaxAction));
  p.Text(Cut(e.target, kMaxTarget));
  p.Text(Cut(e.detail, kMaxDetail));
  return p.Take();
}

Result<Event> DecodeEvent(std::string_view bytes) {
  Unpacker u(bytes);
  Event e;
  e.at_unix_ns = u.Number();
  e.actor = u.Text();
  e.action = u.Text();
  e.target = u.Text();
  e.detail = u.Text();
  if (u.Ended()) return e;
  return Fail(Code::kInvalidRequest, "the bytes are not an audit event", "record_malformed");
}

}  // namespace baton::audit
