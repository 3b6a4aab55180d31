#include "net/http.h"

#include "net/ascii.h"

namespace baton::net {

std::string_view FindHeader(const HeaderViews& headers, std::string_view name) {
  for (const HeaderView& h : headers) {
    if (EqualsIgnoreCase(h.name, name)) return h.value;
  }
  return {};
}

}  // namespace baton::net
